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

/** One tier's places. Exists only while somebody is inside or waiting. */
interface Room {
  inFlight: number;
  /** In order of arrival. */
  readonly waiting: Set<Waiter>;
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

/** Admission for one router. In memory, no clock but the given one. */
export const createAdmission = (options: { readonly limits: AdmissionLimits; readonly clock: Clock }): Admission => {
  const { clock } = options;
  let limits = options.limits;
  let inside = 0;
  const rooms = new Map<string, Room>();

  const leaveRouter = (): void => {
    inside -= 1;
  };

  const enterRoom = (tierId: string, room: Room): Lease => {
    rooms.set(tierId, room);
    room.inFlight += 1;
    return leaseOf(() => {
      room.inFlight -= 1;
      callNext(tierId, room);
    });
  };

  /** Gives free places to the head of the queue, and forgets a room that nobody uses. */
  const callNext = (tierId: string, room: Room): void => {
    for (const waiter of room.waiting) {
      if (room.inFlight >= waiter.max) return;
      room.waiting.delete(waiter);
      waiter.end(enterRoom(tierId, room));
    }
    if (room.inFlight === 0 && room.waiting.size === 0) rooms.delete(tierId);
  };

  const wait = (tierId: string, room: Room, max: number, signal: AbortSignal): Promise<Lease | Refusal> =>
    new Promise((resolve) => {
      const giveUp = (refusal: Refusal): void => {
        if (!room.waiting.delete(waiter)) return;
        waiter.end(refusal);
        callNext(tierId, room);
      };
      const onAbort = (): void => giveUp('aborted');
      const timer = clock.setTimeout(() => giveUp('timeout'), limits.queueWaitMs);
      const waiter: Waiter = {
        max,
        end(result) {
          clock.clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          resolve(result);
        },
      };
      rooms.set(tierId, room);
      room.waiting.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });

  return {
    enter() {
      if (inside >= limits.concurrencyMax) return 'overloaded';
      inside += 1;
      return leaseOf(leaveRouter);
    },
    acquire(tierId, max, signal) {
      if (signal.aborted) return 'aborted';
      const room = rooms.get(tierId) ?? { inFlight: 0, waiting: new Set() };
      const places = max ?? Number.POSITIVE_INFINITY;
      if (room.waiting.size === 0 && room.inFlight < places) return enterRoom(tierId, room);
      if (room.waiting.size >= limits.queueMax) return 'full';
      return wait(tierId, room, places, signal);
    },
    reconfigure(next) {
      limits = next;
    },
    inFlight: () => inside,
    loadOf(tierId) {
      const room = rooms.get(tierId);
      return room === undefined ? NOBODY : { inFlight: room.inFlight, waiting: room.waiting.size };
    },
  };
};
