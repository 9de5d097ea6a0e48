/** How patient is swapping when nobody says otherwise? The values are tuned with `bun run bench:swap`. */
import type { SwapPolicy } from '#core/swap';

export interface SwapDefaults extends SwapPolicy {
  /** Stay of a model after loading that only a waiter at its bound may end. */
  readonly minResidentMs: number;
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
  lingerMs: 3000,
  worth: 1.5,
  minResidentMs: 10_000,
  queueMax: 256,
  retryMs: 5000,
  retryMsMax: 300_000,
};
