/** How does a registry of any age and spelling become the one shape that its schema describes? */
import { isTable } from '#config/check';
import { nearestName } from '#config/nearest';
import type { KeyPath, Report } from '#config/problem';
import { registrySchema } from '#config/registry-schema';
import { type SchemaNode, tablesOf } from '#config/schema-node';

/** Keys of a model that may be one text, split at blanks as v0.9 did. */
const WORD_LISTS = ['args', 'command', 'entrypoint'] as const;

/** Where a finding lies in the text: v0.9 also wrote the models as a bare list. */
export interface Shaped {
  readonly document: unknown;
  readonly inText: (path: KeyPath) => KeyPath;
}

/** A list of rows becomes `models`; texts become lists of words, and numbers of GPUs texts. Anything else stays. */
export const shaped = (document: unknown): Shaped => {
  if (Array.isArray(document)) {
    // ['models', 2, 'port'] is [2, 'port'] in such a text.
    return { document: { models: document.map(shapedModel) }, inText: (path) => path.slice(1) };
  }
  if (!isTable(document)) return { document, inText: (path) => path };
  const { models, gpus } = document;
  return {
    document: {
      ...document,
      ...(Array.isArray(models) ? { models: models.map(shapedModel) } : {}),
      ...(Array.isArray(gpus) ? { gpus: gpus.map(shapedGpu) } : {}),
    },
    inText: (path) => path,
  };
};

const shapedModel = (row: unknown): unknown => {
  if (!isTable(row)) return row;
  const changed: Record<string, unknown> = {};
  for (const key of WORD_LISTS) {
    const value = row[key];
    if (typeof value === 'string') changed[key] = value.split(/\s+/).filter((word) => word !== '');
  }
  if (row.gpu !== undefined) changed.gpu = asText(row.gpu);
  if (Array.isArray(row.gpus)) changed.gpus = row.gpus.map(asText);
  if (typeof row.exclusive === 'string') changed.exclusive = [row.exclusive];
  return { ...row, ...changed };
};

const shapedGpu = (row: unknown): unknown =>
  isTable(row) && row.id !== undefined ? { ...row, id: asText(row.id) } : row;

const asText = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

const TABLES = tablesOf(registrySchema);

/** The table of the schema that a path leads to: `['models', 3]` to `[[models]]`. */
const tableAt = (path: KeyPath): SchemaNode | undefined => {
  const name = path.filter((step) => typeof step === 'string').join('.');
  return TABLES.find((table) => table.name === name)?.node;
};

/** What to do about a key that the schema does not know. */
const unknownKeyRemedy = (path: KeyPath): string => {
  const key = String(path.at(-1));
  const siblings = Object.keys(tableAt(path.slice(0, -1))?.properties ?? {});
  const near = nearestName(key, siblings);
  if (near !== undefined) return `did you mean "${near}"?`;
  const home = TABLES.find(({ node }) => Object.hasOwn(node.properties ?? {}, key));
  if (home !== undefined) return `this key belongs to ${home.header === '' ? 'the top of the file' : home.header}`;
  return 'remove it; docs/reference/registry.md has all keys';
};

/**
 * Copies a document without the keys that the schema does not know, each of which is reported. Tables whose keys are free
 * stay whole.
 */
export const knownKeysOnly = (document: unknown, report: Report): unknown => {
  const pick = (value: unknown, node: SchemaNode | undefined, path: KeyPath): unknown => {
    if (Array.isArray(value)) return value.map((entry, index) => pick(entry, node?.items, [...path, index]));
    const known = node?.properties;
    if (known === undefined || !isTable(value)) return value;
    const members: [string, unknown][] = [];
    for (const [key, member] of Object.entries(value)) {
      const at = [...path, key];
      if (Object.hasOwn(known, key)) members.push([key, pick(member, known[key], at)]);
      else report({ path: at, message: 'unknown key', remedy: () => unknownKeyRemedy(at) });
    }
    return Object.fromEntries(members);
  };
  return pick(document, registrySchema, []);
};
