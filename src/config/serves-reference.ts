/** How is `serves.toml` documented? The same schema that checks it, as a page. */
import { renderTables } from '#config/reference';
import { tablesOf } from '#config/schema-node';
import { servesSchema } from '#config/serves-schema';

const INTRODUCTION = `# Serves reference

Generated from the schema in \`src/config/serves-schema.ts\` by \`scripts/generate.ts\`; edit that instead.

\`serves.toml\` declares the model servers of one machine. [The verbs](cli.md) \`serves up\`, \`down\`, \`status\`, \`logs\`,
\`rm\` and \`adopt\` read it from the folder where they are called, or from \`--manifest PATH\`. Files of v0.9 mean the same
as before. An unknown key is overlooked, with a warning. [configs/serves.example.toml](../../configs/serves.example.toml)
shows every key.

Containers are looked at, started and stopped through the Docker Engine that \`DOCKER_HOST\` or Docker's own context
names; \`up\` lines are run as programs. What a process prints, and how it is found again, is kept in \`.anvil/serves\`
beside the file.

## What \`serves up\` does

| State | \`driver = "compose"\` | \`driver = "script"\` | \`driver = "process"\` | with \`--recreate\` |
| --- | --- | --- | --- | --- |
| absent | runs \`up\` | runs \`up\` | starts \`command\` | the same |
| running | runs \`up\`: compose makes anew what drifted | nothing, but a warning where it drifted | nothing, but a warning where it drifted | removes it, then makes it |
| exited, created | runs \`up\` | starts the container as it was made | starts \`command\` | removes it, then makes it |
| paused | unpauses it | unpauses it | | removes it, then makes it |
| restarting, dead | refuses, with its last lines | refuses, with its last lines | | removes it, then makes it |
| removing | refuses | refuses | | refuses |

Without \`up\` nothing is ever made or removed: a container that is there is started or unpaused. A port that somebody
else has, or a variable of \`env_from\` that is not set, is said before anything is touched.

With \`--wait\` the verb returns when each serve answers 2xx on its health path and, where \`model\` is declared, lists it
under \`/v1/models\`; or fails with the exit code and the last lines. Serves that name the same GPU load one after the
other, all others side by side. Ctrl-C ends the wait, not the serve.

## Which serves a mode means

\`serves up\` without a name means the serves of one mode where a mode is chosen: by \`--mode\`, else \`ANVIL_MODE\`, else
\`active_mode\` of the \`[modes]\` table here, else of the file that \`ANVIL_MODES_CONFIG\` names. Serves without \`modes\` belong
to every mode. \`down\` and \`status\` heed \`--mode\` alone. Running serves of the other mode that share a port or a GPU are
named, and stopped first with \`--switch\`.
`;

/** Markdown; the same schema gives the same text, so that drift can be tested. */
export const renderServesReference = (): string =>
  `${[INTRODUCTION.trimEnd(), ...renderTables(tablesOf(servesSchema))].join('\n\n')}\n`;
