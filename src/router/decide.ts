/** One request against one configuration and the present state of the tiers: the plan, for serving and for /v1/route. */
import { classify } from '#core/classifier';
import { resolveIntent } from '#core/intent';
import type { KeywordTable } from '#core/keywords';
import type { RequestFacts } from '#core/message';
import type { Plan } from '#core/plan';
import { plan } from '#core/policy';
import { verdictFor } from '#core/profile';
import type { World } from '#core/readiness';
import type { WorkClass } from '#core/work-class';
import type { Estimator } from '#router/estimator';
import type { Generation } from '#router/exchange';

export interface DecideInput {
  readonly model: string;
  readonly facts: RequestFacts;
  /** A class declared outside the `model` field. */
  readonly workClassHint?: WorkClass;
}

/** Decides without touching anything: no tier is called, no probe taken, nothing remembered. */
export const decide = (
  input: DecideInput,
  generation: Generation,
  keywords: KeywordTable,
  estimator: Estimator,
  world: World,
): Plan => {
  const { settings, profile } = generation;
  const intent = resolveIntent({
    model: input.model,
    inferred: classify(input.facts, keywords),
    settings,
    verdictOf: (tierId, workClass) => {
      const tier = settings.tierById.get(tierId);
      return tier ? verdictFor(profile, tier, workClass).verdict : 'deny';
    },
    ...(input.workClassHint === undefined ? {} : { workClassHint: input.workClassHint }),
  });
  return plan({
    facts: input.facts,
    intent,
    settings,
    profile,
    estimate: (tier) => estimator.estimate(tier, input.facts),
    world,
  });
};
