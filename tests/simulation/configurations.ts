/** A configuration per seed, beside the few facts about it that the invariants are judged by. */
import type { DialectName } from '#core/message';
import { WORK_CLASSES, type WorkClass } from '#core/work-class';
import type { Random } from '#tests/support/random';

/** A tier as the judge knows it, read from nothing that the router computes. */
export interface TierFacts {
  readonly id: string;
  readonly dialect: DialectName;
  readonly cloud: boolean;
  readonly keyed: boolean;
  readonly tools: boolean;
  readonly usdPerMillionInput: number;
  readonly usdPerMillionOutput: number;
}

export interface ConfigurationFacts {
  readonly toml: string;
  /** The quality profile, as its file holds it. */
  readonly profile: string;
  readonly mapping: string;
  readonly tiers: readonly TierFacts[];
  readonly denied: ReadonlySet<string>;
  readonly metered: ReadonlySet<WorkClass>;
  readonly pools: Readonly<Record<string, readonly string[]>>;
  readonly aliases: Readonly<Record<string, string>>;
  readonly whenUnproven: 'refuse' | 'verify';
  readonly holdBytesMax: number;
  readonly budgets: { readonly dayUsd?: number; readonly dayTokens?: number; readonly sessionUsd?: number };
  /** From arrival until the record, and of one attempt, in milliseconds, whatever happens. */
  readonly longestMs: number;
  readonly attemptMs: number;
}

export const PROFILE_PATH = '/simulation/profile.json';
export const CLOUD_KEY = 'cloud-key-of-the-simulation';
export const ENVIRONMENT = { SIM_CLOUD_KEY: CLOUD_KEY };

/** Tokens of an answer that budgets reckon with at most. */
export const EXPECTED_OUTPUT = 4_096;

/** Ids of the tiers that cost money, the same in every configuration. */
export const METERED: ReadonlySet<string> = new Set(['cloud', 'cloud-keyless']);

export const deniedKey = (tier: string, workClass: string): string => `${tier} ${workClass}`;

/** Canonical presets with their class, and one of the operator's own without a class. */
export const PRESET_CLASSES: Readonly<Record<string, WorkClass | undefined>> = {
  chat: 'chat',
  'quick-edit': 'bounded-edit',
  review: 'review',
  planning: 'planning',
  'long-context': 'long-context',
  'house-style': undefined,
};

const DIALECTS: readonly DialectName[] = ['openai-chat', 'anthropic-messages'];
const HOLDS = ['all', 'block', 'none'] as const;

const tierFacts = (random: Random): readonly TierFacts[] => {
  const tier = (id: string, fields: Partial<TierFacts> = {}): TierFacts => ({
    id,
    dialect: random.pick(DIALECTS),
    cloud: false,
    keyed: false,
    tools: true,
    usdPerMillionInput: 0,
    usdPerMillionOutput: 0,
    ...fields,
  });
  const prices = { usdPerMillionInput: 3, usdPerMillionOutput: 15 };
  return [
    tier('small-local', { tools: random.chance(0.5) }),
    tier('fast-local'),
    tier('heavy-local'),
    tier('cloud', { cloud: true, keyed: true, ...prices }),
    tier('cloud-keyless', { cloud: true, ...prices }),
  ];
};

const seconds = (random: Random, least: number, most: number): number =>
  Math.round((least + random.float() * (most - least)) * 10) / 10;

interface Timing {
  readonly totalOfTier: number;
  readonly totalOfRequest: number;
}

/** Tiers of this machine, which take turns on one GPU where a run has one. */
export const GPU_TIERS = ['small-local', 'fast-local', 'heavy-local'] as const;
export const GPU_GROUP = 'gpu';

const gpuToml = (random: Random): string => `
[[router.swap_groups]]
name = "${GPU_GROUP}"
registry = "/simulation/models.toml"
keepalive_after_seconds = ${seconds(random, 0.2, 2)}
`;

export const modelOfTier = (id: string): string => `model-of-${id}`;

const tierToml = (facts: TierFacts, random: Random, { totalOfTier }: Timing, gpu: boolean): string => `
[[router.tiers]]
id = "${facts.id}"
base_url = "http://${facts.id}.simulated/v1"
dialect = "${facts.dialect}"
context_limit = ${facts.id === 'small-local' ? 4_096 : random.pick([32_768, 131_072])}
privacy = "${facts.cloud ? 'cloud' : 'local'}"
tool_support = ${facts.tools}
auth_env = "${facts.keyed ? 'SIM_CLOUD_KEY' : 'SIM_NO_KEY'}"
model = "${modelOfTier(facts.id)}"
${gpu && !facts.cloud ? `swap_group = "${GPU_GROUP}"` : ''}
${random.fork(`engine ${facts.id}`).chance(0.9) ? 'engine = "vllm"' : ''}
cost_input_per_mtok = ${facts.usdPerMillionInput}
cost_output_per_mtok = ${facts.usdPerMillionOutput}
upstream_stream = "${random.pick(['auto', 'as-caller', 'always'])}"
${random.chance(facts.cloud ? 0.7 : 0.4) ? `max_concurrency = ${random.integer(1, 3)}` : ''}
[router.tiers.deadlines]
connect_seconds = ${seconds(random, 0.2, 1)}
first_byte_seconds = ${seconds(random, 0.5, 3)}
first_byte_per_1k_tokens_seconds = ${random.pick([0, 0.2])}
idle_seconds = ${seconds(random, 0.3, 2)}
total_seconds = ${totalOfTier}
`;

const poolsOf = (random: Random, tiers: readonly TierFacts[]): ConfigurationFacts['pools'] =>
  Object.fromEntries(
    Object.keys(PRESET_CLASSES).map((preset) => {
      // Few tiers, so that many callers come to want the same one.
      if (random.chance(0.25)) return [preset, random.pick([['cloud'], ['fast-local', 'cloud'], ['heavy-local']])];
      const order = random.chance(0.6) ? tiers.map(({ id }) => id) : random.shuffle(tiers.map(({ id }) => id));
      const pool = order.filter(() => random.chance(0.75));
      return [preset, pool.length > 0 ? pool : ['heavy-local']];
    }),
  );

interface Verdicts {
  readonly profile: string;
  readonly denied: ReadonlySet<string>;
}

/** A measured row for every pair, so that nothing is left to the seed that ships with the router. */
const verdictsOf = (random: Random, tiers: readonly TierFacts[]): Verdicts => {
  const denied = new Set<string>();
  const hopeless = new Set(WORK_CLASSES.filter(() => random.chance(0.15)));
  const entries = tiers.flatMap(({ id, cloud }) =>
    WORK_CLASSES.map((workClass) => {
      const isDenied = random.chance(0.15) || (hopeless.has(workClass) && !cloud);
      const decision = isDenied ? 'deny' : random.pick(['allow', 'allow-with-verify'] as const);
      if (decision === 'deny') denied.add(deniedKey(id, workClass));
      return { tier_id: id, work_class: workClass, decision, quality_score: random.float(), sample_n: 5 };
    }),
  );
  const document = { schema: 'anvil-serving.router.profile_bootstrap/v2', mode: 'replay', eval_max: 25, entries };
  return { profile: JSON.stringify(document), denied };
};

const holdToml = (random: Random, bytesMax: number): string => {
  const line = (key: string): string => (random.chance(0.6) ? `${key} = "${random.pick(HOLDS)}"\n` : '');
  const keepalive = random.chance(0.5)
    ? `keepalive_after_seconds = ${seconds(random, 0.1, 1)}\nkeepalive_every_seconds = ${seconds(random, 0.2, 1)}\n`
    : '';
  return `[router.hold]\nbytes_max = ${bytesMax}\n${['allow', 'allow-with-verify', 'cloud', 'chat', 'review'].map(line).join('')}${keepalive}`;
};

const limitsToml = (random: Random, { totalOfRequest }: Timing): string => `
[router.attempts]
max = ${random.integer(1, 4)}
reserve_last = ${random.chance(0.5)}
total_seconds = ${totalOfRequest}
[router.breaker]
availability_failures = ${random.pick([1, 3, 10])}
quality_failures = ${random.pick([1, 3, 10])}
availability_window_seconds = 30
quality_window_seconds = 30
cooldown_seconds = ${seconds(random, 0.2, 3)}
cooldown_max_seconds = 12
probe_timeout_seconds = ${seconds(random, 1, 5)}
[router.limits]
concurrency_max = ${random.pick([6, 64])}
queue_max = ${random.integer(0, 4)}
queue_wait_seconds = ${seconds(random, 0.2, 2)}
`;

/** Whether broken answers are mended, asked for again, carried on: by settings and by engines that can. */
const rescuesToml = (random: Random): string => `
[router.repair]
rungs = [${quoted(['mend', 'ask-again'].filter(() => random.chance(0.75)))}]
ask_again_seconds = ${seconds(random, 1, 3)}
[router.resume]
mode = "${random.chance(0.85) ? 'text' : 'off'}"
`;

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

const budgetsOf = (random: Random): ConfigurationFacts['budgets'] => ({
  ...(random.chance(0.5) ? { dayUsd: random.pick([0, 0.1, 0.3, 1]) } : {}),
  ...(random.chance(0.3) ? { dayTokens: random.integer(4_000, 40_000) } : {}),
  ...(random.chance(0.4) ? { sessionUsd: random.integer(5, 20) / 100 } : {}),
});

const budgetsToml = ({ dayUsd, dayTokens, sessionUsd }: ConfigurationFacts['budgets']): string =>
  [
    '[router.budgets]',
    dayUsd === undefined ? '' : `day_usd = ${dayUsd}`,
    dayTokens === undefined ? '' : `day_tokens = ${dayTokens}`,
    sessionUsd === undefined ? '' : `session_usd = ${sessionUsd}`,
  ].join('\n');

/**
 * @param mapping tells the configurations of one run apart; records carry it
 * @param gpu whether the tiers of this machine take turns on one
 */
export const planConfiguration = (random: Random, mapping: string, gpu = false): ConfigurationFacts => {
  const tiers = tierFacts(random);
  const pools = poolsOf(random, tiers);
  const verdicts = verdictsOf(random, tiers);
  const metered = new Set(WORK_CLASSES.filter(() => random.chance(0.5)));
  const whenUnproven = random.pick(['refuse', 'verify'] as const);
  const holdBytesMax = random.pick([4_096, 65_536, 1_048_576]);
  const budgets = budgetsOf(random);
  const timing: Timing = { totalOfTier: seconds(random, 3, 9), totalOfRequest: seconds(random, 4, 15) };
  const aliases = { 'the-fast-one': 'fast-local', 'the-cloud': 'cloud', 'the-small-one': 'small-local' };
  const toml = `
[router]
mapping_version = "${mapping}"
profile_path = "${PROFILE_PATH}"
when_unproven = "${whenUnproven}"
exhaustion_status = ${random.pick([503, 529])}
response_model = "${random.pick(['echo', 'served'])}"
metered_cloud = [${quoted([...metered])}]
${gpu ? gpuToml(random.fork('gpu')) : ''}
${tiers.map((facts) => tierToml(facts, random, timing, gpu)).join('')}
[router.presets]
${Object.entries(pools)
  .map(([preset, pool]) => `${preset} = [${quoted(pool)}]`)
  .join('\n')}
[router.aliases]
${Object.entries(aliases)
  .map(([alias, tier]) => `${alias} = "${tier}"`)
  .join('\n')}
${holdToml(random, holdBytesMax)}${limitsToml(random, timing)}${budgetsToml(budgets)}${rescuesToml(random.fork('rescues'))}
`;
  const longestMs = (timing.totalOfTier + timing.totalOfRequest) * 1000;
  const attemptMs = timing.totalOfTier * 1000;
  const gates = { tiers, metered, pools, aliases, whenUnproven, ...verdicts };
  return { toml, mapping, ...gates, holdBytesMax, budgets, longestMs, attemptMs };
};
