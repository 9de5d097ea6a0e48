/** How does a request hold a loaded model, and why may it be refused one? */

/** What has to happen before a model answers. The words are part of what multiplexers and routers tell each other. */
export const NEEDS = { nothing: true, turn: true, wake: true, load: true, swap: true, retry: true } as const;
export type Need = keyof typeof NEEDS;

/** A loaded model held for one request, so that it is not swapped away below it. */
export interface SlotLease {
  readonly model: string;
  /** Where it answers: `http://127.0.0.1:PORT`, without a path. */
  readonly origin: string;
  /** Milliseconds from asking to getting it. */
  readonly waitedMs: number;
  /** What had to happen first. */
  readonly needed: Need;
  /** Aborted when a drain lasted too long and the answer has to end now; its reason says so. */
  readonly cut: AbortSignal;
  /** Gives it back; later calls do nothing. */
  release(): void;
}

export type SlotRefusalKind =
  | 'unknown-model'
  /** As many requests wait as may. */
  | 'queue-full'
  /** It cannot be served within its bound and one load. */
  | 'wait-limit'
  /** The model could not be loaded. */
  | 'load-failed'
  /** There is not enough host memory to load it. */
  | 'no-memory'
  /** The multiplexer leaves, or cannot be reached. */
  | 'unavailable'
  /** The caller went away. */
  | 'aborted';

export interface SlotRefusal {
  readonly refused: SlotRefusalKind;
  /** Safe to show: what happened and what to do. No addresses, no keys. */
  readonly message: string;
  /** When asking again can help, in milliseconds. */
  readonly retryAfterMs?: number;
  /** How many wait before it, for `queue-full` and `wait-limit`. */
  readonly position?: number;
  /** The last lines of the model's server, for the operator. */
  readonly lines?: readonly string[];
}

export const isSlotRefusal = (value: SlotLease | SlotRefusal): value is SlotRefusal => 'refused' in value;

/** How a multiplexer tells the caller of its front door that a drain has cut the answer; a router knows it by these words. */
export const CUT_WORDS = 'the answer was cut: its model had to go and the time to finish was over';

export interface SlotWish {
  readonly requestId: string;
  /** Ends the wait when the caller goes away. */
  readonly signal: AbortSignal;
  /** Higher goes first; 0 is normal. */
  readonly priority?: number;
}
