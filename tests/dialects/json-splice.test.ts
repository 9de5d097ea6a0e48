/** Do edits of top-level members change those members only, whatever else the text holds? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { scanJson, spliceTopLevel } from '#core/json-splice';

const DEPTH_MAX = 100;

const splice = (text: string, set: Readonly<Record<string, unknown>>, remove: readonly string[] = []): string => {
  const values = new Map(Object.entries(set).map(([key, value]) => [key, JSON.stringify(value)]));
  return spliceTopLevel(text, scanJson(text, DEPTH_MAX).members, { set: values, remove: new Set(remove) });
};

describe('an edit', () => {
  const CASES: readonly (readonly [string, Readonly<Record<string, unknown>>, readonly string[], string])[] = [
    ['{"a":1}', { a: 2 }, [], '{"a":2}'],
    ['{ "a" : 1.0 , "b" : [1, {"a":3}] }', { a: 'x' }, [], '{ "a" : "x" , "b" : [1, {"a":3}] }'],
    ['{"a":1,"b":2,"c":3}', {}, ['b'], '{"a":1,"c":3}'],
    ['{"a":1,"b":2,"c":3}', {}, ['a'], '{"b":2,"c":3}'],
    ['{"a":1,"b":2,"c":3}', {}, ['c'], '{"a":1,"b":2}'],
    ['{"a":1,"b":2}', {}, ['a', 'b'], '{}'],
    ['{"a":1}', { b: 2 }, ['a'], '{"b":2}'],
    ['{}', { a: 1, b: 2 }, [], '{"a":1,"b":2}'],
    ['{ }', { a: 1 }, [], '{"a":1 }'],
    ['{"a":1}', { b: null }, [], '{"a":1,"b":null}'],
    ['{"a":"}\\"{","b":"\\\\"}', { b: 1 }, [], '{"a":"}\\"{","b":1}'],
    ['{"mo\\u0064el":"x","n":1}', { model: 'y' }, [], '{"mo\\u0064el":"y","n":1}'],
    ['{"a":1,"a":2,"b":3}', { a: 9 }, [], '{"a":9,"a":9,"b":3}'],
    ['{"a":1,"b":3,"a":2}', {}, ['a'], '{"b":3}'],
    ['{"a":[],"b":{},"c":true}', { b: 0 }, ['a'], '{"b":0,"c":true}'],
    ['{"__proto__":1,"a":2}', { a: 3 }, [], '{"__proto__":1,"a":3}'],
  ];
  for (const [text, set, remove, expected] of CASES) {
    test(`of ${text} by ${JSON.stringify(set)} without ${JSON.stringify(remove)} gives ${expected}`, () => {
      expect(splice(text, set, remove)).toBe(expected);
    });
  }
});

const key = fc.constantFrom('model', 'stream', 'a"b', 'ü', '', 'x\\y');
const spaced = (value: unknown, indent: number): string => JSON.stringify(value, undefined, indent);

test('parsing the spliced text equals editing the parsed object', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.oneof(key, fc.string()), fc.jsonValue(), { noNullPrototype: true }),
      fc.dictionary(key, fc.jsonValue(), { noNullPrototype: true, maxKeys: 3 }),
      fc.array(key, { maxLength: 3 }),
      fc.integer({ min: 0, max: 3 }),
      (object, set, remove, indent) => {
        const edited: Record<string, unknown> = { ...object };
        for (const name of remove) delete edited[name];
        const expected = { ...edited, ...set };
        const got = JSON.parse(splice(spaced(object, indent), set, remove));
        expect(got).toEqual(JSON.parse(JSON.stringify(expected)));
      },
    ),
    { numRuns: 1_000 },
  );
});

test('bytes of the members that are not edited stay as they were', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
      fc.jsonValue(),
      (object, value) => {
        const body = { ...object, model: value };
        const text = spaced(body, 1);
        const { members } = scanJson(text, DEPTH_MAX);
        const result = splice(text, { model: 'tier' });
        for (const member of members) {
          if (member.key !== 'model') expect(result).toContain(text.slice(member.start, member.end));
        }
        expect(splice(result, { model: value })).toBe(splice(text, { model: value }));
      },
    ),
    { numRuns: 300 },
  );
});

describe('the depth', () => {
  const DEPTHS: readonly (readonly [string, number])[] = [
    ['1', 0],
    ['{}', 1],
    ['[[]]', 2],
    ['{"a":{"b":[{}]}}', 4],
    ['{"a":"[[[["}', 1],
  ];
  for (const [text, depth] of DEPTHS) {
    test(`of ${text} is ${depth}`, () => expect(scanJson(text, DEPTH_MAX).depth).toBe(depth));
  }

  test('stops the scan one past the limit, however long the text goes on', () => {
    const text = '['.repeat(1_000_000);
    expect(scanJson(text, 64).depth).toBe(65);
  });

  test('equals the depth of the parsed value', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(scanJson(JSON.stringify(value), DEPTH_MAX).depth).toBe(depthOf(value));
      }),
    );
  });

  test('of text that is no JSON is found without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', 'a', ' ') }), (text) => {
        expect(scanJson(text, 8).depth).toBeLessThanOrEqual(9);
      }),
      { numRuns: 1_000 },
    );
  });
});
