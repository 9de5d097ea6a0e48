/** What does the multiplexer promise: leases on models that share GPUs, its state to look at, and an orderly end? */
import type { SlotLease, SlotRefusal, SlotWish } from '#core/slot-lease';
import type { SlotsStatus } from '#core/slots-status';
import type { SwapEstimate, SwapReason } from '#core/swap';

export interface LoadEstimate extends SwapEstimate {
  readonly inFlight: number;
  readonly queued: number;
}

/** What happened, for log and metrics; never content. */
export type MultiplexerEvent =
  | {
      readonly kind: 'loaded';
      readonly model: string;
      readonly ms: number;
      readonly woken: boolean;
      readonly adopted: boolean;
      readonly why: SwapReason;
    }
  | {
      readonly kind: 'vacated';
      readonly model: string;
      readonly to: 'empty' | 'asleep';
      readonly for: string | undefined;
      readonly why: SwapReason;
      readonly drainedMs: number;
      readonly cut: number;
    }
  | { readonly kind: 'load-failed'; readonly model: string; readonly detail: string; readonly lines: readonly string[] }
  | { readonly kind: 'crashed'; readonly model: string; readonly detail: string; readonly lines: readonly string[] }
  | { readonly kind: 'stuck'; readonly model: string; readonly detail: string }
  | { readonly kind: 'refused'; readonly model: string; readonly refused: string }
  | { readonly kind: 'granted'; readonly model: string; readonly waitedMs: number };

export interface Multiplexer {
  /** Names in the registry's order. */
  readonly models: readonly string[];
  /** Takes over what runs already, removes what drifted, loads what is to be preloaded. @throws Error with a remedy when another one holds the registry */
  start(): Promise<void>;
  /** A lease, waited for, or why not. Never rejects. */
  acquire(model: string, wish: SlotWish): Promise<SlotLease | SlotRefusal>;
  /** What a request that came now would find; undefined for an unknown model. */
  estimate(model: string): LoadEstimate | undefined;
  status(): SlotsStatus;
  /** Called after every change, at most once per turn of the event loop. Returns how to stop. */
  onChange(listener: () => void): () => void;
  /** Loads a model as if it had been asked for. Resolves when ready, or with why not. */
  load(model: string, signal: AbortSignal): Promise<SlotRefusal | undefined>;
  /** Drains and vacates it; undefined when done. */
  unload(model: string, signal: AbortSignal): Promise<SlotRefusal | undefined>;
  /** Refuses the new, drains within the limit, then stops every serve; with `keepServes` they run on, to be adopted. Idempotent. */
  stop(keepServes: boolean): Promise<void>;
}
