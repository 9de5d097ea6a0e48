/** Does our own check of shapes accept exactly what the schema library accepts? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { checkShape } from '#config/check';
import { configSchema } from '#config/schema';
import { freeValueNode, rootNode, type SchemaNode } from '#config/schema-node';

const library = Compile(configSchema);

/** Whole numbers as TOML gives them; a float with a whole value is the one case on which the two differ by design. */
const asToml = (value: unknown): unknown => {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(asToml);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asToml(member)]));
};

const accepts = (document: unknown): boolean => {
  let complaints = 0;
  checkShape(rootNode, asToml(document), [], () => {
    complaints++;
  });
  return complaints === 0;
};

/** Values near the edge of what an entry allows. */
const nearly = (node: SchemaNode): fc.Arbitrary<unknown> => {
  if (node.ignored === true) return fc.constantFrom(1, 'x', true, []);
  if (node.json === true) return fc.constantFrom({}, { a: 1, b: { c: [true, 'x', 0.5] } }, 'x', [1]);
  if (node.enum !== undefined)
    return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...node.enum) }, fc.constantFrom('', 'x', 1));
  switch (node.type) {
    case 'object':
      return nearlyTable(node);
    case 'array':
      return fc.oneof(
        { weight: 9, arbitrary: fc.array(nearly(node.items ?? {}), { minLength: node.minItems ?? 0, maxLength: 3 }) },
        fc.constantFrom([], 'x', 1),
      );
    case 'string':
      return fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom('a', 'ANVIL_KEY', 'http://h', 'HTTPS://h/v1') },
        fc.constantFrom('', 'AKIAABCDEFGHIJKLMNOP', 'lower', 1, true),
      );
    case 'boolean':
      return fc.oneof({ weight: 9, arbitrary: fc.boolean() }, fc.constantFrom('true', 1));
    default:
      return fc.oneof({ weight: 9, arbitrary: numberAround(node) }, fc.constantFrom('1', true, 0.5, -1));
  }
};

const numberAround = ({ minimum, maximum, exclusiveMinimum }: SchemaNode): fc.Arbitrary<number> => {
  const low = minimum ?? exclusiveMinimum ?? 0;
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: low + 1, max: maximum ?? low + 1000 }) },
    fc.constantFrom(low, maximum ?? low + 1),
    fc.constantFrom(low - 1, (maximum ?? low) + 1),
  );
};

const nearlyTable = (node: SchemaNode): fc.Arbitrary<unknown> => {
  const free = freeValueNode(node);
  if (free !== undefined) return fc.dictionary(fc.constantFrom('chat', 'x', 'a b'), nearly(free), { maxKeys: 2 });
  const entries = Object.entries(node.properties ?? {}).map(([key, child]) => [key, nearly(child)] as const);
  const whole = fc.record(Object.fromEntries(entries), { requiredKeys: [...(node.required ?? [])] });
  const flawed = whole.chain((table) =>
    fc.constantFrom(...Object.keys(table), 'unknown_key').map((key) => {
      const { [key]: dropped, ...rest } = table;
      return dropped === undefined ? { ...rest, [key]: 1 } : rest;
    }),
  );
  return fc.oneof({ weight: 19, arbitrary: whole }, flawed);
};

describe('for documents near the edge of what is allowed', () => {
  test('both say the same', () => {
    const seen = { accepted: 0, refused: 0 };
    const one = (node: SchemaNode): fc.Arbitrary<unknown> =>
      fc
        .constantFrom(...Object.entries(node.properties ?? {}))
        .chain(([key, child]) => nearly(child).map((value) => ({ [key]: value })));
    const tier = {
      id: 'a',
      base_url: 'http://h',
      dialect: 'openai',
      context_limit: 1,
      privacy: 'local',
      tool_support: true,
      auth_env: 'A',
    };
    const router = rootNode.properties?.router ?? {};
    const documents = fc.oneof(
      one(router.properties?.tiers?.items ?? {}).map((keys) => ({
        router: { mapping_version: '1', tiers: [{ ...tier, ...(keys as object) }] },
      })),
      one(router).map((keys) => ({ router: { mapping_version: '1', tiers: [tier], ...(keys as object) } })),
      one(rootNode).map((keys) => ({ router: { mapping_version: '1', tiers: [tier] }, ...(keys as object) })),
      nearly(rootNode),
    );
    fc.assert(
      fc.property(documents, (document) => {
        const expected = library.Check(document);
        seen[expected ? 'accepted' : 'refused']++;
        expect(accepts(document)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(300);
  });
});

test('an accepted document comes back unchanged, as plain data', () => {
  const document = {
    router: {
      mapping_version: '1',
      tiers: [
        {
          id: 'a',
          base_url: 'http://h',
          dialect: 'openai',
          context_limit: 32768,
          privacy: 'local',
          tool_support: true,
          auth_env: 'A',
          extra_body: { a: { b: [1, 0.5, 'x', false] } },
        },
      ],
      presets: { chat: ['a'] },
      limits: { queue_wait_seconds: 0.5 },
    },
  };
  const report = () => {
    throw new Error('complained');
  };
  expect(checkShape(rootNode, asToml(document), [], report)).toEqual(document);
});
