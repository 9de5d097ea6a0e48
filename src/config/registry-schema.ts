/** Which keys may a registry of the multiplexer have, what do they mean, and what are they when absent? The one schema. */
import type { Static } from 'typebox';
import {
  amount,
  flag,
  listOf,
  looseText,
  namesTo,
  oneOf,
  optional,
  seconds,
  table,
  text,
  variableName,
  whole,
  within,
} from '#config/kinds';
import { MODEL, PATIENCE_SECONDS, POLICY } from '#config/registry-defaults';

/** One day, as for other durations that may be 0. */
const SECONDS_MAX = 86_400;
const MIB_MAX = 16 * 1024 ** 2;
const PRIORITY_MAX = 1000;

const duration = (help: string, options: { readonly default?: number; readonly defaultNote?: string }) =>
  optional(amount(help, { maximum: SECONDS_MAX, ...options }));

const port = (help: string, options: { readonly defaultNote?: string } = {}) =>
  whole(help, 1, { maximum: 65_535, ...options });

const mib = (help: string, options: { readonly defaultNote: string }) =>
  optional(whole(help, 1, { maximum: MIB_MAX, ...options }));

const model = table('One model and the server that serves it. A row of a v0.9 registry is a row here.', {
  name: text('Name that requests ask for, unique.', { pattern: '^[^\\s\\x00-\\x1f]+$', rule: 'have no blanks' }),
  engine: optional(
    oneOf(
      'What serves it; `custom` is any server, launched by your words alone.',
      ['vllm', 'sglang', 'llama.cpp', 'custom'],
      { defaultNote: '`sglang`; `custom` for compose and for a `command`' },
    ),
  ),
  driver: optional(
    oneOf(
      'How it runs: a container of ours, a service of a compose file, or a program on this machine.',
      ['docker', 'compose', 'process'],
      { defaultNote: '`docker`, or what `compose_service` or `command` imply' },
    ),
  ),
  model_path: optional(
    text('Weights: a path as the engine sees it, or the id of a repository. Fills `{model_path}`.', {
      defaultNote: 'none; engines other than `custom` need one',
    }),
  ),
  port: port('Port on 127.0.0.1. Models that share one are never loaded together.'),
  served_name: optional(
    looseText('Id that the server gives the model, checked before it counts as ready; empty: not checked.', {
      defaultNote: '`name`',
    }),
  ),
  args: optional(
    listOf(
      'More arguments for the server; a text is split at blanks. `{port}`, `{model_path}`, `{name}` are filled in.',
      text(''),
      {
        default: [],
      },
    ),
  ),
  env: optional(
    namesTo('Variables for the server. Never secrets: those are named in `env_from`.', looseText(''), {
      default: {},
      example: '"value"',
    }),
  ),
  env_from: optional(
    listOf('Names of variables that are handed on from our own environment, `HF_TOKEN` for one.', variableName(''), {
      uniqueItems: true,
      default: [],
    }),
  ),
  gpu: optional(text('The GPU that it takes, by index or UUID.', { defaultNote: 'the only one', example: '0' })),
  gpus: optional(
    listOf('The GPUs over which it is spread; it needs all of them at once. An empty list: none.', text(''), {
      uniqueItems: true,
      defaultNote: '`gpu`',
    }),
  ),
  gpu_access: optional(
    oneOf(
      'Whether the server is given its GPUs; `none` for servers on the CPU, and for trying things out.',
      ['nvidia', 'none'],
      { defaultNote: '`nvidia`; `none` for `gpus = []` and a `custom` container without `gpu`' },
    ),
  ),
  vram_mib: mib('Memory that it takes on each GPU while loaded; models that fit together stay together.', {
    defaultNote: 'not known: it has its GPUs for itself',
  }),
  exclusive: optional(
    listOf('Groups of which one model at a time is loaded, however much memory there is.', text(''), {
      uniqueItems: true,
      default: [],
    }),
  ),
  pinned: optional(flag('Never make room for another model.', { default: false })),
  preload: optional(flag('Load it at start, where there is room.', { default: false })),
  priority: optional(
    whole('Requests for a model with a higher number are looked after first.', -PRIORITY_MAX, {
      maximum: PRIORITY_MAX,
      default: MODEL.priority,
    }),
  ),
  max_concurrency: optional(whole('Requests at a time; more wait.', 1, { defaultNote: 'no limit' })),
  idle_seconds: optional(seconds('Leave the GPU after so long without a request.', { defaultNote: 'never' })),
  min_resident_seconds: duration('Stay after loading that only a request at its bound may cut short.', {
    defaultNote: 'that of `[multiplexer]`',
  }),
  sleep_level: optional(
    whole('Sleep instead of stopping: 1 keeps weights in host memory, 2 drops them (vLLM; SGLang has level 1).', 1, {
      maximum: 2,
      defaultNote: 'it is stopped',
    }),
  ),
  sleep_vram_mib: mib('Memory that it keeps on each GPU while asleep.', {
    defaultNote: `${MODEL.sleep_vram_mib} with \`sleep_level\``,
  }),
  est_weight_gb: optional(
    amount('Host memory that loading takes, in GiB; with 15 % more, a load that would not fit is refused.', {
      defaultNote: 'not guarded',
    }),
  ),
  load_seconds: optional(seconds('How long loading takes, until it was measured.', { default: MODEL.load_seconds })),
  wake_seconds: optional(seconds('How long waking takes, until it was measured.', { default: MODEL.wake_seconds })),
  load_timeout_seconds: optional(
    seconds('A server that is not ready by then has failed.', { default: MODEL.load_timeout_seconds }),
  ),
  stop_seconds: optional(seconds('Between asking the server to stop and killing it.', { default: MODEL.stop_seconds })),
  health: optional(
    text('Path that answers 2xx when it is well.', { pattern: '^/', rule: 'start with /', default: '/health' }),
  ),
  context_tokens: optional(whole('Window of the model, in tokens.', 1, { defaultNote: 'the engine decides' })),
  gpu_memory_share: optional(
    within('Part of the GPU that vLLM or SGLang may fill.', 0.01, 1, { defaultNote: 'the engine decides' }),
  ),
  reasoning_parser: optional(
    text('How vLLM and SGLang tell thoughts from text: a parser, or `auto` by the name of the model.', {
      defaultNote: 'none',
    }),
  ),
  tool_parser: optional(
    text('How vLLM and SGLang read tool calls: a parser, or `auto` by the name of the model.', {
      defaultNote: 'none',
    }),
  ),
  thinking: optional(
    flag('Whether the model thinks where a request does not say.', { defaultNote: 'as its chat template has it' }),
  ),
  mmap: optional(
    flag('Map the weights into memory, or read them whole, which is faster on slow disks only.', {
      defaultNote: '`true`; `false` for folders of a Windows host',
    }),
  ),
  image: optional(text('Image of the container.', { defaultNote: "the engine's official one" })),
  entrypoint: optional(
    listOf("Program of the container, instead of the image's own.", text(''), {
      minItems: 1,
      defaultNote: "the engine's program",
    }),
  ),
  container: optional(
    text('Name of the container.', {
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$',
      rule: 'begin with a letter or digit and go on with those, _, . or -',
      defaultNote: '`anvil-` and the name',
    }),
  ),
  container_port: optional(port('Port inside the container.', { defaultNote: '`port`' })),
  volume: optional(
    text('Named volume with the weights, mounted read-only on the folder of `model_path`; it must exist.', {
      defaultNote: 'none',
    }),
  ),
  host_path: optional(
    looseText('Folder or file of this machine, mounted read-only on `model_path`; empty: nothing is mounted.', {
      defaultNote: '`model_path`, if it is absolute and `volume` is not set',
    }),
  ),
  cache_volume: optional(
    text('Named volume for downloads and compiled kernels, lost with the container otherwise; it must exist.', {
      defaultNote: 'none',
    }),
  ),
  shm_size: optional(
    text('Shared memory of the container.', {
      pattern: '^[1-9][0-9]*[bkmgBKMG]?$',
      rule: 'be a number with b, k, m or g behind it',
      example: '"16g"',
      defaultNote: '16g for SGLang',
    }),
  ),
  ipc: optional(
    oneOf("Whether the container shares memory with the host's processes.", ['private', 'host'], {
      defaultNote: '`host` for vLLM without `shm_size`',
    }),
  ),
  compose_file: optional(text('Compose file with the service, relative to this file.', { defaultNote: 'none' })),
  compose_service: optional(text('Service of the compose file.', { defaultNote: 'none' })),
  compose_project: optional(text('Project name for compose.', { defaultNote: 'what compose makes of the file' })),
  command: optional(
    listOf(
      'Program and arguments of a process; a text is split at blanks. Filled in like `args`, which follow it.',
      text(''),
      {
        minItems: 1,
        defaultNote: "the engine's own",
      },
    ),
  ),
  cwd: optional(text('Folder in which a process runs, relative to this file.', { defaultNote: 'that of this file' })),
});

const gpu = table('A GPU that models share. Without any, the GPUs that models name are taken, of unknown size.', {
  id: text('Index or UUID, as models name it.', { example: '0' }),
  vram_mib: mib('Memory that models may take; leave out what the desktop and other programs need.', {
    defaultNote: 'not known: one model at a time',
  }),
});

const policy = table('When models make room for each other. The defaults were tuned with `bun run bench:swap`.', {
  wait_bound_seconds: optional(
    seconds('From so long a wait on, its model is the next to be loaded, whatever that costs.', {
      default: POLICY.wait_bound_seconds,
    }),
  ),
  drain_timeout_seconds: duration(
    'Longest wait for running answers before a swap; then they are cut. 0 cuts at once.',
    {
      default: POLICY.drain_timeout_seconds,
    },
  ),
  linger_seconds: duration('How long a model without requests stays while another is asked for.', {
    defaultNote: `${PATIENCE_SECONDS.linger}, or the load time of the other if it is shorter`,
  }),
  swap_worth: optional(
    amount('Waiting time, in load times of the model waited for, that makes a swap worth its cost.', {
      maximum: 1000,
      default: POLICY.swap_worth,
    }),
  ),
  min_resident_seconds: duration('Stay after loading that only a request at its bound may cut short.', {
    defaultNote: `${PATIENCE_SECONDS.min_resident}; unused no longer than its own load time`,
  }),
  queue_max: optional(
    whole('Requests waiting, over all models; more are refused.', 1, { maximum: 100_000, default: POLICY.queue_max }),
  ),
  retry_seconds: optional(
    seconds('Rest of a model that failed to load or crashed; doubles with every failure.', {
      default: POLICY.retry_seconds,
    }),
  ),
  retry_max_seconds: optional(seconds('Longest such rest.', { default: POLICY.retry_max_seconds })),
  ram_cap_gb: optional(
    amount('Host memory that loading may take at most, in GiB.', { defaultNote: 'what is available' }),
  ),
});

export const registrySchema = table('Registry of the multiplexer.', {
  models: listOf('The models, one `[[models]]` each.', model, { minItems: 1 }),
  gpus: optional(listOf('The GPUs, one `[[gpus]]` each.', gpu, { default: [] })),
  multiplexer: optional(policy),
});

export type RegistryFile = Static<typeof registrySchema>;
export type ModelRow = RegistryFile['models'][number];
export type PolicyTable = NonNullable<RegistryFile['multiplexer']>;
