/** How many tokens do a tier's finished answers have on average, by work class: what an early stop probably spared? */
import type { WorkClass } from '#core/work-class';
import type { Timed } from '#router/latency';

export interface AnswerLengths {
  /** Mean output tokens; undefined before any answer of the class was finished. */
  of(tier: Timed, workClass: WorkClass | undefined): number | undefined;
  /** The same over all tiers: what to expect of one that has not finished an answer of the class yet. */
  ofAny(workClass: WorkClass | undefined): number | undefined;
  learn(tier: Timed, workClass: WorkClass | undefined, outputTokens: number): void;
}

interface Mean {
  readonly count: number;
  readonly mean: number;
}

interface Learned extends Mean {
  /** The serve that answered; another model has another length of breath. */
  readonly fingerprint: string;
}

/** Answers that weigh in a mean; beyond them the newest counts as one of so many, so that the mean follows the times. */
const WEIGHT_MAX = 200;
/** Pairs of tier and class remembered, for configurations that come and go; the one idle longest is forgotten. */
const PAIRS_MAX = 1_024;
/** More than any model says at once; a tier that reports nonsense must not spoil its mean for good. */
const TOKENS_MAX = 1_000_000;

const NOTHING: Mean = { count: 0, mean: 0 };

const withOneMore = ({ count, mean }: Mean, tokens: number): Mean => {
  const weight = Math.min(count + 1, WEIGHT_MAX);
  return { count: weight, mean: mean + (tokens - mean) / weight };
};

export const createAnswerLengths = (): AnswerLengths => {
  const learned = new Map<string, Learned>();
  const byClass = new Map<WorkClass | undefined, Mean>();
  const keyOf = ({ id }: Timed, workClass: WorkClass | undefined): string => `${workClass ?? ''} ${id}`;
  const known = (tier: Timed, workClass: WorkClass | undefined): Learned | undefined => {
    const found = learned.get(keyOf(tier, workClass));
    return found?.fingerprint === tier.fingerprint ? found : undefined;
  };

  return {
    of: (tier, workClass) => known(tier, workClass)?.mean,
    ofAny: (workClass) => byClass.get(workClass)?.mean,
    learn(tier, workClass, outputTokens) {
      if (!(outputTokens > 0 && outputTokens <= TOKENS_MAX)) return;
      const { fingerprint } = tier;
      const mean = withOneMore(known(tier, workClass) ?? NOTHING, outputTokens);
      byClass.set(workClass, withOneMore(byClass.get(workClass) ?? NOTHING, outputTokens));
      const key = keyOf(tier, workClass);
      learned.delete(key);
      learned.set(key, { fingerprint, ...mean });
      if (learned.size <= PAIRS_MAX) return;
      for (const oldest of learned.keys()) {
        learned.delete(oldest);
        break;
      }
    },
  };
};
