/** Which value does a key of a registry have when the file does not say? In the file's own units. */
import { PATIENCE, SWAP_DEFAULTS } from '#core/swap-defaults';

export const POLICY = {
  wait_bound_seconds: SWAP_DEFAULTS.waitBoundMs / 1000,
  drain_timeout_seconds: SWAP_DEFAULTS.drainMs / 1000,
  swap_worth: SWAP_DEFAULTS.worth,
  queue_max: SWAP_DEFAULTS.queueMax,
  retry_seconds: SWAP_DEFAULTS.retryMs / 1000,
  retry_max_seconds: SWAP_DEFAULTS.retryMsMax / 1000,
} as const;

/** At most so long, where the file does not say: loads that take less are not protected for longer than they take. */
export const PATIENCE_SECONDS = {
  linger: PATIENCE.lingerMs / 1000,
  min_resident: PATIENCE.minResidentMs / 1000,
} as const;

/** Times are guesses until the first load was measured, so they err on the long side. */
export const MODEL = {
  load_seconds: 60,
  wake_seconds: 5,
  /** Not configurable: both end within the grace of a stop. */
  unload_seconds: 5,
  sleep_seconds: 5,
  load_timeout_seconds: 600,
  stop_seconds: 10,
  priority: 0,
  /** What a sleeping engine keeps on the card: the context of CUDA, graphs and buffers. */
  sleep_vram_mib: 2048,
} as const;

/** The card that a model is taken to use where nobody says; v0.9 always said. */
export const ONLY_GPU = '0';
