/** Another program's TOML gets what is meant, line by line, or is refused as a whole. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { stringify } from 'smol-toml';
import type { Edit, EditResult } from '#platform/document-edit';
import { parseToml } from '#platform/toml';
import { editToml } from '#platform/toml-edit';

const EDITS: readonly Edit[] = [
  { kind: 'set', path: ['model'], value: 'planning' },
  { kind: 'set', path: ['providers', 'anvil'], value: { url: 'http://x/v1', tokens: 5 } },
];
const textOf = (result: EditResult): string => {
  if (!result.ok) throw new Error(result.problem);
  return result.text;
};

describe('keys and tables', () => {
  const cases: readonly (readonly [what: string, before: string, after: string])[] = [
    ['make a file', '', 'model = "planning"\n\n[providers.anvil]\nurl = "http://x/v1"\ntokens = 5\n'],
    [
      'go before the first table, comments staying where they were',
      '# mine\n\n# about tools\n[tools]\nsearch = true # yes\n',
      '# mine\nmodel = "planning"\n\n# about tools\n[tools]\nsearch = true # yes\n\n[providers.anvil]\nurl = "http://x/v1"\ntokens = 5\n',
    ],
    [
      'replace values and keep the comments behind them',
      'model = "old" # chosen\n[providers.anvil]\nurl = "http://old"\nretries = 3\n\n# next\n[z]\n',
      'model = "planning" # chosen\n[providers.anvil]\nurl = "http://x/v1"\nretries = 3\ntokens = 5\n\n# next\n[z]\n',
    ],
    [
      'find a header in quotes',
      'model = "planning"\n[ providers . "anvil" ]\ntokens = 5\n',
      'model = "planning"\n[ providers . "anvil" ]\ntokens = 5\nurl = "http://x/v1"\n',
    ],
  ];
  for (const [what, before, after] of cases) {
    test(what, () => {
      const text = textOf(editToml(before, EDITS));
      expect(text).toBe(after);
      expect(textOf(editToml(text, EDITS))).toBe(text);
    });
  }
});

test('a file that says it already keeps every byte', () => {
  const text = 'providers = { anvil = { url = "http://x/v1", tokens = 5 } }\r\nmodel = "planning"';
  expect(textOf(editToml(text, EDITS))).toBe(text);
});

describe('a form that lines cannot express is refused', () => {
  const cases = [
    'providers = { anvil = { url = "old" } }\n',
    'providers.anvil.url = "old"\n',
    'text = """\n[providers.anvil]\n"""\n[providers]\nanvil = "no table"\n',
  ];
  for (const text of cases) {
    test(JSON.stringify(text), () => {
      const result = editToml(text, EDITS);
      expect(result.ok ? result.text : result.problem).toContain('cannot be edited line by line');
    });
  }

  test('and so is what is no TOML, with its place but without its text', () => {
    const result = editToml('a = 1\nkey = sk-secret!\n', EDITS);
    expect(result.ok ? '' : result.problem).toMatch(/^not TOML: .* at line 2, column \d+$/);
    expect(JSON.stringify(result)).not.toContain('secret');
  });
});

test('whatever tables a file has, the result says all of it and ours', () => {
  const key = fc.constantFrom('a', 'b', 'model', 'providers', 'anvil', 'spaced key');
  const scalar = fc.oneof(fc.string(), fc.integer({ min: -1000, max: 1000 }), fc.boolean());
  const table = fc.dictionary(key, fc.oneof(scalar, fc.dictionary(key, scalar, { maxKeys: 3 })), { maxKeys: 4 });
  fc.assert(
    fc.property(table, (document) => {
      const before = stringify(document);
      const result = editToml(before, EDITS);
      if (!result.ok) return expect(result.problem).toContain('cannot be edited');
      const plain = (text: string): unknown => {
        const parsed = parseToml(text);
        return parsed.ok
          ? JSON.parse(JSON.stringify(parsed.document, (_key, one) => (typeof one === 'bigint' ? Number(one) : one)))
          : parsed.problem;
      };
      const expected = plain(before) as Record<string, unknown>;
      const providers = expected.providers as Record<string, unknown> | undefined;
      expected.model = 'planning';
      expected.providers = {
        ...providers,
        anvil: { ...(providers?.anvil as object | undefined), url: 'http://x/v1', tokens: 5 },
      };
      expect(plain(result.text)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
