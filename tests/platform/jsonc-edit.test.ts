/** Another program's JSON gets what is meant, and everything else in it stays as it was. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parse } from 'jsonc-parser';
import type { Edit, EditResult } from '#platform/document-edit';
import { editJsonc } from '#platform/jsonc-edit';

const set = (path: readonly string[], value: string | number): Edit => ({ kind: 'set', path, value });
const textOf = (result: EditResult): string => {
  if (!result.ok) throw new Error(result.problem);
  return result.text;
};

describe('a new value', () => {
  const cases: readonly (readonly [what: string, before: string, after: string])[] = [
    ['makes an object of an empty text', '', '{\n  "a": {\n    "b": 1\n  }\n}\n'],
    ['opens an empty object', '{}\n', '{\n  "a": {\n    "b": 1\n  }\n}\n'],
    ['stays on the line of a one-line object', '{ "x": 2 }', '{ "x": 2, "a": {"b":1} }'],
    ['goes behind the last entry', '{\n  "x": 2\n}\n', '{\n  "x": 2,\n  "a": {\n    "b": 1\n  }\n}\n'],
    [
      'leaves a comment with its line, and keeps the comma at the end',
      '{\n\t// first\n\t"x": 2, // two\n\t// last\n}\n',
      '{\n\t// first\n\t"x": 2, // two\n\t"a": {\n\t\t"b": 1\n\t},\n\t// last\n}\n',
    ],
    [
      'does not take a comma in a comment for one',
      '{\n  "x": 2 // a, b\n}\n',
      '{\n  "x": 2, // a, b\n  "a": {\n    "b": 1\n  }\n}\n',
    ],
    ['goes into the object that is there', '{"a":{"c":3}}', '{"a":{"c":3, "b": 1}}'],
    ['replaces only the old value', '{"a": {"b": [1, 2] /* why */}}', '{"a": {"b": 1 /* why */}}'],
    [
      'keeps line ends of Windows',
      '{\r\n  "x": 2\r\n}\r\n',
      '{\r\n  "x": 2,\r\n  "a": {\r\n    "b": 1\r\n  }\r\n}\r\n',
    ],
  ];
  for (const [what, before, after] of cases) {
    test(what, () => {
      expect(textOf(editJsonc(before, [set(['a', 'b'], 1)]))).toBe(after);
    });
  }
});

describe('a default', () => {
  const model: Edit = { kind: 'default', path: ['model'], value: 'planning' };

  test('gives way to what is there, and says so', () => {
    expect(editJsonc('{"model":"mine"}', [model])).toEqual({ ok: true, text: '{"model":"mine"}', kept: ['model'] });
  });

  test('is silent where the file says the same', () => {
    expect(editJsonc('{"model":"planning"}', [model])).toMatchObject({ kept: [] });
  });

  test('gives way to another key that overrules it', () => {
    const edit: Edit = { ...model, unless: ['provider'] };
    expect(editJsonc('{"provider":"mine"}', [edit])).toEqual({
      ok: true,
      text: '{"provider":"mine"}',
      kept: ['model'],
    });
  });
});

describe('a list', () => {
  const edit: Edit = {
    kind: 'upsert',
    path: ['models'],
    by: ['id'],
    values: [
      { id: 'a', size: 2 },
      { id: 'c', size: 3 },
    ],
  };

  test('gets the entries it lacks, and those it has anew', () => {
    const text = textOf(editJsonc('{"models":[{"id":"a","size":1},{"id":"b"}]}', [edit]));
    expect(parse(text)).toEqual({ models: [{ id: 'a', size: 2 }, { id: 'b' }, { id: 'c', size: 3 }] });
  });

  test('is made where there is none', () => {
    expect(parse(textOf(editJsonc('{}', [edit])))).toEqual({ models: edit.kind === 'upsert' ? [...edit.values] : [] });
  });
});

describe('what cannot be edited is refused with its place', () => {
  const cases: readonly (readonly [text: string, problem: RegExp])[] = [
    ['{"a": 1', /^not JSON: close brace expected at line 1, column \d+$/],
    ["{a: 'json5'}", /^not JSON: .* at line 1, column 2$/],
    ['[1]', /^not a JSON object$/],
    ['{"a": "text"}', /^a is no object there$/],
  ];
  for (const [text, problem] of cases) {
    test(text, () => {
      const result = editJsonc(text, [set(['a', 'b'], 1)]);
      expect(result.ok ? '' : result.problem).toMatch(problem);
    });
  }

  test('and never quoted', () => {
    const result = editJsonc('{"apiKey": sk-very-secret}', [set(['a'], 1)]);
    expect(JSON.stringify(result)).not.toContain('secret');
  });
});

test('whatever the file says, it says the rest afterwards, and a second time changes nothing', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'deep key', 'é"\\');
  const { tree } = fc.letrec<{ tree: unknown; value: unknown }>((tie) => ({
    tree: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.integer(),
      fc.constant(null),
      tie('tree'),
      fc.array(fc.integer(), { maxLength: 3 }),
    ),
  }));
  fc.assert(
    fc.property(
      tree,
      fc.constantFrom(0, 2, '\t'),
      fc.array(key, { minLength: 1, maxLength: 3 }),
      fc.integer(),
      (before, indent, path, value) => {
        const commented = JSON.stringify(before, null, indent)
          .split('\n')
          .map((line, index) => (indent === 0 ? line : `${line} // note ${index}`))
          .join('\n');
        const result = editJsonc(commented, [set(path, value)]);
        if (!result.ok) return expect(result.problem).toMatch(/is no object there$/);
        const expected = structuredClone(before) as Record<string, unknown>;
        let at = expected;
        for (const name of path.slice(0, -1)) {
          at[name] ??= {};
          at = at[name] as Record<string, unknown>;
        }
        at[path.at(-1) ?? ''] = value;
        expect(parse(result.text)).toEqual(expected);
        expect(editJsonc(result.text, [set(path, value)])).toMatchObject({ ok: true, text: result.text });
      },
    ),
    { numRuns: 300 },
  );
});
