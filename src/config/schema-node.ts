/** What does a schema entry look like as data, and which keys are there in all? For checks, hints and the reference. */
import { configSchema } from '#config/schema';

/** The JSON Schema keywords that the configuration uses, and its own notes (`json`, `ignored`, `rule`, …). */
export interface SchemaNode {
  /** The schema library's own mark. */
  readonly '~kind'?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[] | undefined;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly defaultNote?: string;
  readonly rule?: string;
  readonly example?: string;
  /** A table that is passed on as JSON. */
  readonly json?: boolean;
  /** Known, never checked. */
  readonly ignored?: boolean;
  /** A table in one line. */
  readonly inline?: boolean;
}

export const rootNode: SchemaNode = configSchema;

/** The schema of the values of a table whose keys the writer chooses. */
export const freeValueNode = (node: SchemaNode): SchemaNode | undefined =>
  Object.values(node.patternProperties ?? {})[0];

/** One table of the file: how its header is written, and its entries. */
export interface TableEntry {
  /** `router.hold`; arrays of tables and tables below them are named like any other. */
  readonly name: string;
  /** `[[router.tiers]]` or `[router.hold]`; empty for the top of the file. */
  readonly header: string;
  readonly node: SchemaNode;
}

/** Every table of the configuration, parents first, in the schema's order. */
export const configTables = (): readonly TableEntry[] => tablesOf(rootNode);

/** Every table of a file with this schema, parents first, in the schema's order. */
export const tablesOf = (root: SchemaNode): readonly TableEntry[] => {
  const tables: TableEntry[] = [];
  const visit = (name: string, header: string, node: SchemaNode): void => {
    tables.push({ name, header, node });
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      const path = name === '' ? key : `${name}.${key}`;
      if (child.items?.properties !== undefined) visit(path, `[[${path}]]`, child.items);
      else if (isTableNode(child)) visit(path, `[${path}]`, child);
    }
  };
  visit('', '', root);
  return tables;
};

/** True for entries that the reference and the example show as a table of their own. */
export const isTableNode = (node: SchemaNode): boolean =>
  (node.properties !== undefined && node.inline !== true) ||
  (node.patternProperties !== undefined && node.json !== true);

/** What a value must be, in words: `a whole number from 400 to 599`. */
export const kindInWords = (node: SchemaNode): string => {
  if (node.enum !== undefined) return `one of ${node.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  switch (node.type) {
    case 'string':
      return node.minLength === undefined ? 'text in quotes' : 'text in quotes, not empty';
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number${range(node)}`;
    case 'number':
      return `a number${range(node)}`;
    case 'array':
      return node.items?.properties === undefined
        ? `a list of ${listed(node.items)}${node.minItems === undefined ? '' : ', not empty'}`
        : 'an array of tables';
    case 'object':
      return node.inline === true ? `a table of ${Object.keys(node.properties ?? {}).join(', ')}` : 'a table';
    default:
      return 'any value';
  }
};

const listed = (items: SchemaNode | undefined): string =>
  items?.enum === undefined ? 'texts' : items.enum.map((value) => JSON.stringify(value)).join(', ');

const range = ({ minimum, maximum, exclusiveMinimum }: SchemaNode): string => {
  const from = exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? from : `${from}, at most ${maximum}`;
};
