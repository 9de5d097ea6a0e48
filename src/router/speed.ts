/** How fast do a tier's answers come once they have begun, judged by the newest ones? */
import type { AttemptRecord } from '#core/decision';
import type { Timed } from '#router/latency';

export interface Speed {
  /** Output tokens per second from the first part on, a moving average; undefined before any answer was long enough. */
  of(tier: Timed): number | undefined;
  learn(tier: Timed, attempt: Timing): void;
}

/** What of an attempt tells its speed. */
export type Timing = Pick<AttemptRecord, 'outcome' | 'firstPartMs' | 'endedMs' | 'usage'>;

interface Learned {
  /** The serve that was timed; another model has another speed. */
  readonly fingerprint: string;
  readonly tokensPerSecond: number;
}

/** Weight of the newest answer: about the last ten count. */
const STEP = 0.2;
/** Shorter answers, in tokens and in milliseconds, tell more of packets and timers than of the model. */
const TOKENS_MIN = 16;
const SPAN_MS_MIN = 200;
/** Faster than any model; what claims more has counted tokens that came before the first part. */
const TOKENS_PER_SECOND_MAX = 20_000;

/**
 * Tokens per second of a finished answer; undefined when it tells nothing. A tier that answers in one piece has no time
 * between its first part and its end; one that counts thinking it does not show seems faster than it is.
 */
export const speedOf = ({ outcome, firstPartMs, endedMs, usage }: Timing): number | undefined => {
  if (outcome !== 'served' || firstPartMs === undefined || usage === undefined || usage.estimated) return undefined;
  const spanMs = endedMs - firstPartMs;
  if (!(usage.output >= TOKENS_MIN && spanMs >= SPAN_MS_MIN)) return undefined;
  const tokensPerSecond = (usage.output * 1_000) / spanMs;
  return tokensPerSecond > 0 && tokensPerSecond <= TOKENS_PER_SECOND_MAX ? tokensPerSecond : undefined;
};

/**
 * Keeps one number per tier id, so it is bounded by the configuration; a changed fingerprint starts over. What is averaged
 * is time per token: a slow answer counts by the time it took, and one that seems fast cannot hide ten that were not.
 */
export const createSpeed = (): Speed => {
  const learned = new Map<string, Learned>();
  const known = ({ id, fingerprint }: Timed): number | undefined => {
    const found = learned.get(id);
    return found?.fingerprint === fingerprint ? found.tokensPerSecond : undefined;
  };

  return {
    of: known,
    learn(tier, attempt) {
      const newest = speedOf(attempt);
      if (newest === undefined) return;
      const before = known(tier) ?? newest;
      const secondsPerToken = (1 - STEP) / before + STEP / newest;
      learned.set(tier.id, { fingerprint: tier.fingerprint, tokensPerSecond: 1 / secondsPerToken });
    },
  };
};
