/** Do remedies name only keys and tables that the configuration really has? */
import { expect, test } from 'bun:test';
import { registrySchema } from '#config/registry-schema';
import { configSchema } from '#config/schema';
import { REMEDY_OF_ATTEMPT, REMEDY_OF_CUT, REMEDY_OF_FAILURE, REMEDY_OF_SLOT } from '#core/remedies';

/** Every property name of a JSON Schema, at any depth. */
const namesIn = (schema: unknown): string[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const own =
    'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : [];
  return [...own, ...Object.values(schema).flatMap(namesIn)];
};

const known = new Set([configSchema, registrySchema].flatMap((schema) => namesIn(JSON.parse(JSON.stringify(schema)))));
const remedies = Object.entries({ ...REMEDY_OF_FAILURE, ...REMEDY_OF_ATTEMPT, ...REMEDY_OF_SLOT, cut: REMEDY_OF_CUT });

test('the schema was read', () => {
  expect(known.size).toBeGreaterThan(60);
  expect(known.has('metered_cloud')).toBe(true);
});

test.each(remedies)('the remedy for %p names existing keys', (_kind, remedy) => {
  const keys = remedy.match(/\b[a-z0-9]+(?:_[a-z0-9]+)+\b/g) ?? [];
  const tables = [...remedy.matchAll(/\[([a-z.]+)\]/g)].flatMap((match) => (match[1] ?? '').split('.'));
  expect([...keys, ...tables].filter((name) => !known.has(name))).toEqual([]);
});
