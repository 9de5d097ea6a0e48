/** How is the registry documented? Its schema becomes a reference page and a JSON Schema for editors. */
import { jsonSchemaOf, renderTables } from '#config/reference';
import { registrySchema } from '#config/registry-schema';
import { tablesOf } from '#config/schema-node';

const INTRODUCTION = `# Registry reference

Generated from the schema in \`src/config/registry-schema.ts\` by \`scripts/generate.ts\`; edit that instead.

A registry names the models that share GPUs, and how their servers run. The multiplexer reads it (\`--registry\`), or the
router itself (\`[[router.swap_groups]]\`). It is TOML, or JSON with the same keys, in a file with any other ending than
\`.toml\`; a list instead of an object is the list of \`models\`, as in v0.9. Files of v0.9 load unchanged.

Durations are in seconds, sizes in the unit that the key names. Relative paths start at the file's own folder, \`~\` is the
home folder. Secrets are never in the file: \`env_from\` names variables that hold them. An unknown key is an error in TOML;
in JSON it is overlooked with a warning, since v0.9 overlooked it.

Where a list of words is wanted (\`args\`, \`command\`, \`entrypoint\`), one text that is split at blanks does as well; GPUs may be
written as numbers; \`exclusive\` may be one text.

[configs/multiplexer.example.toml](../../configs/multiplexer.example.toml) shows every key; \`anvil-serving multiplexer
--self-check\` checks a file and the machine without starting anything.
`;

/** The reference page, as Markdown. */
export const renderRegistryReference = (): string =>
  `${[INTRODUCTION.trimEnd(), ...renderTables(tablesOf(registrySchema))].join('\n\n')}\n`;

/** Keys that may be written in another way than the schema has it, which `shaped` puts right. */
const ALSO: Readonly<Record<string, { readonly type: string }>> = {
  args: { type: 'string' },
  command: { type: 'string' },
  entrypoint: { type: 'string' },
  exclusive: { type: 'string' },
  gpu: { type: 'integer' },
  id: { type: 'integer' },
};

/** JSON Schema (draft 7) of a registry, for editors of TOML and JSON. */
export const registryJsonSchema = (): object =>
  jsonSchemaOf('anvil-serving multiplexer registry', registrySchema, (key, entry) => {
    const { description, ...kind } = entry;
    if (key === 'gpus' && entry.items !== undefined && !('properties' in (entry.items as object))) {
      return { ...entry, items: { anyOf: [entry.items, { type: 'integer' }] } };
    }
    const other = ALSO[key];
    return other === undefined ? entry : { description, anyOf: [kind, other] };
  });
