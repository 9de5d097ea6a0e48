/** Which tiers may serve this request, in what order, under which checks, and why not the others? One pure call. */
import { estimatePrompt } from '#core/estimate';
import {
  capabilityBarrier,
  type Excluded,
  type Gated,
  type GateInput,
  gatePool,
  meteredBarrier,
  stateBarrier,
  type Weighed,
  weigh,
} from '#core/gates';
import type { Candidate, Exclusion, ExclusionKind, Intent, Plan } from '#core/plan';
import { type Ranked, rank, rankUnproven } from '#core/rank';
import { refuse, refusePin } from '#core/refusal';
import type { Settings } from '#core/settings';
import { stricterHold } from '#core/strictness';
import type { HoldMode, Tier, Verdict } from '#core/tier';

export type PlanInput = GateInput;

/** Exclusions that pass with time. While one holds, a proven tier exists and nothing is served unproven. */
const PASSING: ReadonlySet<ExclusionKind> = new Set(['budget', 'unavailable', 'breaker-open']);

/** The operator's hold mode for the class; where the text asks for a stricter class, the stricter of both. */
const holdByClass = ({ workClass, gateClass }: Intent, settings: Settings): HoldMode | undefined => {
  const { byWorkClass } = settings.hold;
  const declared = workClass === undefined ? undefined : byWorkClass[workClass];
  const gated = gateClass === undefined ? undefined : byWorkClass[gateClass];
  return declared !== undefined && gated !== undefined ? stricterHold(declared, gated) : (declared ?? gated);
};

/**
 * Hold and checks of one candidate, by its own verdict. A cloud tier follows `cloud`. A local `allow` follows the class
 * or `allow`, with the minimal checks. A local `allow-with-verify` gets the full chain, and a class setting may only
 * tighten its hold: whoever wants verified answers to leave earlier says so under `allow-with-verify`. Where nothing is
 * held, nothing is checked: a proof that comes after the bytes could only break the answer.
 */
export const treatmentOf = (
  tier: Tier,
  verdict: Verdict,
  intent: Intent,
  settings: Settings,
): Pick<Candidate, 'hold' | 'checks'> => {
  if (verdict === 'deny') return { hold: 'all', checks: 'full' };
  if (tier.privacy === 'cloud') {
    const hold = settings.hold.cloud;
    return { hold, checks: hold === 'none' ? 'none' : 'full' };
  }
  const own = settings.hold.byVerdict[verdict];
  const byClass = holdByClass(intent, settings);
  if (verdict === 'allow') {
    const hold = byClass ?? own;
    return { hold, checks: hold === 'none' ? 'none' : 'minimal' };
  }
  const hold = byClass === undefined ? own : stricterHold(own, byClass);
  return { hold, checks: hold === 'none' ? 'none' : 'full' };
};

const toCandidate = (entry: Ranked, intent: Intent, settings: Settings, from: string): Candidate => ({
  tier: entry.tier,
  verdict: entry.verdict,
  verdictFrom: from,
  score: entry.ruling.score,
  ...treatmentOf(entry.tier, entry.verdict, intent, settings),
  why: entry.why,
});

const toExclusion = ({ tier, kind, detail }: Excluded): Exclusion => ({ tier, kind, detail });

const promptTokens = (input: PlanInput, tier: Tier | undefined): Plan['promptTokens'] => {
  const [first] = input.intent.pool;
  const measure = tier ?? (first === undefined ? undefined : input.settings.tierById.get(first));
  return measure === undefined ? estimatePrompt(input.facts) : input.estimate(measure);
};

/** One tier, never another, its stream untouched. The metered gate holds for pins; an alias is the operator's own word. */
const planExact = (input: PlanInput): Plan => {
  const { intent, settings, facts } = input;
  const id = intent.pool[0] ?? '';
  const tier = settings.tierById.get(id);
  const refused = (excluded: Excluded): Plan => ({
    intent,
    candidates: [],
    exclusions: [toExclusion(excluded)],
    unproven: false,
    refusal: refusePin(intent, excluded),
    promptTokens: promptTokens(input, tier),
  });
  if (tier === undefined)
    return refused({ tier: id, kind: 'unknown-tier', detail: 'no [[router.tiers]] entry has this id' });
  const weighed = weigh(tier, 0, input);
  const barrier =
    capabilityBarrier(tier, weighed.estimate, facts) ??
    (intent.source === 'pinned' ? meteredBarrier(tier, input) : undefined) ??
    stateBarrier(tier, weighed.estimate, input, undefined);
  if (barrier !== undefined) return refused({ tier: id, ...barrier });
  const { verdict, from, score } = weighed.ruling;
  const why = [intent.source === 'alias' ? 'exact alias' : 'pinned tier', 'never another tier, stream untouched'];
  return {
    intent,
    candidates: [{ tier, verdict, verdictFrom: from, score, hold: 'none', checks: 'none', why }],
    exclusions: [],
    unproven: false,
    promptTokens: weighed.estimate,
  };
};

interface Unproven {
  readonly candidates: readonly Candidate[];
  /** Denied tiers that could not serve at this moment either. */
  readonly exclusions: readonly Excluded[];
}

/**
 * Serving without proof: only where the operator chose it, and only when no proven tier exists. A proven one that is
 * merely busy, broken or over budget right now keeps the gate shut: availability never overrides quality.
 */
const planUnproven = (gated: Gated, input: PlanInput): Unproven => {
  const { settings, intent } = input;
  const isShut = settings.whenUnproven !== 'verify' || gated.exclusions.some(({ kind }) => PASSING.has(kind));
  if (isShut) return { candidates: [], exclusions: [] };
  const ready: Weighed[] = [];
  const exclusions: Excluded[] = [];
  for (const entry of gated.denied) {
    const found = stateBarrier(entry.tier, entry.estimate, input, intent.workClass);
    if (found === undefined) ready.push(entry);
    else exclusions.push({ tier: entry.tier.id, ...found });
  }
  return {
    candidates: rankUnproven(ready).map((entry) => toCandidate(entry, intent, settings, 'unproven')),
    exclusions,
  };
};

const planPool = (input: PlanInput): Plan => {
  const { intent, settings, world } = input;
  const gated = gatePool(input);
  const proven = rank(gated.passed, intent, world).map((entry) =>
    toCandidate(entry, intent, settings, entry.ruling.from),
  );
  const unproven = proven.length > 0 ? { candidates: [], exclusions: [] } : planUnproven(gated, input);
  const candidates = proven.length > 0 ? proven : unproven.candidates;
  const served = new Set(candidates.map(({ tier }) => tier.id));
  const replaced = new Set([...served, ...unproven.exclusions.map(({ tier }) => tier)]);
  const exclusions = [
    ...gated.exclusions.filter((each) => each.kind !== 'denied' || !replaced.has(each.tier)),
    ...unproven.exclusions,
  ];
  return {
    intent,
    candidates,
    exclusions: exclusions.map(toExclusion),
    unproven: unproven.candidates.length > 0,
    ...(candidates.length === 0 ? { refusal: refuse(intent, exclusions) } : {}),
    promptTokens: promptTokens(input, candidates[0]?.tier),
  };
};

/**
 * Decides. Filters the pool, ranks what is left, and says for each tier why it may or may not serve; without a
 * candidate the plan carries the refusal. Deterministic: the same input gives the same plan.
 */
export const plan = (input: PlanInput): Plan => (input.intent.exact ? planExact(input) : planPool(input));
