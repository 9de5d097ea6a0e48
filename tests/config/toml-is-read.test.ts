/** Does reading TOML keep the kinds of numbers, and does a text that is none say where it breaks? */
import { describe, expect, test } from 'bun:test';
import { parseToml } from '#platform/toml';

const documentOf = (text: string): unknown => {
  const result = parseToml(text);
  if (!result.ok) throw new Error(result.problem.message);
  return JSON.parse(
    JSON.stringify(result.document, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)),
  );
};

test('integers and floats stay apart', () => {
  expect(documentOf('a = 90\nb = 90.5\nc = 0x10\nd = 1_000\ne = 1e3')).toEqual({
    a: '90n',
    b: 90.5,
    c: '16n',
    d: '1000n',
    e: 1000,
  });
});

describe('a text that is no TOML', () => {
  test.each([
    ['an open string', '[a]\nb = "x', 2, 5, /quote/],
    ['a repeated key', '[a]\nb = 1\nb = 2', 3, 1, /once/],
    ['a repeated table', '[a]\n[b]\n[a]', 3, 2, /once/],
    ['an open list', 'a = 1\nb = [1,\n2', 3, 2, /closed/],
    ['a bare word', 'a = yes', 1, 5, /quote text/],
    ['a key without a value', 'router', 1, 1, /key = value/],
    ['two keys on a line', 'a = 1 b = 2', 1, 7, /one per line/],
  ])('says where: %s', (_what, text, line, column, remedy) => {
    const result = parseToml(text);
    expect(result).toMatchObject({ ok: false, problem: { line, column } });
    if (!result.ok) expect(result.problem.remedy).toMatch(remedy);
  });

  test('is not quoted in the message: the line may hold a secret', () => {
    const result = parseToml('key = "hunter2');
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  test('is a problem even when nested without end', () => {
    expect(parseToml(`a = ${'['.repeat(100_000)}`)).toMatchObject({ ok: false, problem: { line: 1 } });
  });
});
