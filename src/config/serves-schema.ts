/** Which keys may `serves.toml` have, what do they mean, and what are they when absent? */
import type { Static } from 'typebox';
import { listOf, looseText, oneOf, optional, seconds, table, text, variableName, whole } from '#config/kinds';
import { MODES, modesSchema } from '#config/schema';

/** `compose`: `up` brings it up again and again; `script`: `up` makes it once; `process`: a program of our own. */
const SERVE_DRIVERS = ['compose', 'script', 'process'] as const;
export type ServeDriver = (typeof SERVE_DRIVERS)[number];

export const SERVE_DEFAULTS = { health: '/health', waitSeconds: 600, stopSeconds: 10 } as const;

export const serveSchema = table(
  'One model server on this machine. Like a Makefile, the file is trusted: `up` is run.',
  {
    name: text('Name of the serve, unique; the verbs take it. By convention the id of the tier that uses it.', {
      example: '"heavy"',
    }),
    container: optional(
      text('Name of its container; the verbs take it too. Required unless it is a process.', {
        defaultNote: 'none: only a process has no container',
        example: '"vllm-heavy"',
      }),
    ),
    port: whole('Where it answers on 127.0.0.1.', 1, { maximum: 65_535, example: '30000' }),
    health: optional(
      text('Path that answers 2xx when it is well.', {
        pattern: '^/',
        rule: 'start with /',
        default: SERVE_DEFAULTS.health,
      }),
    ),
    model: optional(
      looseText('Name under which it serves its model. Compared with what runs, and waited for.', {
        defaultNote: 'not compared',
      }),
    ),
    up: optional(
      looseText(
        'What brings it up: words as a shell splits them, then `{dir}` filled in with the folder of this file. Run without a shell, in the folder where the verb is called.',
        {
          defaultNote: 'none: what exists can be started again, nothing is made',
          example: '"docker compose -f {dir}/docker-compose.yml up -d vllm"',
        },
      ),
    ),
    driver: optional(
      oneOf(
        '`compose` runs `up` every time, since that is cheap and repairs what drifted; `script` runs it for a container that is not there; `process` runs `command`.',
        SERVE_DRIVERS,
        { defaultNote: '`process` with a `command`, `compose` where `up` is docker compose, else `script`' },
      ),
    ),
    command: optional(
      text(
        'The server itself, for a process: words as a shell splits them, with `{dir}`, `{port}`, `{model}` and `{name}` filled in.',
        { defaultNote: 'none', example: '"llama-server --port {port} --alias {model} -m {dir}/model.gguf"' },
      ),
    ),
    cwd: optional(
      text('Folder in which `up` or `command` runs; relative to this file.', {
        defaultNote: 'of a process the folder of this file, else where the verb is called',
      }),
    ),
    env_from: optional(
      listOf('Variables that must be set when it is brought up: where secrets come from.', variableName(''), {
        uniqueItems: true,
        default: [],
      }),
    ),
    gpus: optional(
      listOf('GPUs that it uses, all spelled as indices or all as UUIDs. A process sees no others.', text(''), {
        uniqueItems: true,
        default: [],
      }),
    ),
    modes: optional(
      listOf('Modes that it belongs to.', oneOf('', MODES), { minItems: 1, uniqueItems: true, defaultNote: 'all' }),
    ),
    wait_seconds: optional(
      seconds('How long `up --wait` waits for it, unless `--timeout-seconds` says.', {
        default: SERVE_DEFAULTS.waitSeconds,
      }),
    ),
    stop_seconds: optional(
      seconds('Between asking it to stop and killing it.', { default: SERVE_DEFAULTS.stopSeconds }),
    ),
  },
);

/** Top of the file. */
export const servesSchema = table('Model servers of this machine.', {
  serve: optional(listOf('The serves, one `[[serve]]` each.', serveSchema, { default: [] })),
  modes: optional(modesSchema),
});

export type ServeTable = Static<typeof serveSchema>;
