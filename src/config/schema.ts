/** Which keys may a configuration file have, what do they mean, and what are they when absent? The one schema. */
import type { Static } from 'typebox';
import {
  amount,
  flag,
  ignored,
  jsonTable,
  listOf,
  looseText,
  namesTo,
  oneOf,
  optional,
  silence,
  table,
  text,
  variableName,
  whole,
} from '#config/kinds';
import { errors } from '#config/schema-errors';
import { swapGroups } from '#config/schema-swap';
import { attempts, breaker, budgets, deadlines, hold, limits, store } from '#config/schema-tables';
import { confidence, continues, repair, resume, verify } from '#config/schema-verification';

/** Short names are those of v0.9 files; the long ones are those of the code. */
export const DIALECT_NAMES = ['openai', 'anthropic', 'openai-chat', 'anthropic-messages', 'openai-responses'] as const;

const tier = table('One model behind one endpoint. Order matters only where presets say so.', {
  id: text('Name of the tier, unique; presets, aliases and pins use it.'),
  base_url: text('Where the engine or provider listens; the dialect appends its path.', {
    pattern: '^[hH][tT][tT][pP][sS]?://',
    rule: 'start with http:// or https://',
    example: '"http://127.0.0.1:30001/v1"',
  }),
  dialect: oneOf(
    'What the endpoint speaks; `openai` is `openai-chat`, `anthropic` is `anthropic-messages`.',
    DIALECT_NAMES,
  ),
  context_limit: whole('Window of the model in real tokens, prompt and answer together.', 1),
  privacy: oneOf('Whether prompts stay on your machines; `cloud` is metered.', ['local', 'cloud']),
  tool_support: flag('Whether the tier can call tools; requests that need tools skip it otherwise.'),
  auth_env: variableName('Variable that holds the key; need not be set for a local tier without one.'),
  model: optional(
    looseText('Model id sent upstream; write it, or a local engine that serves several is ambiguous.', {
      defaultNote: 'asked from a local engine at start',
    }),
  ),
  input: optional(
    listOf(
      'Modalities the model can read; requests with others skip the tier.',
      oneOf('', ['text', 'image', 'document', 'audio']),
      {
        minItems: 1,
        uniqueItems: true,
        defaultNote: 'not declared: constrains nothing',
      },
    ),
  ),
  max_output_tokens: optional(
    whole('Most tokens the model may answer with; larger caps of callers are lowered to it.', 1, {
      defaultNote: 'no cap',
    }),
  ),
  cost_input_per_mtok: optional(amount('USD per million prompt tokens.', { defaultNote: '0, or by `cost_sync`' })),
  cost_output_per_mtok: optional(amount('USD per million answer tokens.', { defaultNote: '0, or by `cost_sync`' })),
  cost_cache_read_per_mtok: optional(
    amount('USD per million prompt tokens read from a cache.', { defaultNote: 'the input price' }),
  ),
  cost_cache_write_per_mtok: optional(
    amount('USD per million prompt tokens written to a cache.', { defaultNote: 'the input price' }),
  ),
  extra_body: optional(jsonTable('Fields forced into every body sent to the tier, over anything the caller said.')),
  extra_body_defaults: optional(jsonTable('Fields set where the body lacks them; `extra_body` wins.')),
  forward: optional(
    listOf('Caller fields that are dropped by default but may reach this tier, `seed` for one.', text(''), {
      uniqueItems: true,
      default: [],
    }),
  ),
  upstream_stream: optional(
    oneOf(
      'Stream from the tier for a caller that does not: `auto` where the answer is verified, so that a bad one stops early.',
      ['auto', 'as-caller', 'always'],
      {
        defaultNote: 'local `auto`, cloud `as-caller`',
      },
    ),
  ),
  stable_prefix: optional(
    flag(
      'Move words that change every turn (billing lines, dates, ids) out of the beginning of the prompt, so that the prefix cache of a local engine hits.',
      { defaultNote: 'local `true`, cloud `false`' },
    ),
  ),
  max_concurrency: optional(
    whole('Requests in flight on the tier; more wait in its queue.', 1, { defaultNote: 'no cap' }),
  ),
  swap_group: optional(
    text('Tiers of one group share a GPU: only one of them is loaded at a time.', {
      defaultNote: 'none: always loaded',
    }),
  ),
  timeout: optional(
    silence('v0.9: longest silence in seconds. Sets first byte and idle of the tier; prefer its `deadlines`.'),
  ),
  engine: optional(looseText('What serves the model, `vllm` for one. Part of the fingerprint.')),
  quantization: optional(looseText('How the weights are quantised. Part of the fingerprint.')),
  params: optional(jsonTable('How the engine was launched. Part of the fingerprint, never sent.')),
  continues,
  deadlines: optional(deadlines('Deadlines of this tier; the rest comes from `[router.deadlines]`.')),
  confidence: optional(confidence),
});

const router = table('Routing: tiers, presets and the rules between them.', {
  mapping_version: text('Your name for this state of the file; callers get it in `x-anvil-mapping`.', {
    example: '"2026-08-01.0"',
  }),
  tiers: listOf('The tiers, one `[[router.tiers]]` each.', tier, { minItems: 1 }),
  swap_groups: optional(swapGroups),
  presets: optional(
    namesTo(
      'Preset name to tier ids in cost order. Names beyond the five are allowed, but have no quality gate.',
      listOf('', text(''), { minItems: 1, uniqueItems: true }),
      {
        default: {},
        example: '["fast-local", "heavy-local"]',
      },
    ),
  ),
  aliases: optional(
    namesTo('Exact names: such a request goes to this tier, never another, and its stream is untouched.', text(''), {
      default: {},
      example: '"heavy-local"',
    }),
  ),
  metered_cloud: optional(
    listOf('Work classes (or their presets) that may cost money on a cloud tier.', text(''), { default: [] }),
  ),
  when_unproven: optional(
    oneOf(
      'When every tier of a class is denied: `refuse`, or `verify` one local answer completely and say so.',
      ['refuse', 'verify'],
      {
        default: 'refuse',
      },
    ),
  ),
  exhaustion_status: optional(
    whole('HTTP status when no tier may serve or all failed, for callers of every dialect.', 400, {
      maximum: 599,
      defaultNote: '503, for Responses callers 400',
    }),
  ),
  response_model: optional(
    oneOf("The answer's `model`: `echo` what was asked for, or the one that `served`.", ['echo', 'served'], {
      default: 'echo',
    }),
  ),
  unknown_model: optional(
    text(
      'Where unknown model names go: `infer` by what is asked, `refuse` with a 404 that lists the names, or the preset named here.',
      { default: 'infer' },
    ),
  ),
  request_class_hints: optional(
    flag(
      'Requests that a harness calls a title, a summary or the like may go to the pool of a cheaper class; exact names never do.',
      { default: true },
    ),
  ),
  verify_local_min: optional(
    flag('v0.9: whether allowed local answers are checked before they leave. Sets `hold.allow` to `all` or `none`.', {
      defaultNote: '`hold.allow` decides',
    }),
  ),
  relay_timeout: optional(silence('v0.9: longest silence of a local tier in seconds; prefer `[router.deadlines]`.')),
  cost_sync: optional(flag('Fetch public prices once a day for tiers that state none.', { default: false })),
  profile_path: optional(
    text('Measured quality profile (JSON); relative to this file.', { defaultNote: 'the built-in verdicts' }),
  ),
  hold: optional(hold),
  verify: optional(verify),
  repair: optional(repair),
  resume: optional(resume),
  deadlines: optional(deadlines('Deadlines of every tier; `[router.tiers.deadlines]` wins.')),
  errors: optional(errors),
  attempts: optional(attempts),
  breaker: optional(breaker),
  budgets: optional(budgets),
  limits: optional(limits),
  store: optional(store),
});

const token = table('A named access token. Two names allow rotation without a pause.', {
  name: text('Name in logs and decision records.'),
  env: variableName('Variable that holds the token.'),
  error_profile: optional(
    text('Profile of `[[router.errors]]` for its callers, where their program needs other words than the rest.', {
      defaultNote: 'none',
    }),
  ),
});

const server = table('The front door.', {
  auth_env: optional(variableName('Variable that holds the access token; it gets the name `default`.')),
  tokens: optional(listOf('More access tokens, one `[[server.tokens]]` each.', token, { default: [] })),
  allow_public_without_auth: optional(
    flag('Allow listening beyond loopback without any token. Anyone who reaches the port can then use your models.', {
      default: false,
    }),
  ),
});

/** `[modes]` of a manifest; in a configuration it is known and not used. */
export const MODES = ['agentic', 'flexibility'] as const;
export type Mode = (typeof MODES)[number];

const modes = table('Which configuration belongs to which mode. Read from the file that `ANVIL_MODES_CONFIG` names.', {
  active_mode: optional(oneOf('Mode when neither `--mode` nor `ANVIL_MODE` says.', MODES, { default: 'agentic' })),
  agentic: optional(text('Configuration for `agentic`; relative to the manifest.')),
  flexibility: optional(text('Configuration for `flexibility`; relative to the manifest.')),
});

const SUBSTRATE = 'For the verbs that manage models and engines; the router does not read it.';

export const configSchema = table('Configuration of anvil-serving.', {
  router,
  server: optional(server),
  modes: optional(modes),
  claude_logs: optional(ignored(SUBSTRATE)),
  hf_extra_roots: optional(ignored(SUBSTRATE)),
  model_dirs: optional(ignored(SUBSTRATE)),
  gpu_index: optional(ignored(SUBSTRATE)),
  served_model_name: optional(ignored(SUBSTRATE)),
});

/** The `[modes]` table of a manifest; its other tables are not looked at. */
export const modesSchema = modes;

export type ConfigFile = Static<typeof configSchema>;
export type RouterTable = ConfigFile['router'];
export type TierTable = RouterTable['tiers'][number];
export type DeadlinesTable = NonNullable<RouterTable['deadlines']>;
export type ModesTable = Static<typeof modes>;
