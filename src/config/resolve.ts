/** What does a valid configuration mean once every default is applied? */
import { isTable } from '#config/check';
import { ATTEMPTS, BREAKER, HOLD, LIMITS, STORE } from '#config/defaults';
import { toMs } from '#config/durations';
import { resolveErrors } from '#config/resolve-errors';
import { resolveSwapGroups } from '#config/resolve-swap';
import { resolveTier } from '#config/resolve-tier';
import { perWorkClass, resolveRepair, resolveResume, resolveVerify } from '#config/resolve-verification';
import { DEFAULT_TOKEN, workClassNamed } from '#config/rules';
import type { ConfigFile, Mode, RouterTable } from '#config/schema';
import type {
  AttemptSettings,
  BreakerSettings,
  BudgetSettings,
  HoldSettings,
  LimitSettings,
  Preset,
  ServerSettings,
  Settings,
} from '#core/settings';
import type { HoldMode, Tier } from '#core/tier';
import { workClassOfPreset } from '#core/work-class';

export interface ResolveInput {
  /** The file as plain data, without complaint from `checkShape` and `checkRules`. */
  readonly file: ConfigFile;
  /** The same as parsed, with integers as `bigint`. */
  readonly document: unknown;
  readonly digest: string;
  readonly path: string | undefined;
  readonly mode: Mode | undefined;
  readonly profilePath: string | undefined;
  readonly storePath: string | undefined;
  /** Where a path written in the file leads. */
  readonly besideFile: (path: string) => string;
  /** Limits that the environment sets; the file wins. */
  readonly limitsOfEnv: { readonly body_bytes_max?: number; readonly concurrency_max?: number };
  readonly sha256: (text: string) => string;
}

export const resolveSettings = (input: ResolveInput): Settings => {
  const { router } = input.file;
  const tiers = router.tiers.map((tier, index) =>
    resolveTier(tier, { router, mode: input.mode, sha256: input.sha256, parsed: parsedTier(input.document, index) }),
  );
  return {
    mappingVersion: router.mapping_version,
    digest: input.digest,
    ...(input.path === undefined ? {} : { path: input.path }),
    ...(input.mode === undefined ? {} : { mode: input.mode }),
    tiers,
    tierById: new Map(tiers.map((tier) => [tier.id, tier])),
    swapGroups: resolveSwapGroups(router, input.besideFile),
    presets: resolvePresets(router),
    aliases: new Map(Object.entries(router.aliases ?? {}).map(([name, tier]) => [name.toLowerCase(), tier])),
    meteredClasses: new Set((router.metered_cloud ?? []).map(workClassNamed).filter((name) => name !== undefined)),
    errors: resolveErrors(input.file),
    ...(router.verify_local_min === undefined ? {} : { verifyLocalMin: router.verify_local_min }),
    whenUnproven: router.when_unproven ?? 'refuse',
    responseModel: router.response_model ?? 'echo',
    ...resolveUnknownModel(router),
    ...(router.request_class_hints === undefined ? {} : { requestClassHints: router.request_class_hints }),
    costSync: router.cost_sync ?? false,
    ...(input.profilePath === undefined ? {} : { profilePath: input.profilePath }),
    hold: resolveHold(router),
    verify: resolveVerify(router),
    repair: resolveRepair(router),
    resume: resolveResume(router),
    breaker: resolveBreaker(router),
    attempts: resolveAttempts(router, tiers),
    budgets: resolveBudgets(router),
    limits: resolveLimits(router, input.limitsOfEnv),
    store: resolveStore(router, input.storePath),
    server: resolveServer(input.file.server),
  };
};

const parsedTier = (document: unknown, index: number): Readonly<Record<string, unknown>> => {
  const router = isTable(document) ? document.router : undefined;
  const tiers = isTable(router) ? router.tiers : undefined;
  const tier: unknown = Array.isArray(tiers) ? tiers[index] : undefined;
  return isTable(tier) ? tier : {};
};

/** Inferring needs no word of its own. */
const resolveUnknownModel = ({ unknown_model }: RouterTable): Pick<Settings, 'unknownModel'> =>
  unknown_model === undefined || unknown_model.toLowerCase() === 'infer'
    ? {}
    : { unknownModel: unknown_model.toLowerCase() };

/** Of two spellings of one name the first counts; a warning says so. */
const resolvePresets = (router: RouterTable): ReadonlyMap<string, Preset> => {
  const presets = new Map<string, Preset>();
  for (const [name, tiers] of Object.entries(router.presets ?? {})) {
    const key = name.toLowerCase();
    const workClass = workClassOfPreset(key);
    if (!presets.has(key)) presets.set(key, { name, tiers, ...(workClass === undefined ? {} : { workClass }) });
  }
  return presets;
};

/** `verify_local_min = true` was v0.9's word for "hold local answers", `false` for "let them stream". */
const holdOfAllow = (verifyLocalMin: boolean | undefined): HoldMode => {
  if (verifyLocalMin === undefined) return 'block';
  return verifyLocalMin ? 'all' : 'none';
};

const resolveHold = (router: RouterTable): HoldSettings => {
  const hold = router.hold ?? {};
  return {
    byVerdict: {
      allow: hold.allow ?? holdOfAllow(router.verify_local_min),
      'allow-with-verify': hold['allow-with-verify'] ?? 'all',
    },
    cloud: hold.cloud ?? 'none',
    byWorkClass: perWorkClass(hold),
    bytesMax: hold.bytes_max ?? HOLD.bytes_max,
    ...(hold.keepalive_after_seconds === undefined ? {} : { keepaliveAfterMs: toMs(hold.keepalive_after_seconds) }),
    keepaliveEveryMs: toMs(hold.keepalive_every_seconds ?? HOLD.keepalive_every_seconds),
  };
};

const resolveBreaker = (router: RouterTable): BreakerSettings => {
  const breaker = { ...BREAKER, ...router.breaker };
  return {
    availabilityFailures: breaker.availability_failures,
    qualityFailures: breaker.quality_failures,
    windowMs: toMs(breaker.availability_window_seconds),
    qualityWindowMs: toMs(breaker.quality_window_seconds),
    cooldownMs: toMs(breaker.cooldown_seconds),
    cooldownMaxMs: toMs(breaker.cooldown_max_seconds),
    probeTimeoutMs: toMs(breaker.probe_timeout_seconds),
  };
};

/** By default no tier's own total is cut short by the total of the request. */
const resolveAttempts = (router: RouterTable, tiers: readonly Tier[]): AttemptSettings => {
  const { max, reserve_last, total_seconds } = router.attempts ?? {};
  const longestMs = Math.max(toMs(ATTEMPTS.total_seconds), ...tiers.map(({ deadlines }) => deadlines.totalMs));
  return {
    max: max ?? ATTEMPTS.max,
    reserveLast: reserve_last ?? ATTEMPTS.reserve_last,
    totalMs: total_seconds === undefined ? longestMs : toMs(total_seconds),
  };
};

const resolveBudgets = ({ budgets = {} }: RouterTable): BudgetSettings => ({
  ...(budgets.session_usd === undefined ? {} : { sessionUsd: budgets.session_usd }),
  ...(budgets.session_tokens === undefined ? {} : { sessionTokens: budgets.session_tokens }),
  ...(budgets.day_usd === undefined ? {} : { dayUsd: budgets.day_usd }),
  ...(budgets.day_tokens === undefined ? {} : { dayTokens: budgets.day_tokens }),
});

const resolveLimits = (router: RouterTable, limitsOfEnv: ResolveInput['limitsOfEnv']): LimitSettings => {
  const limits = { ...LIMITS, ...limitsOfEnv, ...router.limits };
  return {
    bodyBytesMax: limits.body_bytes_max,
    jsonDepthMax: limits.json_depth_max,
    headerCountMax: limits.header_count_max,
    concurrencyMax: limits.concurrency_max,
    queueMax: limits.queue_max,
    queueWaitMs: toMs(limits.queue_wait_seconds),
    sessionsMax: limits.sessions_max,
    bodyReadMs: toMs(limits.body_read_seconds),
    drainMs: toMs(limits.drain_seconds),
  };
};

const resolveStore = (router: RouterTable, path: string | undefined): Settings['store'] => ({
  ...(path === undefined ? {} : { path }),
  ageMaxDays: router.store?.age_days_max ?? STORE.age_days_max,
  bytesMax: (router.store?.size_mib_max ?? STORE.size_mib_max) * 1024 * 1024,
});

const resolveServer = (server: ConfigFile['server']): ServerSettings => ({
  tokens: [
    ...(server?.auth_env === undefined ? [] : [{ name: DEFAULT_TOKEN, env: server.auth_env }]),
    ...(server?.tokens ?? []).map(({ name, env }) => ({ name, env })),
  ],
  allowPublicWithoutAuth: server?.allow_public_without_auth ?? false,
});
