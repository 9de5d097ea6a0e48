/** Does a change deep inside a JSON text leave every other byte, and agree with the same change of the value? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { JsonObject } from '#core/message';
import { editJson, type JsonEdit, spliceJson } from '#core/prefix-splice';

describe('one edit', () => {
  const cases: readonly (readonly [title: string, text: string, edit: JsonEdit, expected: string])[] = [
    [
      'text between escapes keeps their spelling',
      '{"a":[{"b":"\\u00e9\\n\\"day 21\\" \\u00e9/\\/"}]}',
      { kind: 'text', path: ['a', 0, 'b'], from: 7, to: 9, insert: '"x"\n' },
      '{"a":[{"b":"\\u00e9\\n\\"day \\"x\\"\\n\\" \\u00e9/\\/"}]}',
    ],
    [
      'a pair of surrogates counts as two units',
      '{"a":"😀\\ud83d\\ude00-x"}',
      { kind: 'text', path: ['a'], from: 4, to: 5, insert: '+' },
      '{"a":"😀\\ud83d\\ude00+x"}',
    ],
    [
      'white space stays',
      ' {\n "z" : 1 ,\n "a" : [ "x" ,\t"y" ] } ',
      { kind: 'text', path: ['a', 1], from: 1, to: 1, insert: '!' },
      ' {\n "z" : 1 ,\n "a" : [ "x" ,\t"y!" ] } ',
    ],
    ['an element is added', '{"a":[1 ]}', { kind: 'append', path: ['a'], element: { t: 2 } }, '{"a":[1 ,{"t":2}]}'],
    ['an element is added to none', '{"a":[ ]}', { kind: 'append', path: ['a'], element: {} }, '{"a":[ {}]}'],
    ['the first element goes with its comma', '{"a":[1, 2, 3]}', { kind: 'drop', path: ['a', 0] }, '{"a":[2, 3]}'],
    ['the last one too', '{"a":[1, 2, 3]}', { kind: 'drop', path: ['a', 2] }, '{"a":[1, 2]}'],
    ['the only one as well', '{"a":[ {"b":[1,2]} ]}', { kind: 'drop', path: ['a', 0] }, '{"a":[  ]}'],
    [
      'of two members of one name the last is meant',
      '{"a":["old"],"a":["new"]}',
      { kind: 'text', path: ['a', 0], from: 0, to: 3, insert: 'x' },
      '{"a":["old"],"a":["x"]}',
    ],
    [
      'a name may be spelled with escapes',
      '{"\\u0061":"x"}',
      { kind: 'text', path: ['a'], from: 0, to: 1, insert: 'y' },
      '{"\\u0061":"y"}',
    ],
    ['what is not there is not edited', '{"b":[]}', { kind: 'drop', path: ['a', 0] }, '{"b":[]}'],
  ];
  test.each(cases)('%s', (_title, text, edit, expected) => {
    expect(spliceJson(text, [edit])).toBe(expected);
    expect(editJson(JSON.parse(text), [edit])).toEqual(JSON.parse(expected));
  });
});

test('several elements are dropped without a stray comma', () => {
  for (const dropped of [[0, 1], [1, 2], [0, 2], [0, 1, 2], [1]]) {
    const edits = dropped.map((index): JsonEdit => ({ kind: 'drop', path: ['a', index] }));
    const kept = [7, 8, 9].filter((_value, index) => !dropped.includes(index));
    expect(JSON.parse(spliceJson('{"a":[7 , 8 , 9]}', edits))).toEqual({ a: kept });
    expect(editJson({ a: [7, 8, 9] }, edits)).toEqual({ a: kept });
  }
});

/** Documents as JSON text of any spelling: with or without white space, with or without escapes. */
const spelling = fc.tuple(fc.constantFrom(undefined, 1, '\t'), fc.boolean());
const spell = (value: unknown, [indent, escaped]: readonly [string | number | undefined, boolean]): string => {
  const text = JSON.stringify(value, null, indent);
  return escaped
    ? text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
};

const text = fc.string({ unit: 'binary', maxLength: 12 });
const block = fc.record({ type: fc.constant('text'), text, other: fc.jsonValue({ maxDepth: 2 }) });
const documents = fc.record({
  first: fc.jsonValue({ maxDepth: 3 }),
  system: fc.array(block, { minLength: 1, maxLength: 4 }),
  'odd "name"\\': fc.jsonValue({ maxDepth: 2 }),
});

test('the edited text parses to the edited value, and nothing else has changed', () => {
  fc.assert(
    fc.property(documents, spelling, fc.nat(), fc.nat(), fc.nat(), text, (document, spelled, at, from, to, insert) => {
      const index = at % document.system.length;
      const { length } = document.system[index]?.text ?? '';
      const [start, end] = [from % (length + 1), to % (length + 1)].sort((one, other) => one - other);
      const edits: JsonEdit[] = [
        { kind: 'text', path: ['system', index, 'text'], from: start ?? 0, to: end ?? 0, insert },
        { kind: 'append', path: ['system'], element: { type: 'text', text: insert } },
      ];
      if (index > 0) edits.push({ kind: 'drop', path: ['system', 0] });
      const original = spell(document, spelled);
      const spliced = spliceJson(original, edits);
      const parsed: JsonObject = JSON.parse(original);
      expect(JSON.parse(spliced)).toEqual(editJson(parsed, edits));
      expect(parsed).toEqual(JSON.parse(original));
      const before = original.indexOf('"system"');
      expect(spliced.slice(0, before)).toBe(original.slice(0, before));
      const behind = original.slice(original.lastIndexOf('"odd \\"name'));
      expect(spliced.endsWith(behind)).toBe(true);
    }),
  );
});
