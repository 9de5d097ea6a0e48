/** In which cases does a client wait for its model, and how is the router configured so that it has to? */
import type { Circumstances } from '#scripts/harness/failures';

/** `swap`: another model is on the GPU, which has to go before the client's own is loaded. */
export const WAITS = ['swap'] as const;
export type WaitName = (typeof WAITS)[number];

/** As a small model takes from a fast disk; far beyond what any client calls a slow answer. */
export const LOAD_MS = 12_000;

export const WAIT_CIRCUMSTANCES: Readonly<Record<WaitName, Circumstances>> = {
  swap: { gpu: { loadMs: LOAD_MS }, tables: '\n[router.hold]\nkeepalive_every_seconds = 2\n' },
};

export const PROMPT_OF_WAIT = 'Say hello to the harness, in one sentence.';

export const isWaitName = (name: string): name is WaitName => WAITS.some((wait) => wait === name);
