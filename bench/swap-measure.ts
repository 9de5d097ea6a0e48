/** What does a rule of swapping do to a trace: how many swaps, which waits, how much work? */
import type { SwapPolicy } from '#core/swap';
import { SWAP_DEFAULTS } from '#core/swap-defaults';
import { type Outcome, simulate } from '#tests/core/swap-simulator';
import { createRandom } from '#tests/support/random';
import { RULES, type RuleName } from './swap-rules';
import { TRACES, type TraceName } from './swap-traces';

const SEEDS = [20_261_121, 20_261_122, 20_261_123, 20_261_124, 20_261_125] as const;

export interface Measured {
  readonly trace: TraceName;
  readonly rule: RuleName;
  readonly requests: number;
  /** Loads, the first one included. */
  readonly swapsPer100: number;
  readonly waitP50Ms: number;
  readonly waitP95Ms: number;
  readonly waitMaxMs: number;
  readonly servedPerMinute: number;
  readonly refused: number;
  readonly cut: number;
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const SETTINGS: SwapPolicy = SWAP_DEFAULTS;

/** The same requests under one rule, over all seeds. */
export const measure = (
  trace: TraceName,
  rule: RuleName,
  policy: SwapPolicy = SETTINGS,
  minResidentMs?: number,
): Measured => {
  const outcomes: readonly Outcome[] = SEEDS.map((seed) => {
    const made = TRACES[trace].make(createRandom(seed).fork(trace));
    const stay = minResidentMs === undefined ? {} : { minResidentMs };
    const models = made.models.map(({ swap, times }) => ({ times, swap: { ...swap, ...stay } }));
    return simulate({ ...made, models, gpus: [{ id: 'gpu0' }], policy, decide: RULES[rule] });
  });
  const endings = outcomes.flatMap((outcome) => outcome.endings);
  const waits = endings
    .map(({ arrival, grantedAt, endedAt }) => (grantedAt ?? endedAt) - arrival.at)
    .sort((one, other) => one - other);
  const loads = outcomes.flatMap(({ changes }) => changes.filter(({ to }) => to === 'loading')).length;
  const lastedMs = outcomes.reduce(
    (sum, outcome) => sum + Math.max(...outcome.endings.map(({ endedAt }) => endedAt)),
    0,
  );
  const count = (kind: string): number => endings.filter((ending) => ending.kind === kind).length;
  return {
    trace,
    rule,
    requests: endings.length,
    swapsPer100: (100 * loads) / endings.length,
    waitP50Ms: at(waits, 0.5),
    waitP95Ms: at(waits, 0.95),
    waitMaxMs: waits.at(-1) ?? Number.NaN,
    servedPerMinute: (60_000 * count('served')) / lastedMs,
    refused: count('refused'),
    cut: count('cut'),
  };
};
