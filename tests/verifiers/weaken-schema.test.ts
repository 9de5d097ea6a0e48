/** Is the schema that we check by always weaker than the one the caller sent? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Check } from 'typebox/schema';
import type { JsonObject } from '#core/message';
import { createSchemaCompiler } from '#verifiers/schema';

const scalar = fc.constantFrom<unknown>(null, true, 0, 1, 2.5, -1, '', 'a', 'ab', 'x-a');
const key = fc.constantFrom('a', 'b', 'x-a');
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }),
  ),
})).value;
const branches = (inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> =>
  fc.array(inner, { minLength: 1, maxLength: 3 });
const leaves: fc.Arbitrary<unknown>[] = [
  fc.boolean(),
  ...['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'].map((type) => fc.constant({ type })),
  fc.array(scalar, { minLength: 1, maxLength: 3 }).map((values) => ({ enum: values })),
  scalar.map((only) => ({ const: only })),
  fc.nat(2).map((minLength) => ({ type: ['string', 'object'], minLength })),
  fc.nat(2).map((maximum) => ({ maximum })),
  fc.constantFrom('^a', 'b$').map((pattern) => ({ pattern })),
  fc.array(key, { maxLength: 2 }).map((required) => ({ required })),
  fc.nat(3).map((maxItems) => ({ maxItems, uniqueItems: true })),
];
const properties = (inner: fc.Arbitrary<unknown>): fc.Arbitrary<JsonObject> =>
  fc.record(
    {
      properties: fc.dictionary(key, inner, { maxKeys: 3 }),
      patternProperties: fc.dictionary(fc.constant('^x-'), inner),
      required: fc.array(key, { maxLength: 1 }),
      additionalProperties: fc.oneof(fc.boolean(), inner),
      propertyNames: inner,
    },
    { requiredKeys: ['properties'] },
  );
const schemaOf = (depth: number, references: readonly string[]): fc.Arbitrary<unknown> => {
  const leaf = fc.oneof(...leaves, ...references.map(($ref) => fc.constant({ $ref })));
  if (depth === 0) return leaf;
  const inner = schemaOf(depth - 1, references);
  return fc.oneof(
    leaf,
    properties(inner),
    fc.record({ items: inner, prefixItems: branches(inner), contains: inner }, { requiredKeys: ['items'] }),
    ...['anyOf', 'oneOf', 'allOf'].map((keyword) => branches(inner).map((list) => ({ [keyword]: list }))),
    inner.map((not) => ({ not })),
    fc.tuple(inner, inner, inner).map(([condition, yes, no]) =>
      Object.fromEntries([
        ['if', condition],
        ['then', yes],
        ['else', no],
      ]),
    ),
    fc.tuple(properties(inner), branches(inner)).map(([object, list]) => ({ ...object, oneOf: list })),
  );
};

test('a value that the caller’s schema accepts is never held against a model', () => {
  const rootSchema = schemaOf(3, ['#/$defs/one', '#/$defs/two']);
  const definition = schemaOf(1, []);
  let accepted = 0;
  const isObject = (candidate: unknown): candidate is JsonObject => typeof candidate === 'object' && candidate !== null;
  fc.assert(
    fc.property(rootSchema, definition, definition, value, (root, one, two, candidate) => {
      fc.pre(isObject(root));
      const whole = { ...root, $defs: { one, two } };
      if (!Check(whole, candidate)) return;
      accepted += 1;
      expect(createSchemaCompiler()(whole)?.(candidate)).toBeUndefined();
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(300);
});
