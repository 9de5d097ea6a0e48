/** Small tiers, settings, requests and worlds for tests of deciding: say only what a test is about. */
import { estimatePrompt } from '#core/estimate';
import type { RequestFacts } from '#core/message';
import type { Classification, Intent } from '#core/plan';
import type { PlanInput } from '#core/policy';
import { buildProfile } from '#core/profile';
import type { World } from '#core/readiness';
import type { HoldSettings, Preset, Settings } from '#core/settings';
import type { Tier } from '#core/tier';
import { type WorkClass, workClassOfPreset } from '#core/work-class';

export const tierOf = (id: string, fields: Partial<Tier> = {}): Tier => ({
  id,
  baseUrl: 'http://127.0.0.1:1',
  dialect: 'openai-chat',
  contextLimit: 32_768,
  privacy: 'local',
  toolSupport: true,
  authEnv: `KEY_${id.toUpperCase().replaceAll('-', '_')}`,
  prices: {},
  forward: [],
  deadlines: { connectMs: 1, firstByteMs: 1, firstBytePer1kTokensMs: 1, idleMs: 1, totalMs: 1 },
  upstreamStream: 'as-caller',
  fingerprint: `print-of-${id}`,
  ...fields,
});

export const FAST = tierOf('fast-local');
export const HEAVY = tierOf('heavy-local', { contextLimit: 131_072 });
export const CLOUD = tierOf('cloud', { privacy: 'cloud', contextLimit: 200_000, prices: { input: 3, output: 15 } });

const HOLD: HoldSettings = {
  byVerdict: { allow: 'block', 'allow-with-verify': 'all' },
  cloud: 'none',
  byWorkClass: {},
  bytesMax: 1_000_000,
  keepaliveEveryMs: 1_000,
};

export interface SettingsFields extends Partial<Omit<Settings, 'presets' | 'aliases' | 'hold' | 'meteredClasses'>> {
  readonly presets?: Readonly<Record<string, readonly string[]>>;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly hold?: Partial<HoldSettings>;
  readonly metered?: readonly WorkClass[];
}

const presetOf = ([name, tiers]: [string, readonly string[]]): [string, Preset] => {
  const workClass = workClassOfPreset(name.toLowerCase());
  return [name.toLowerCase(), { name, tiers, ...(workClass === undefined ? {} : { workClass }) }];
};

/** The presets of v0.9's example with a cloud tier. */
const PRESETS = {
  chat: ['fast-local', 'cloud'],
  'quick-edit': ['fast-local', 'heavy-local', 'cloud'],
  review: ['heavy-local', 'cloud'],
  planning: ['cloud'],
  'long-context': ['heavy-local', 'cloud'],
};

export const settingsOf = (fields: SettingsFields = {}): Settings => {
  const { presets = PRESETS, aliases = {}, hold = {}, metered = [], tiers = [FAST, HEAVY, CLOUD], ...rest } = fields;
  return {
    mappingVersion: 'test',
    digest: '0'.repeat(16),
    errors: { rules: [], rulesOfToken: new Map() },
    whenUnproven: 'refuse',
    responseModel: 'echo',
    costSync: false,
    verify: { off: new Set() },
    repair: { rungs: [], byWorkClass: {}, askAgainMax: 1, askAgainMs: 1 },
    resume: { mode: 'off', byWorkClass: {} },
    breaker: {
      availabilityFailures: 2,
      qualityFailures: 3,
      windowMs: 1,
      cooldownMs: 1,
      cooldownMaxMs: 1,
      probeTimeoutMs: 1,
    },
    attempts: { max: 3, reserveLast: true, totalMs: 1 },
    budgets: {},
    limits: {
      bodyBytesMax: 1,
      jsonDepthMax: 1,
      headerCountMax: 1,
      concurrencyMax: 1,
      queueMax: 1,
      queueWaitMs: 1,
      sessionsMax: 1,
      bodyReadMs: 1,
      drainMs: 1,
    },
    store: { ageMaxDays: 1, bytesMax: 1 },
    server: { tokens: [], allowPublicWithoutAuth: false },
    ...rest,
    tiers,
    tierById: new Map(tiers.map((tier) => [tier.id, tier])),
    swapGroups: rest.swapGroups ?? [],
    presets: new Map(Object.entries(presets).map(presetOf)),
    aliases: new Map(Object.entries(aliases)),
    hold: { ...HOLD, ...hold },
    meteredClasses: new Set(metered),
  };
};

export const factsOf = (text: string, fields: Partial<RequestFacts> = {}): RequestFacts => ({
  maxOutputTokens: undefined,
  lastUserText: text,
  lastTurnIsToolResult: false,
  systemText: '',
  firstUserText: text,
  messageCount: 1,
  chars: { system: 0, messages: text.length, tools: 0 },
  imageCount: 0,
  modalities: [],
  toolNames: [],
  needsTools: false,
  thinkingEnabled: false,
  wantsJson: false,
  ...fields,
});

const ZERO = { usd: 0, tokens: 0 };

/** A world in which everything is up and nothing is spent. */
export const worldOf = (fields: Partial<World> = {}): World => ({
  hasCredential: () => true,
  breaker: () => undefined,
  unavailable: () => undefined,
  residency: () => undefined,
  loadOf: () => ({ inFlight: 0, queued: 0 }),
  spent: { session: ZERO, day: ZERO, dayEndsInMs: 3_600_000 },
  ...fields,
});

export const inferredAs = (workClass: WorkClass, fields: Partial<Classification> = {}): Classification => ({
  workClass,
  confident: true,
  confidence: 0.9,
  evidence: [`${workClass}:test`],
  basis: 'text',
  ...fields,
});

export const SILENT = inferredAs('chat', { confident: false, confidence: 0.3, evidence: ['nothing'], basis: 'shape' });

/** A gated intent over a pool. */
export const intentOf = (pool: readonly string[], fields: Partial<Intent> = {}): Intent => ({
  source: 'declared',
  workClass: 'chat',
  gateClass: fields.workClass ?? 'chat',
  pool,
  exact: false,
  ambiguous: false,
  inferred: SILENT,
  ...fields,
});

export const planInput = (intent: Intent, fields: Partial<PlanInput> = {}): PlanInput => {
  const facts = fields.facts ?? factsOf('hello');
  return {
    facts,
    intent,
    settings: settingsOf(),
    profile: buildProfile(),
    estimate: () => estimatePrompt(facts),
    world: worldOf(),
    ...fields,
  };
};
