// Whatever becomes of a registry's text, it is read or refused: nothing is thrown, and each problem says where and what to do.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatProblems } from '#config/problem';
import { loadRegistry } from '#ops/load-registry';
import { simulatedEffects } from '#tests/support/effects';

const TOML = await Bun.file(new URL('../../configs/multiplexer.example.toml', import.meta.url)).text();
const ROWS = [
  { name: 'a', engine: 'sglang', model_path: '/m/a', est_weight_gb: 18, gpu: 1, port: 3, args: '--x 1', volume: 'v' },
  {
    name: 'b',
    engine: 'vllm',
    model_path: '/m/b',
    est_weight_gb: 13.5,
    gpu: 0,
    port: 4,
    args: ['-y'],
    host_path: '/d',
  },
];

const JUNK = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '\\',
    '\n',
    '=',
    '#',
    '//',
    '/*',
    ',',
    ':',
    '\r',
    '\t',
    '"""',
    '\0',
    '\x7f',
    '\x1b[2J',
  ],
  ...[
    '\ufeff',
    '\u202e',
    '\ud800',
    '🦙',
    '__proto__',
    '"__proto__": 1,',
    '"port": 1,',
    'port = 1',
    '[[models]]',
    '[gpus]',
  ],
  ...[
    '1e999',
    '-1',
    '9'.repeat(40),
    'nan',
    'null',
    'true',
    '1979-05-27',
    '"\\u0000"',
    '[[[["a"]]]]',
    '{"a":'.repeat(70),
  ],
];

interface Mutation {
  readonly kind: 'insert' | 'delete' | 'cut' | 'copy' | 'line' | 'value';
  /** Where, and how much, as parts of the whole. */
  readonly at: number;
  readonly size: number;
  readonly junk: string;
}

const part = fc.double({ min: 0, max: 1, noNaN: true });
const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'cut', 'copy', 'line', 'value'),
  at: part,
  size: part,
  junk: fc.constantFrom(...JUNK),
});

const mutated = (text: string, { kind, at, size, junk }: Mutation): string => {
  const place = Math.floor(at * text.length);
  const lines = text.split('\n');
  const line = Math.min(lines.length - 1, Math.floor(at * lines.length));
  switch (kind) {
    case 'insert':
      return text.slice(0, place) + junk + text.slice(place);
    case 'delete':
      return text.slice(0, place) + text.slice(place + Math.floor(size * 30));
    case 'cut':
      return text.slice(0, place);
    case 'copy':
      return text.slice(0, place) + text.slice(Math.floor(size * text.length)).slice(0, 80) + text.slice(place);
    case 'line':
      return lines.toSpliced(line, 0, lines[Math.floor(size * (lines.length - 1))] ?? '').join('\n');
    case 'value':
      return lines
        .with(
          line,
          (lines[line] ?? '').replace(/([=:]\s*)[^,]*/, (_whole, head) => `${head}${junk}`),
        )
        .join('\n');
  }
};

const CASES = [
  ['TOML', '/r.toml', TOML],
  ['JSON as v0.9 wrote it', '/r.json', JSON.stringify(ROWS, undefined, 1)],
] as const;

test.each(CASES)(
  'a damaged registry in %s is read, or refused with key, line and remedy',
  async (_kind, path, text) => {
    const counts = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        const damaged = mutations.reduce(mutated, text);
        const result = await loadRegistry(path, simulatedEffects({ env: {}, files: { [path]: damaged } }));
        if (result.ok) {
          counts.read++;
          expect(result.registry.models.length).toBeGreaterThan(0);
          return;
        }
        counts.refused++;
        for (const { file, line, key, message, remedy } of result.problems) {
          expect([file, message !== '', remedy !== '']).toEqual([path, true, true]);
          // What the text does not have has no line: a registry without models.
          if (message !== 'no models') expect(line).toBeGreaterThan(0);
          expect(key.length).toBeLessThan(1_000);
        }
        // Two lines for each, and nothing that a terminal would act on.
        expect(formatProblems(result.problems).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 1_000, seed: 55 },
    );
    expect(Math.min(counts.read, counts.refused)).toBeGreaterThan(50);
  },
);
