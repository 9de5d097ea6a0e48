/** Which tiers of a pool may serve, and for each of the others the first reason why not. */
import { capReached, capText } from '#core/budget';
import { isMetered } from '#core/cost';
import { expectedCharge, type Fit, fitOf, type PromptEstimate } from '#core/estimate';
import type { Failure } from '#core/failure';
import type { DialectName, Modality, RequestFacts } from '#core/message';
import type { Exclusion, ExclusionKind, Intent } from '#core/plan';
import { type Profile, type Ruling, verdictFor } from '#core/profile';
import type { World } from '#core/readiness';
import type { Settings } from '#core/settings';
import type { Tier } from '#core/tier';
import type { WorkClass } from '#core/work-class';

export interface GateInput {
  readonly facts: RequestFacts;
  readonly intent: Intent;
  readonly settings: Settings;
  readonly profile: Profile;
  readonly estimate: (tier: Tier) => PromptEstimate;
  readonly world: World;
}

/** A tier on its way through the gates. */
export interface Weighed {
  readonly tier: Tier;
  /** Place in the pool, which is the cost order. */
  readonly position: number;
  readonly estimate: PromptEstimate;
  readonly fit: Fit;
  readonly metered: boolean;
  readonly ruling: Ruling;
  /** Set when the caller's words ask for a stricter class than declared: the verdict there. */
  readonly textRuling?: Ruling;
}

/** Exclusion with what a refusal needs to know about it. */
export interface Excluded extends Exclusion {
  readonly retryAfterMs?: number;
  /** The feature that is missing, for `no-tools` and `no-modality`. */
  readonly feature?: string;
  /** For `over-context`: what the prompt most likely takes, and the tier's window. */
  readonly tokens?: NonNullable<Failure['tokens']>;
}

export interface Gated {
  readonly passed: readonly Weighed[];
  /** Local tiers that only the quality gate keeps out, with their exclusion. */
  readonly denied: readonly Weighed[];
  readonly exclusions: readonly Excluded[];
}

type Barrier = Omit<Excluded, 'tier'>;

const barrier = (
  kind: ExclusionKind,
  detail: string,
  extra: Pick<Excluded, 'retryAfterMs' | 'feature' | 'tokens'> = {},
): Barrier => ({
  kind,
  detail,
  ...extra,
});

const wholeSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/** What a dialect has no block for, whatever the model behind it can take. */
const WITHOUT_FORM: Partial<Record<DialectName, readonly Modality[]>> = { 'anthropic-messages': ['audio'] };

const lackingModality = (tier: Tier, modalities: readonly Modality[]): Modality | undefined =>
  modalities.find((modality) => modality !== 'text' && tier.input !== undefined && !tier.input.includes(modality));

/** What the tier itself cannot do, whatever its quality. */
export const capabilityBarrier = (tier: Tier, estimate: PromptEstimate, facts: RequestFacts): Barrier | undefined => {
  if (estimate.floor > tier.contextLimit) {
    return barrier(
      'over-context',
      `the prompt is at least ${estimate.floor} tokens, the window is ${tier.contextLimit}`,
      { tokens: { prompt: estimate.best, window: tier.contextLimit } },
    );
  }
  if (facts.needsTools && !tier.toolSupport) {
    return barrier('no-tools', 'the request uses tools, the tier has tool_support = false', { feature: 'tools' });
  }
  const unspoken = facts.modalities.find((modality) => WITHOUT_FORM[tier.dialect]?.includes(modality));
  if (unspoken !== undefined) {
    return barrier('no-modality', `the request carries ${unspoken}, for which ${tier.dialect} has no form`, {
      feature: `${unspoken} input`,
    });
  }
  const modality = lackingModality(tier, facts.modalities);
  if (modality === undefined) return undefined;
  const feature = `${modality} input`;
  return barrier(
    'no-modality',
    `the request carries ${modality}, the tier declares input = [${tier.input?.join(', ')}]`,
    {
      feature,
    },
  );
};

/** Cloud tiers serve only the classes that the operator opened for money; a custom preset has no class to open. */
export const meteredBarrier = (tier: Tier, { intent, settings }: GateInput): Barrier | undefined => {
  if (tier.privacy !== 'cloud') return undefined;
  const { workClass } = intent;
  if (workClass !== undefined && settings.meteredClasses.has(workClass)) return undefined;
  const remedy =
    workClass === undefined
      ? 'a custom preset has no work class that [router] metered_cloud could list; use an alias for direct access'
      : `list ${workClass} in [router] metered_cloud to allow it`;
  return barrier('metered', `cloud tier not opened for ${workClass ?? 'a preset without a class'}; ${remedy}`);
};

/**
 * What may change while nothing is reconfigured: key, budget, reachability, breaker. `breakerClass` names the quality
 * breaker to ask; without it the availability breaker alone counts.
 */
export const stateBarrier = (
  tier: Tier,
  estimate: PromptEstimate,
  input: GateInput,
  breakerClass: WorkClass | undefined,
): Barrier | undefined => {
  const { world, settings, facts } = input;
  if (tier.privacy === 'cloud' && !world.hasCredential(tier.id)) {
    return barrier('uncredentialed', `no key: set the environment variable ${tier.authEnv}`);
  }
  if (isMetered(tier)) {
    const reached = capReached(settings.budgets, world.spent, expectedCharge(tier, estimate, facts));
    if (reached !== undefined) {
      const wait = reached.opensInMs === undefined ? {} : { retryAfterMs: reached.opensInMs };
      return barrier('budget', capText(reached), wait);
    }
  }
  const absence = world.unavailable(tier.id);
  if (absence !== undefined) return barrier('unavailable', absence.reason, { retryAfterMs: absence.retryAfterMs });
  const breaker = world.breaker(tier.id, breakerClass);
  if (breaker?.state !== 'open') return undefined;
  const { retryAfterMs } = breaker;
  return barrier('breaker-open', `breaker open, next probe in ${wholeSeconds(retryAfterMs)} s`, { retryAfterMs });
};

const deniedText = (ruling: Ruling, workClass: string): string =>
  `denied for ${workClass} (${ruling.from}, score ${ruling.score.toFixed(2)})`;

/** Weighs one tier without judging it yet. */
export const weigh = (tier: Tier, position: number, input: GateInput): Weighed => {
  const { intent, profile, facts } = input;
  const { workClass, gateClass } = intent;
  const estimate = input.estimate(tier);
  const isTightened = gateClass !== undefined && gateClass !== workClass;
  return {
    tier,
    position,
    estimate,
    fit: fitOf(tier, estimate, facts),
    metered: isMetered(tier),
    ruling: verdictFor(profile, tier, workClass),
    ...(isTightened ? { textRuling: verdictFor(profile, tier, gateClass) } : {}),
  };
};

/**
 * A denial that rests on the caller's words alone, not on the declared class, keeps a tier out only while another one
 * is left: a heuristic may make serving stricter, never impossible.
 */
const applyTextDenials = (passed: readonly Weighed[], gateClass: string): Pick<Gated, 'passed' | 'exclusions'> => {
  const kept = passed.filter(({ textRuling }) => textRuling?.verdict !== 'deny');
  if (kept.length === 0 || kept.length === passed.length) return { passed, exclusions: [] };
  const exclusions = passed.flatMap(({ tier, textRuling }): Excluded[] =>
    textRuling?.verdict === 'deny'
      ? [{ tier: tier.id, kind: 'denied', detail: `${deniedText(textRuling, gateClass)}, which the text asks for` }]
      : [],
  );
  return { passed: kept, exclusions };
};

/**
 * Filters the pool in a fixed order: duplicate, unknown, context, tools, modality, metered, denied, credential, budget,
 * reachability, breaker. Each tier is excluded once, by its first barrier.
 */
export const gatePool = (input: GateInput): Gated => {
  const { intent, settings } = input;
  const seen = new Set<string>();
  const passed: Weighed[] = [];
  const denied: Weighed[] = [];
  const exclusions: Excluded[] = [];
  for (const [position, id] of intent.pool.entries()) {
    const exclude = (found: Barrier): unknown => exclusions.push({ tier: id, ...found });
    const tier = settings.tierById.get(id);
    if (seen.has(id)) exclude(barrier('duplicate', 'listed twice; the first place counts'));
    else if (tier === undefined) exclude(barrier('unknown-tier', 'no [[router.tiers]] entry has this id'));
    else {
      const weighed = weigh(tier, position, input);
      const fixed = capabilityBarrier(tier, weighed.estimate, input.facts) ?? meteredBarrier(tier, input);
      const isDenied = fixed === undefined && weighed.ruling.verdict === 'deny';
      if (isDenied && tier.privacy === 'local') denied.push(weighed);
      const found =
        fixed ??
        (isDenied
          ? barrier('denied', deniedText(weighed.ruling, intent.workClass ?? 'this preset'))
          : stateBarrier(tier, weighed.estimate, input, intent.workClass));
      if (found === undefined) passed.push(weighed);
      else exclude(found);
    }
    seen.add(id);
  }
  const afterText = applyTextDenials(passed, intent.gateClass ?? '');
  return { passed: afterText.passed, denied, exclusions: [...exclusions, ...afterText.exclusions] };
};
