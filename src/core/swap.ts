/** What does the swap scheduler know, and what may it command? Its input and output; the decision is in swap-policy. */
import type { Need } from '#core/slot-lease';

/**
 * A slot is the place that one model takes on its GPUs. `loading` covers waking up as well, `unloading` falling asleep;
 * `failed` rests before it may be tried again.
 */
export type SlotState = 'empty' | 'loading' | 'ready' | 'draining' | 'unloading' | 'asleep' | 'failed';

/** What a slot leaves behind when it is vacated: nothing, or weights kept where waking is cheap. */
export type VacatedState = 'empty' | 'asleep';

export interface SwapGpu {
  readonly id: string;
  /** Memory that models may take, in MiB; absent: not known, so one model at a time. */
  readonly vramMib?: number;
}

/** One model of the registry, as far as swapping goes. All times in milliseconds. */
export interface SwapModel {
  readonly name: string;
  /** Ids of the GPUs it occupies, all of them at once. */
  readonly gpus: readonly string[];
  /** Taken on each of them while loaded, in MiB; absent: it needs them for itself. */
  readonly vramMib?: number;
  /** Kept on each of them while asleep, in MiB; absent: it cannot sleep. */
  readonly asleepMib?: number;
  /** Groups of which one member at most is loaded at a time, however much memory there is. */
  readonly exclusive: readonly string[];
  /** Never vacated to make room for another. */
  readonly pinned: boolean;
  /** Stay after loading during which only a waiter at its bound may have it vacated; absent: as its own load is worth. */
  readonly minResidentMs?: number;
  /** Vacated after so long without a lease; absent: never. */
  readonly idleMs?: number;
  /** Leases at a time; absent: no limit. */
  readonly maxConcurrency?: number;
}

/** How long the changes of one slot take, as measured lately, else as declared. Milliseconds. */
export interface SwapTimes {
  readonly loadMs: number;
  readonly wakeMs: number;
  readonly unloadMs: number;
  readonly sleepMs: number;
}

export interface SlotView {
  readonly model: SwapModel;
  readonly times: SwapTimes;
  readonly state: SlotState;
  /** Clock milliseconds at which it entered this state. */
  readonly since: number;
  /** Requests being served. */
  readonly leases: number;
  /** Clock milliseconds of the newest end of a lease, or of its becoming ready. */
  readonly lastUsedAt: number;
  /** Set while loading: it wakes instead of loading from nothing. */
  readonly waking?: boolean;
  /** Set while unloading from sleep, or stuck after it: it takes what it did asleep. Absent: a whole model until it is gone. */
  readonly slept?: boolean;
  /** Set while draining or unloading: what it will be. */
  readonly leaving?: VacatedState;
  /** Set while draining or unloading, and until that model has been loaded or nobody waits for it: who gets the room. */
  readonly vacatedFor?: string;
  /** Set while failed: clock milliseconds from which it may be tried again. */
  readonly retryAt?: number;
  /** Set while failed: its process could not be removed, so its memory is still taken. */
  readonly stuck?: boolean;
}

/** One request that has no lease yet. */
export interface Waiter {
  readonly id: string;
  readonly model: string;
  /** Clock milliseconds of its arrival. */
  readonly since: number;
  /** Higher goes first among models; within a model arrival decides. 0 is normal. */
  readonly priority: number;
}

export interface SwapPolicy {
  /** From so long a wait on, the request's model is the next to be loaded, whatever it costs. Milliseconds. */
  readonly waitBoundMs: number;
  /** Longest wait for running answers once a slot is drained; then they are cut. Only a bound drains one that has any. */
  readonly drainMs: number;
  /**
   * A loaded model nobody uses is kept for so long while another is asked for: its next request may be on its way.
   * Absent: as the load of the other is worth.
   */
  readonly lingerMs?: number;
  /** Waiting time, in load times of the model waited for, that makes a swap worth its cost. */
  readonly worth: number;
}

/** One moment, complete: the scheduler remembers nothing. */
export interface SwapView {
  /** Clock milliseconds. */
  readonly now: number;
  readonly gpus: readonly SwapGpu[];
  readonly slots: readonly SlotView[];
  /** In order of arrival. */
  readonly waiting: readonly Waiter[];
  /** Models to be loaded without anybody waiting, where there is room: preloaded, or resident before a failure. */
  readonly wanted: readonly string[];
  readonly policy: SwapPolicy;
}

/** Why a slot changes, for metrics, status and `explain`. */
export type SwapReason =
  /** There is room, and somebody waits. */
  | 'demand'
  /** The waiting work is worth the load. */
  | 'worth'
  /** The resident has nothing to do. */
  | 'resident-idle'
  /** A request has reached its bound. */
  | 'bound'
  /** Nobody asked for it for its idle time. */
  | 'idle'
  /** Preloaded, restarted, or brought back after another one failed. */
  | 'wanted'
  /** The operator said so. */
  | 'operator'
  /** The multiplexer leaves. */
  | 'leaving';

export type SwapCommand =
  | { readonly do: 'grant'; readonly waiter: string }
  /** It cannot be served within its bound and one load. */
  | { readonly do: 'refuse'; readonly waiter: string; readonly retryAfterMs: number }
  /** From nothing, or from sleep; its room is free at this moment. */
  | { readonly do: 'load'; readonly model: string; readonly why: SwapReason }
  | {
      readonly do: 'drain';
      readonly model: string;
      readonly to: VacatedState;
      readonly why: SwapReason;
      /** The model that gets the room; absent when nobody needs it. */
      readonly for?: string;
    };

export interface Schedule {
  /** In the order in which they are to be performed. */
  readonly commands: readonly SwapCommand[];
  /** Clock milliseconds at which the decision may change although nothing happens; absent: never. */
  readonly lookAgainAt?: number;
}

/** What a request that came now would find. */
export interface SwapEstimate {
  readonly state: SlotState;
  /** Milliseconds until it would get its lease: 0 when at once, as far as times were measured. */
  readonly readyInMs: number;
  /** What has to happen first. */
  readonly needs: Need;
}
