/** How patient is swapping when nobody says otherwise? The values are tuned with `bun run bench:swap`. */
import type { SlotView, SwapPolicy } from '#core/swap';
import { loadMsOf } from '#core/swap-board';

export interface SwapDefaults extends Omit<SwapPolicy, 'lingerMs'> {
  /** Requests waiting, over all models. */
  readonly queueMax: number;
  /** First rest of a model that failed to load or crashed; it doubles up to the maximum. */
  readonly retryMs: number;
  readonly retryMsMax: number;
}

/** All times in milliseconds. */
export const SWAP_DEFAULTS: SwapDefaults = {
  waitBoundMs: 120_000,
  drainMs: 30_000,
  worth: 1.5,
  queueMax: 256,
  retryMs: 5000,
  retryMsMax: 300_000,
};

/**
 * Where nobody says how long a model stays, so long; an unused one no longer than its load, or that of the one asked for, is
 * worth. Milliseconds.
 */
export const PATIENCE = { minResidentMs: 10_000, lingerMs: 3000 } as const;

/** How long a model that has work stays at least after loading, in milliseconds. */
export const stayMsOf = ({ model }: Pick<SlotView, 'model'>): number => model.minResidentMs ?? PATIENCE.minResidentMs;

/** The same for one that nobody uses: no longer than it takes to bring it back. */
export const unusedStayMsOf = ({ model, times }: Pick<SlotView, 'model' | 'times'>): number =>
  model.minResidentMs ??
  Math.min(PATIENCE.minResidentMs, model.asleepMib === undefined ? times.loadMs : Math.min(times.loadMs, times.wakeMs));

/** How long an unused model stays after its last lease while this one is asked for: no longer than that takes to load. */
export const lingerMsFor = (wanted: SlotView, policy: SwapPolicy): number =>
  policy.lingerMs ?? Math.min(PATIENCE.lingerMs, loadMsOf(wanted));
