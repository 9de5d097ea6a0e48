// JSON is read like TOML: number kinds kept apart, every key with its line, every mistake with its place.
import { describe, expect, test } from 'bun:test';
import { parseJson } from '#platform/json-document';

const parsed = (text: string) => {
  const result = parseJson(text);
  if (!result.ok) throw new Error(result.problem.message);
  return result;
};

test('whole numbers are bigint, others are not', () => {
  expect(parsed('[1, 1.5, -2, "3", null, true, {"a": 4}]').document).toEqual([
    1n,
    1.5,
    -2n,
    '3',
    null,
    true,
    { a: 4n },
  ]);
});

test('keys of every object are plain members, whatever they are called', () => {
  const { document } = parsed('{"__proto__": 1, "constructor": 2}');
  expect(Object.entries(document as object)).toEqual([
    ['__proto__', 1n],
    ['constructor', 2n],
  ]);
});

test('comments and last commas do no harm', () => {
  expect(parsed('// x\n{"a": [1, /* [[[ */ 2,],}').document).toEqual({ a: [1n, 2n] });
});

describe('the line of a key', () => {
  const { locate } = parsed('{\n "a": 1,\n "b": [\n  {\n   "c":\n    2\n  }\n ]\n}');
  test.each([
    [['a'], 2],
    [['b'], 3],
    [['b', 0], 4],
    [['b', 0, 'c'], 5],
    [['b', 0, 'missing'], 4],
    [['b', 7], 3],
    [[], undefined],
    [['missing'], undefined],
  ] as const)('%j is %p', (path, line) => {
    expect(locate(path)).toBe(line as number);
  });
});

describe('a text that is no JSON', () => {
  test.each([
    ['', 1, 1, 'JSON: value expected'],
    ['{"a": }', 1, 7, 'JSON: value expected'],
    ['{\n  "a" 1\n}', 2, 7, 'JSON: colon expected'],
    ['[1\n', 2, 1, 'JSON: close bracket expected'],
    ['{"a": 1,\n "b": [{"c": 1, "c": 2}]}', 2, 17, 'JSON: key "c" is written twice'],
  ])('%j', (text, line, column, message) => {
    const result = parseJson(text);
    expect(result.ok ? undefined : result.problem).toMatchObject({ line, column, message });
  });

  test('never has its words quoted', () => {
    const result = parseJson('{"key": s3cret}');
    expect(JSON.stringify(result)).not.toContain('s3cret');
  });

  test('nested too deep is refused before it is parsed', () => {
    const result = parseJson(`${'['.repeat(100_000)}`);
    expect(result.ok ? undefined : result.problem).toMatchObject({
      line: 1,
      column: 65,
      message: 'JSON: nested more than 64 levels deep',
    });
  });
  test('brackets in texts are no nesting', () => {
    expect(parseJson(`"${'['.repeat(1000)}"`).ok).toBe(true);
  });
});
