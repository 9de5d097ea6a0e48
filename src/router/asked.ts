/** What do the headers of a request ask beside its body, and how does that tighten the configuration it runs under? */
import { type Ask, type AskedCaps, readAsk } from '#core/anvil-headers';
import { type Failure, isFailure } from '#core/failure';
import { type HarnessSignals, harnessSignals } from '#core/harness-signals';
import type { ModelRequest } from '#core/message';
import type { Hint } from '#core/plan';
import type { BudgetSettings } from '#core/settings';
import type { Tier } from '#core/tier';
import type { Generation } from '#router/exchange';

export interface Asked {
  readonly signals: HarnessSignals;
  readonly ask: Ask | undefined;
  /** The configuration in force, tightened by what the caller asked for; itself when it asked for nothing. */
  readonly generation: Generation;
  readonly hints: readonly Hint[];
}

const NO_HINTS: readonly Hint[] = [];

const least = (own: number | undefined, asked: number | undefined): number | undefined =>
  asked === undefined ? own : Math.min(own ?? asked, asked);

const CAP_NAMES: Readonly<Record<keyof AskedCaps, string>> = {
  requestUsd: 'request-usd',
  requestTokens: 'request-tokens',
  sessionUsd: 'session-usd',
  sessionTokens: 'session-tokens',
};
const CAP_KEYS = Object.keys(CAP_NAMES) as readonly (keyof AskedCaps)[];

const tightenCaps = (own: BudgetSettings, asked: AskedCaps): BudgetSettings => {
  const tightened: { -readonly [key in keyof BudgetSettings]: BudgetSettings[key] } = { ...own };
  for (const key of CAP_KEYS) {
    const cap = least(own[key], asked[key]);
    if (cap !== undefined) tightened[key] = cap;
  }
  return tightened;
};

const capHint = (own: BudgetSettings, asked: AskedCaps): Hint => {
  const named = CAP_KEYS.filter((key) => asked[key] !== undefined);
  const isTighter = named.some((key) => least(own[key], asked[key]) !== own[key]);
  return {
    from: 'x-anvil-budget',
    says: named.map((key) => `${CAP_NAMES[key]}=${asked[key]}`).join(', '),
    taken: isTighter,
    why: isTighter ? 'caps metered tiers beside [router.budgets]' : '[router.budgets] is tighter already',
  };
};

const latencyHint = (maxMs: number): Hint => ({
  from: 'x-anvil-max-latency',
  says: `${maxMs / 1000} s`,
  taken: true,
  why: 'faster tiers come first among equals, and each attempt has no longer for its first byte',
});

const hurried = (tier: Tier, maxMs: number): Tier => ({
  ...tier,
  // Connecting keeps its own deadline: who cannot be reached is noted for all callers, and this one's hurry must not be.
  deadlines: { ...tier.deadlines, firstByteMaxMs: maxMs },
});

const tighten = (generation: Generation, { caps, firstByteMaxMs }: Ask): Generation => {
  const { settings } = generation;
  const budgets = caps === undefined ? settings.budgets : tightenCaps(settings.budgets, caps);
  if (firstByteMaxMs === undefined) return { ...generation, settings: { ...settings, budgets } };
  const tiers = settings.tiers.map((tier) => hurried(tier, firstByteMaxMs));
  const tierById = new Map(tiers.map((tier) => [tier.id, tier]));
  return { ...generation, settings: { ...settings, budgets, tiers, tierById } };
};

/** Reads the marks and wishes of one request. A wish that means nothing is a failure that names its header. */
export const readAsked = (
  request: ModelRequest,
  headers: Pick<Headers, 'get'>,
  generation: Generation,
): Asked | Failure => {
  const header = (name: string) => headers.get(name);
  const ask = readAsk(header, generation.settings);
  if (isFailure(ask)) return ask;
  const signals = harnessSignals(header, request.facts);
  if (ask === undefined) return { signals, ask, generation, hints: NO_HINTS };
  const { caps, firstByteMaxMs } = ask;
  return {
    signals,
    ask,
    generation: caps === undefined && firstByteMaxMs === undefined ? generation : tighten(generation, ask),
    hints: [
      ...(caps === undefined ? [] : [capHint(generation.settings.budgets, caps)]),
      ...(firstByteMaxMs === undefined ? [] : [latencyHint(firstByteMaxMs)]),
    ],
  };
};
