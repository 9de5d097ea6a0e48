/** Words become typed flags and arguments, or a mistake that says what to do. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { command } from '#cli/command';
import { parseWords } from '#cli/parse';

const verb = command({
  flags: {
    config: { kind: 'text', value: 'PATH', help: 'A file' },
    host: { kind: 'text', value: 'HOST', help: 'An address', default: '127.0.0.1' },
    port: { kind: 'integer', value: 'PORT', min: 0, max: 65_535, default: 8000, help: 'A port' },
    level: { kind: 'choice', value: 'LEVEL', choices: ['debug', 'info', 'warn'], help: 'A level' },
    demo: { kind: 'switch', help: 'A switch' },
  },
  args: { id: { help: 'An id' } },
  run: () => 0,
});

const STANDARD = { config: undefined, host: '127.0.0.1', port: 8000, level: undefined, demo: false };

describe('flags', () => {
  const cases: readonly (readonly [words: string, flags: object])[] = [
    ['x', {}],
    ['x --port 9000', { port: 9000 }],
    ['--port=9000 x', { port: 9000 }],
    ['--demo x', { demo: true }],
    ['x --level warn --config=a=b', { level: 'warn', config: 'a=b' }],
    ['x --port 1 --port 2', { port: 2 }],
  ];
  for (const [words, flags] of cases) {
    test(`${words} is understood`, () => {
      const input = { flags: { ...STANDARD, ...flags }, args: { id: 'x' } };
      expect(parseWords(verb, words.split(' '))).toEqual({ kind: 'input', input });
    });
  }

  test('a bare -- makes the rest arguments, whatever they look like', () => {
    expect(parseWords(verb, ['--demo', '--', '--port'])).toEqual({
      kind: 'input',
      input: { flags: { ...STANDARD, demo: true }, args: { id: '--port' } },
    });
  });
});

describe('mistakes', () => {
  const cases: readonly (readonly [words: readonly string[], message: string])[] = [
    [[], 'missing argument ID: An id'],
    [['x', 'y'], 'unexpected argument "y"'],
    [['x', '--prot', '1'], 'unknown flag --prot — did you mean --port?'],
    [['x', '--zzzzzzz=secret'], 'unknown flag --zzzzzzz'],
    [['x', '-p', '1'], 'unknown flag -p'],
    [['x', '--port'], '--port needs a value: a whole number from 0 to 65535'],
    [['x', '--port', '--demo'], '--port needs a value: a whole number from 0 to 65535'],
    [['x', '--config='], '--config needs a value: PATH'],
    [['x', '--port', '65536'], '--port must be a whole number from 0 to 65535, not "65536"'],
    [['x', '--port', '8e3'], '--port must be a whole number from 0 to 65535, not "8e3"'],
    [['x', '--port=-1'], '--port must be a whole number from 0 to 65535, not "-1"'],
    [['x', '--level', 'wran'], '--level must be one of debug, info, warn, not "wran" — did you mean warn?'],
    [['x', '--demo=yes'], '--demo takes no value'],
    [['x', '--toString'], 'unknown flag --toString'],
  ];
  for (const [words, message] of cases) {
    test(`[${words.join(' ')}] is refused: ${message}`, () => {
      expect(parseWords(verb, words)).toEqual({ kind: 'mistake', message });
    });
  }
});

describe('an argument that takes many', () => {
  const many = command({
    flags: { demo: { kind: 'switch', help: 'A switch' } },
    args: { id: { help: 'An id' }, names: { help: 'Names', many: true } },
    run: () => 0,
  });
  const cases: readonly (readonly [words: readonly string[], names: readonly string[], demo: boolean])[] = [
    [['x'], [], false],
    [['x', 'a'], ['a'], false],
    [['x', 'a', '--demo', 'b'], ['a', 'b'], true],
    [['--demo', 'x', 'a', '--', '--b'], ['a', '--b'], true],
  ];
  for (const [words, names, demo] of cases) {
    test(`takes ${names.length} of [${words.join(' ')}]`, () => {
      const input = { flags: { demo }, args: { id: 'x', names } };
      expect(parseWords(many, words)).toEqual({ kind: 'input', input });
    });
  }

  test('is no excuse for those before it, nor for an empty word', () => {
    expect(parseWords(many, [])).toEqual({ kind: 'mistake', message: 'missing argument ID: An id' });
    expect(parseWords(many, ['x', 'a', ''])).toEqual({ kind: 'mistake', message: 'missing argument NAMES: Names' });
  });
});

describe('any words at all', () => {
  const word = fc.oneof(
    fc.constantFrom('--port', '--config', '--demo', '--level', '--help', '-h', '--', '-', 'x', '--port=1', '--no-demo'),
    fc.string({ maxLength: 8 }),
  );

  test('never throw, and only declared names come out', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        const parsed = parseWords(verb, words);
        if (parsed.kind !== 'input') return;
        expect(Object.keys(parsed.input.flags).sort()).toEqual(Object.keys(verb.flags).sort());
        expect(Number.isInteger(parsed.input.flags.port)).toBe(true);
        expect(typeof parsed.input.flags.demo).toBe('boolean');
      }),
    );
  });

  test('ask for help wherever --help stands before a bare --', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), fc.array(word, { maxLength: 5 }), (before, after) => {
        fc.pre(!before.includes('--'));
        expect(parseWords(verb, [...before, '--help', ...after])).toEqual({ kind: 'help' });
      }),
    );
  });
});
