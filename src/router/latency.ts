/** How long do a tier's answers take to begin, judged by the newest ones? */
import type { Tier } from '#core/tier';

interface Learned {
  /** The serve that was timed; another model has another speed. */
  readonly fingerprint: string;
  readonly ms: number;
}

/** A tier and what it serves at present. */
export type Timed = Pick<Tier, 'id' | 'fingerprint'>;

export interface Latency {
  /** Milliseconds from asking to the first part of the answer, a moving average; undefined before any was seen. */
  of(tier: Timed): number | undefined;
  learn(tier: Timed, ms: number): void;
  /** The tier had not begun after so long: raises what is known to that, never lowers it. */
  learnAtLeast(tier: Timed, ms: number): void;
}

/** Weight of the newest answer: about the last ten count. */
const STEP = 0.2;

/** Keeps one number per tier id, so it is bounded by the configuration; a changed fingerprint starts over. */
export const createLatency = (): Latency => {
  const learned = new Map<string, Learned>();
  const known = ({ id, fingerprint }: Timed): number | undefined => {
    const found = learned.get(id);
    return found?.fingerprint === fingerprint ? found.ms : undefined;
  };
  const isTime = (ms: number): boolean => ms >= 0 && Number.isFinite(ms);

  return {
    of: known,
    learn(tier, ms) {
      if (!isTime(ms)) return;
      const before = known(tier) ?? ms;
      learned.set(tier.id, { fingerprint: tier.fingerprint, ms: before + STEP * (ms - before) });
    },
    learnAtLeast(tier, ms) {
      if (isTime(ms)) learned.set(tier.id, { fingerprint: tier.fingerprint, ms: Math.max(ms, known(tier) ?? ms) });
    },
  };
};
