/** What does a multiplexer say of itself? The document of `GET /v1/slots` and of each event of `/v1/slots/events`. */
import type { Need } from '#core/slot-lease';
import type { SlotState, SwapReason, VacatedState } from '#core/swap';

export interface SlotStatus {
  readonly model: string;
  readonly state: SlotState;
  readonly gpus: readonly string[];
  /** Milliseconds in this state. */
  readonly state_ms: number;
  readonly leases: number;
  readonly waiting: number;
  readonly oldest_wait_ms: number;
  /** Until a request that comes now would be served, and what has to happen first. */
  readonly ready_in_ms: number;
  readonly needs: Need;
  /** Measured lately, else as declared. */
  readonly load_ms: number;
  readonly wake_ms: number;
  readonly vram_mib: number | null;
  readonly pinned: boolean;
  readonly leaving?: VacatedState;
  readonly vacated_for?: string;
  /** Container id or process id. */
  readonly serve?: string;
  readonly loads: number;
  readonly crashes: number;
  readonly last_failure?: string;
  /** Until a failed one may be tried again. */
  readonly retry_in_ms?: number;
  /** The last lines of its server, while it loads or has failed. */
  readonly lines?: readonly string[];
}

export interface QueueEntry {
  readonly request: string;
  readonly model: string;
  /** From 0, among all that wait for this model. */
  readonly position: number;
  readonly waited_ms: number;
  /** Until the request's bound; 0 when passed. */
  readonly bound_in_ms: number;
}

export interface SwapNote {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly out: string | null;
  readonly in: string | null;
  readonly why: SwapReason;
  /** Waited for running answers. */
  readonly drained_ms: number;
  /** Answers that did not end in time. */
  readonly cut: number;
}

export interface SlotsStatus {
  readonly object: 'slots';
  /** Epoch milliseconds. */
  readonly at: number;
  readonly state: 'starting' | 'serving' | 'leaving';
  /** Digest of the registry file that is in force, as it was read at the start. */
  readonly registry?: string;
  readonly gpus: readonly { readonly id: string; readonly vram_mib: number | null; readonly taken_mib: number }[];
  readonly slots: readonly SlotStatus[];
  /** The first of those that wait, in order of arrival. */
  readonly queue: readonly QueueEntry[];
  readonly waiting: number;
  readonly swaps: {
    readonly total: number;
    readonly by_reason: Readonly<Partial<Record<SwapReason, number>>>;
    /** Answers cut because a drain lasted too long. */
    readonly cut: number;
    /** Newest first. */
    readonly last: readonly SwapNote[];
  };
}
