/** How long is a prompt on a given tier, judged by what that tier's answers have reported so far? */
import { estimatePrompt, learnRatio, type PromptEstimate, RATIO_START } from '#core/estimate';
import type { RequestFacts, Usage } from '#core/message';
import type { Tier } from '#core/tier';

interface Learned {
  /** The serve that taught the ratio; another model has another tokenizer. */
  readonly fingerprint: string;
  readonly ratio: number;
}

export interface Estimator {
  estimate(tier: Tier, facts: RequestFacts): PromptEstimate;
  /** Learns from the usage an attempt reported. */
  learn(tier: Tier, facts: RequestFacts, usage: Usage): void;
  /** Characters per token now assumed for a tier. */
  ratioOf(tier: Tier): number;
}

/** Keeps one ratio per tier id, so it is bounded by the configuration; a changed fingerprint starts over. */
export const createEstimator = (): Estimator => {
  const learned = new Map<string, Learned>();

  const known = (tier: Tier): number | undefined => {
    const found = learned.get(tier.id);
    return found?.fingerprint === tier.fingerprint ? found.ratio : undefined;
  };

  const ratioOf = (tier: Tier): number => known(tier) ?? RATIO_START;

  return {
    ratioOf,
    estimate: (tier, facts) => estimatePrompt(facts, ratioOf(tier)),
    learn(tier, facts, usage) {
      const ratio = learnRatio(known(tier), facts, usage);
      if (ratio !== undefined) learned.set(tier.id, { fingerprint: tier.fingerprint, ratio });
    },
  };
};
