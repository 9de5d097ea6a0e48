/** How long until a tier would have given an answer that passes, its model's way onto the GPU included? */
import type { Pace, World } from '#core/readiness';
import type { SwapEstimate } from '#core/swap';
import type { Tier } from '#core/tier';
import type { WorkClass } from '#core/work-class';

export interface Expectation {
  /** Until the model could begin, in milliseconds; 0 for one that shares no GPU. */
  readonly readyInMs: number;
  readonly needs: SwapEstimate['needs'];
  /** From then to the end of the answer, in milliseconds. */
  readonly answerMs: number;
  /** Probability that the answer passes its checks: the profile's score. */
  readonly passes: number;
}

/** Assumed until something is learned: what a local model of middle size does. All tiers get the same, so that only facts set them apart. */
const ASSUMED = { firstByteMs: 1_000, tokensPerSecond: 40, answerTokens: 500 } as const satisfies Pace;
/** A score of nothing is an unproven tier, not an impossible one. */
const PASSES_MIN = 0.05;

const answerMs = (pace: Pace): number => {
  const tokens = pace.answerTokens ?? ASSUMED.answerTokens;
  const speed = pace.tokensPerSecond ?? ASSUMED.tokensPerSecond;
  return (pace.firstByteMs ?? ASSUMED.firstByteMs) + (tokens / speed) * 1_000;
};

export const expectationOf = (
  tier: Tier,
  score: number,
  workClass: WorkClass | undefined,
  world: World,
): Expectation => {
  const residency = world.residency(tier);
  return {
    readyInMs: residency?.readyInMs ?? 0,
    needs: residency?.needs ?? 'nothing',
    answerMs: answerMs(world.pace?.(tier, workClass) ?? {}),
    passes: Math.min(1, Math.max(PASSES_MIN, score)),
  };
};

/**
 * Milliseconds per passing answer. Tiers are asked one after the other until one passes, so the expected time of an order is
 * t1 + (1 - p1)(t2 + (1 - p2)(...)); exchanging two neighbours shows that it is least when t/p ascends.
 */
export const timeToPass = ({ readyInMs, answerMs: answer, passes }: Expectation): number =>
  (readyInMs + answer) / passes;

/** A tier asked out of the configured order must save at least so much: estimates are rough. */
const SAVED_SHARE = 0.25;
const SAVED_MS = 2_000;

/**
 * Whether the configured order may stand although another tier would be done sooner.
 * @param own milliseconds per passing answer of the tier whose turn it is
 * @param best the least of all that remain
 */
export const isSoonEnough = (own: number, best: number): boolean =>
  own <= Math.max(best / (1 - SAVED_SHARE), best + SAVED_MS);

const NEEDS: Record<SwapEstimate['needs'], (seconds: string) => string> = {
  nothing: () => 'ready now',
  turn: (seconds) => `ready, its turn in ${seconds}`,
  wake: (seconds) => `awake in ${seconds}`,
  load: (seconds) => `loaded in ${seconds}`,
  swap: (seconds) => `swapped in within ${seconds}`,
  retry: (seconds) => `it failed, back in ${seconds}`,
};

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** The reason as `explain` tells it. */
export const expectationText = (expected: Expectation): string =>
  `about ${inSeconds(timeToPass(expected))} to an answer that passes: ${NEEDS[expected.needs](inSeconds(expected.readyInMs))}, ` +
  `${inSeconds(expected.answerMs)} to answer, passes ${expected.passes.toFixed(2)}`;
