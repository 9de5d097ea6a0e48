/** Does the streaming validator agree with JSON.parse, no matter how the text is cut, and never later? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { cut } from '#tests/verifiers/support';
import { JSON_DEPTH_MAX, type JsonFault, JsonPrefix } from '#verifiers/json-prefix';

const read = (text: string, sizes: readonly number[] = []): { json: JsonPrefix; fault: JsonFault | undefined } => {
  const json = new JsonPrefix();
  for (const piece of cut(text, sizes)) {
    const fault = json.push(piece);
    if (fault !== undefined) return { json, fault };
  }
  return { json, fault: undefined };
};

const accepts = (text: string, sizes: readonly number[] = []): boolean => {
  const { json, fault } = read(text, sizes);
  return fault === undefined && json.end() === undefined;
};

const everyNumberFinite = (value: unknown): boolean => {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(everyNumberFinite);
};

const strictlyParses = (text: string): boolean => {
  try {
    return everyNumberFinite(JSON.parse(text));
  } catch {
    return false;
  }
};

const documents = fc.json({ maxDepth: 4 });
const pretty = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value, null, 2));
const numbers = fc.stringMatching(/^-?[0-9]{1,3}(\.[0-9]{0,3})?([eE][+-]?[0-9]{0,3})?$/);
const texts = fc.oneof(documents, pretty, numbers);
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
const soup = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'u',
      '0',
      '1',
      '-',
      '.',
      'e',
      '+',
      'true',
      'null',
      ' ',
      '\n',
      'a',
    ),
  )
  .map((pieces) => pieces.join(''));

/** Ways to end an unfinished document: finish the token, supply what the bracket still needs, close the brackets. */
const completions = (prefix: string): string[] => {
  const brackets: string[] = [];
  let quoted = false;
  for (const [unit] of prefix.matchAll(/\\.|[^\\]|\\$/gs)) {
    if (unit === '"') quoted = !quoted;
    else if (!quoted && unit === '{') brackets.unshift('}');
    else if (!quoted && unit === '[') brackets.unshift(']');
    else if (!quoted && (unit === '}' || unit === ']')) brackets.shift();
  }
  const tokens = quoted
    ? ['"', 'n"', '0000"', '000"', '00"', '0"']
    : ['', '0', 'rue', 'ue', 'e', 'alse', 'lse', 'se', 'ull', 'll', 'l'];
  const fixes = ['', '0', ':0', '"":0'];
  return tokens.flatMap((token) => fixes.map((fix) => prefix + token + fix + brackets.join('')));
};

describe('agreement with JSON.parse', () => {
  test('every document is accepted at every split, and so is each of its prefixes', () => {
    fc.assert(
      fc.property(fc.oneof(documents, pretty), sizes, (text, cuts) => {
        expect(accepts(text, cuts)).toBe(true);
        for (let end = 0; end <= text.length; end += 1) expect(read(text.slice(0, end), cuts).fault).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test('any text is accepted as a whole exactly when JSON.parse accepts it with finite numbers', () => {
    fc.assert(
      fc.property(fc.oneof(texts, soup), sizes, (text, cuts) => {
        expect(accepts(text, cuts)).toBe(strictlyParses(text));
      }),
      { numRuns: 5000 },
    );
  });

  test('a document with one character changed is refused no later than JSON.parse refuses it', () => {
    const mutations = fc.record({
      text: documents,
      at: fc.nat(),
      put: fc.constantFrom('', '"', '\\', ',', ':', '}', ']', '0', 'x', '\n', '\u0000', '\u{1f600}'),
    });
    fc.assert(
      fc.property(mutations, sizes, ({ text, at, put }, cuts) => {
        const index = at % text.length;
        const mutant = text.slice(0, index) + put + text.slice(index + 1);
        expect(accepts(mutant, cuts)).toBe(strictlyParses(mutant));
      }),
      { numRuns: 3000 },
    );
  });

  test('a prefix without a fault can be completed to a document that JSON.parse accepts', () => {
    const shallow = fc.json({ maxDepth: 3 });
    fc.assert(
      fc.property(shallow, fc.nat(), fc.constantFrom('', ',', ':', '"', '}', '[', '-', '1'), (text, at, put) => {
        const prefix = text.slice(0, at % (text.length + 1)) + put;
        fc.pre(read(prefix).fault === undefined && prefix.trim() !== '');
        // That a number grows out of range is only known where it ends.
        fc.pre(!/e\+?\d{3,}$/i.test(prefix));
        expect(completions(prefix).some(strictlyParses)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('where and why a text fails', () => {
  const cases: readonly [text: string, kind: JsonFault['kind'], position: number][] = [
    ['nul!', 'unexpected', 3],
    ['{"a":tRue}', 'unexpected', 6],
    ['{,', 'unexpected', 1],
    ['[1,]', 'unexpected', 3],
    ['[1}', 'unexpected', 2],
    ['"\\u12g4"', 'unexpected', 5],
    ['"\\v"', 'unexpected', 2],
    ['"line\nbreak"', 'unexpected', 5],
    ['"\u001f"', 'unexpected', 1],
    ['"\\u123"', 'unexpected', 6],
    ['-', 'incomplete', 1],
    ['-a', 'unexpected', 1],
    ['1.e5 ', 'unexpected', 2],
    ['1e+ ', 'unexpected', 3],
    ['00', 'trailing', 1],
    ['[00]', 'unexpected', 2],
    ['{} {', 'trailing', 3],
    ['1 2', 'trailing', 2],
    ['1e999,', 'number-range', 5],
    [`[${'9'.repeat(400)}]`, 'number-range', 401],
    ['', 'incomplete', 0],
    ['{"a":1', 'incomplete', 6],
  ];
  test.each(cases)('%p: %s after %d characters, at every split', (text, kind, position) => {
    for (const size of [1, 2, 3, 1000]) {
      const { json, fault } = read(text, [size]);
      expect(fault ?? json.end()).toEqual({ kind, position });
    }
  });

  test('a fault stays the same once found', () => {
    const { json, fault } = read('[1}');
    expect(json.push('"fine"')).toBe(fault);
    expect(json.end()).toBe(fault);
    expect(json.complete).toBe(false);
  });

  test(`nesting is allowed to ${JSON_DEPTH_MAX} levels and no deeper`, () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(accepts(nested(JSON_DEPTH_MAX))).toBe(true);
    expect(read(nested(JSON_DEPTH_MAX + 1)).fault).toEqual({ kind: 'too-deep', position: JSON_DEPTH_MAX });
  });

  test('a number longer than the limit is not measured, whatever its size', () => {
    expect(accepts(`0.${'0'.repeat(5000)}1e3`, [7])).toBe(true);
    expect(accepts('9'.repeat(5000), [7])).toBe(true);
  });

  test('numbers at the edge of a double are told apart', () => {
    expect(accepts('1.7976931348623157e308', [3])).toBe(true);
    expect(accepts('1.7976931348623159e308', [3])).toBe(false);
    expect(accepts('9'.repeat(308), [3])).toBe(true);
    expect(accepts('9'.repeat(309), [3])).toBe(false);
    expect(accepts(`1${'0'.repeat(308)}`, [3])).toBe(true);
    expect(accepts('0e99999', [3])).toBe(true);
    expect(accepts('1e-99999', [3])).toBe(true);
  });
});

test('inside a token is told from between tokens', () => {
  const inside = ['"', '"a', '"\\', '"\\u0', 'tru', '-', '1.', '1e', '{"a', '{"a":"b'];
  const between = ['', ' ', '{', '{"a"', '{"a":', '{"a":1', '[1,', '[', '12', '1.5', '{"a":"b"', '{}'];
  for (const text of inside) expect([text, read(text).json.insideToken]).toEqual([text, true]);
  for (const text of between) expect([text, read(text).json.insideToken]).toEqual([text, false]);
});
