/** Is there room for one more request: in the router as a whole, and on one tier, now or after a short wait? */
import type { LimitSettings } from '#core/settings';
import type { Clock } from '#platform/effects';

/** A place taken. Whoever holds it releases it exactly once in effect: later calls do nothing. */
export interface Lease {
  release(): void;
}

/** Why no place was given: the queue is at its length limit, the wait at its time limit, or the caller gave up. */
export type Refusal = 'full' | 'timeout' | 'aborted';

export type AdmissionLimits = Pick<LimitSettings, 'concurrencyMax' | 'queueMax' | 'queueWaitMs'>;

export interface TierLoad {
  readonly inFlight: number;
  readonly waiting: number;
}

export interface Admission {
  /** Takes one of the `concurrencyMax` places of the router. Never waits. */
  enter(): Lease | 'overloaded';
  /**
   * Takes one of the `max` places of a tier (undefined: no limit). Answers at once when a place is free, when the
   * queue is full, or when the signal is aborted already; otherwise waits in order of arrival for at most
   * `queueWaitMs`. Each waiter keeps the `max` it came with. A lease may arrive just before an abort is seen: its
   * holder still releases it.
   */
  acquire(tierId: string, max: number | undefined, signal: AbortSignal): Lease | Refusal | Promise<Lease | Refusal>;
  /** New limits for those who come from now on; nobody inside or waiting is sent away. */
  reconfigure(limits: AdmissionLimits): void;
  /** Requests in the router. */
  inFlight(): number;
  loadOf(tierId: string): TierLoad;
}

interface Waiter {
  readonly max: number;
  /** Ends the wait with a lease or a refusal. */
  readonly end: (result: Lease | Refusal) => void;
}

/** One tier's places and the queue for them. */
interface Room {
  readonly load: TierLoad;
  acquire(max: number, limits: AdmissionLimits, signal: AbortSignal): Lease | Refusal | Promise<Lease | Refusal>;
}

const NOBODY: TierLoad = { inFlight: 0, waiting: 0 };

/** A lease whose first release runs `leave`. */
const leaseOf = (leave: () => void): Lease => {
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      leave();
    },
  };
};

/** `onEmpty` is called whenever the last one inside leaves and nobody waits. */
const createRoom = (clock: Clock, onEmpty: () => void): Room => {
  let inFlight = 0;
  /** In order of arrival. */
  const waiting = new Set<Waiter>();

  const enter = (): Lease => {
    inFlight += 1;
    return leaseOf(() => {
      inFlight -= 1;
      callNext();
    });
  };

  /** Gives free places to the head of the queue. */
  const callNext = (): void => {
    for (const waiter of waiting) {
      if (inFlight >= waiter.max) return;
      waiting.delete(waiter);
      waiter.end(enter());
    }
    if (inFlight === 0) onEmpty();
  };

  const wait = (max: number, waitMs: number, signal: AbortSignal): Promise<Lease | Refusal> =>
    new Promise((resolve) => {
      const giveUp = (refusal: Refusal): void => {
        if (!waiting.delete(waiter)) return;
        waiter.end(refusal);
        callNext();
      };
      const onAbort = (): void => giveUp('aborted');
      const timer = clock.setTimeout(() => giveUp('timeout'), waitMs);
      const waiter: Waiter = {
        max,
        end(result) {
          clock.clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          resolve(result);
        },
      };
      waiting.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });

  return {
    get load() {
      return { inFlight, waiting: waiting.size };
    },
    acquire(max, limits, signal) {
      if (waiting.size === 0 && inFlight < max) return enter();
      if (waiting.size >= limits.queueMax) return 'full';
      return wait(max, limits.queueWaitMs, signal);
    },
  };
};

/** Admission for one router. In memory, no clock but the given one. */
export const createAdmission = (options: { readonly limits: AdmissionLimits; readonly clock: Clock }): Admission => {
  let limits = options.limits;
  let inside = 0;
  /** Rooms in use; a tier that nobody uses has none, so tiers that a reload removed leave nothing behind. */
  const rooms = new Map<string, Room>();

  const leaveRouter = (): void => {
    inside -= 1;
  };
  const roomOf = (tierId: string): Room => {
    const existing = rooms.get(tierId);
    if (existing !== undefined) return existing;
    const room = createRoom(options.clock, () => rooms.delete(tierId));
    rooms.set(tierId, room);
    return room;
  };

  return {
    enter() {
      if (inside >= limits.concurrencyMax) return 'overloaded';
      inside += 1;
      return leaseOf(leaveRouter);
    },
    acquire(tierId, max, signal) {
      if (signal.aborted) return 'aborted';
      return roomOf(tierId).acquire(max ?? Number.POSITIVE_INFINITY, limits, signal);
    },
    reconfigure(next) {
      limits = next;
    },
    inFlight: () => inside,
    loadOf: (tierId) => rooms.get(tierId)?.load ?? NOBODY,
  };
};
