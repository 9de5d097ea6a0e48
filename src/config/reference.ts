/** How is the configuration documented? One schema becomes the reference page and the JSON Schema for editors. */
import { LIMIT_VARIABLES } from '#config/defaults';
import { configSchema } from '#config/schema';
import {
  configTables,
  freeValueNode,
  isTableNode,
  kindInWords,
  type SchemaNode,
  type TableEntry,
} from '#config/schema-node';

const INTRODUCTION = `# Configuration reference

Generated from the schema in \`src/config/schema.ts\` by \`scripts/generate.ts\`; edit that instead.

One TOML file holds everything. Required are \`[router]\` with \`mapping_version\` and at least one \`[[router.tiers]]\`.
An unknown key is an error. Durations are in seconds, sizes in the unit that the key names. Relative paths start at the
file's own folder, \`~\` is the home folder. Secrets are never in the file: keys that end in \`env\` name variables.

Check a file with \`anvil-serving config check\`; [configs/example.toml](../../configs/example.toml) shows every key.
`;

const ENVIRONMENT: readonly (readonly [name: string, help: string])[] = [
  ['ANVIL_CONFIG', 'Path of the configuration where neither `--config` nor `--mode` is given.'],
  ['ANVIL_MODE', '`agentic` or `flexibility`, where `--mode` is not given.'],
  ['ANVIL_MODES_CONFIG', 'Path of a mode manifest: a file with a `[modes]` table.'],
  ['ANVIL_CONFIG_AGENTIC, ANVIL_CONFIG_FLEXIBILITY', 'Path of the configuration of that mode; wins over the manifest.'],
  ...Object.entries(LIMIT_VARIABLES).map(
    ([key, name]) => [name, `\`[router.limits] ${key}\` where the file does not set it.`] as const,
  ),
];

/** The reference page, as Markdown. The same schema gives the same text, so that drift can be tested. */
export const renderConfigReference = (): string => {
  const sections = renderTables(configTables());
  const variables = ENVIRONMENT.map(([name, help]) => `| ${name.split(', ').map(code).join(', ')} | ${help} |`);
  const environment = `## Environment\n\n| Variable | Meaning |\n| --- | --- |\n${variables.join('\n')}`;
  return `${[INTRODUCTION.trimEnd(), ...sections, environment].join('\n\n')}\n`;
};

/** One section with a heading for each table. */
export const renderTables = (tables: readonly TableEntry[]): readonly string[] => tables.map(renderTable);

const renderTable = ({ name, header, node }: TableEntry): string => {
  const title = header === '' ? '## Top of the file' : `## ${code(header)}`;
  const rows = keysOf(node).map(([key, entry, required]) => renderRow(name, key, entry, required));
  const head = '| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |';
  const about = node.description === undefined || header === '' ? '' : `${node.description}\n\n`;
  return `${title}\n\n${about}${head}\n${rows.join('\n')}`;
};

const keysOf = (node: SchemaNode): readonly (readonly [key: string, entry: SchemaNode, required: boolean])[] => {
  const free = freeValueNode(node);
  if (free !== undefined) return [['a name of your choice', { ...free, description: '', ...exampleOf(node) }, false]];
  return Object.entries(node.properties ?? {}).map(([key, entry]) => [
    key,
    entry,
    node.required?.includes(key) === true,
  ]);
};

const exampleOf = (node: SchemaNode): Pick<SchemaNode, 'example'> =>
  node.example === undefined ? {} : { example: node.example };

const renderRow = (table: string, key: string, entry: SchemaNode, required: boolean): string => {
  const isFree = !/^[a-z0-9_-]+$/.test(key);
  const path = table === '' ? key : `${table}.${key}`;
  const isTable = isTableNode(entry) || entry.items?.properties !== undefined;
  const value = isTable ? `[a table of its own](#${anchorOf(path)})` : kindInWords(entry);
  const example = entry.example === undefined ? '' : `such as ${code(entry.example)}`;
  const rule = entry.rule === undefined ? '' : `Must ${entry.rule}.`;
  const meaning = [entry.description, rule, isFree && example !== '' ? `${capital(example)}.` : '']
    .filter(Boolean)
    .join(' ');
  return `| ${isFree ? key : code(key)} | ${value} | ${defaultOf(entry, required, isFree)} | ${meaning} |`;
};

/** GitHub's anchor of a heading: the name without its dots. */
const anchorOf = (path: string): string => path.replaceAll('.', '');

const defaultOf = (entry: SchemaNode, required: boolean, isFree: boolean): string => {
  if (isFree || entry.ignored === true) return '';
  if (required) return '**required**';
  if (entry.defaultNote !== undefined) return entry.defaultNote;
  if (isTableNode(entry) || entry.items?.properties !== undefined) return '';
  if (entry.default === undefined) return 'not set';
  return code(JSON.stringify(entry.default));
};

const code = (text: string): string => `\`${text}\``;
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Notes for the checks and the reference that no editor knows. */
const OWN_NOTES: ReadonlySet<string> = new Set(['defaultNote', 'rule', 'example', 'json', 'ignored', 'inline']);

/** JSON Schema (draft 7, which TOML editors read) of the whole file. */
export const configJsonSchema = (): object => jsonSchemaOf('anvil-serving configuration', configSchema);

/** What an editor is to know of a key. */
type EditorEntry = Readonly<Record<string, unknown>>;
/** Changes what editors are told about a key of that name. */
type Revise = (key: string, entry: EditorEntry) => EditorEntry;

/** The same of any file that has a schema. */
export const jsonSchemaOf = (title: string, node: SchemaNode, revise: Revise = (_key, entry) => entry): object => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title,
  ...forEditors(node, revise),
});

/** A plain copy without our notes; defaults and examples in words go into the description that editors show. */
const forEditors = (node: SchemaNode, revise: Revise): EditorEntry => {
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (OWN_NOTES.has(key) || key.startsWith('~')) continue;
    copy[key] = copyOf(key, value, revise);
  }
  const description = [node.description, node.defaultNote === undefined ? '' : `Default: ${node.defaultNote}.`];
  const text = description.filter(Boolean).join(' ');
  if (text === '') delete copy.description;
  else copy.description = text;
  return copy;
};

const copyOf = (key: string, value: unknown, revise: Revise): unknown => {
  if (key === 'items') return forEditors(value as SchemaNode, revise);
  if (key !== 'properties' && key !== 'patternProperties') return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, SchemaNode>).map(([name, child]) => [
      name,
      revise(name, forEditors(child, revise)),
    ]),
  );
};
