/** How tests make time pass: a clock that stands still until told to advance, and fires timers in order as it does. */
import type { Clock, TimerHandle } from '#platform/effects';

/** Timers one `advance` may fire before it is taken for an endless loop. */
const FIRED_MAX = 1_000_000;

export interface SimulatedClock extends Clock {
  /**
   * Moves time forward by `ms`, firing every timer that falls due, in due order and then in the order they were set.
   * After each timer all microtasks run to the end, so what a callback starts may set timers that still fall due.
   */
  advance(ms: number): Promise<void>;
  /** Advances to the next timer and fires everything due at that moment. False when no timer is set. */
  advanceToNext(): Promise<boolean>;
  /** Timers set and neither fired nor cleared. */
  readonly pending: number;
  /** Monotonic time of the next timer; undefined when none is set. */
  readonly nextAt: number | undefined;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

const before = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);

/**
 * Waits until every microtask has run and the event loop came round once: real sockets get their turn too, so a clock
 * can be advanced step by step under code that also does I/O.
 */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock at `now` ms (monotonic) and `wall` epoch ms. Also fits XState's `clock` option. */
export const createSimulatedClock = (start: { readonly now?: number; readonly wall?: number } = {}): SimulatedClock => {
  let now = start.now ?? 0;
  const wallOffset = (start.wall ?? Date.UTC(2026, 0, 1)) - now;
  const timers = new Map<number, Timer>();
  let orders = 0;

  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers.values()) if (first === undefined || before(timer, first)) first = timer;
    return first;
  };

  const runUntil = async (target: number): Promise<void> => {
    await settle();
    for (let fired = 0; ; fired++) {
      const timer = next();
      if (timer === undefined || timer.due > target) break;
      if (fired >= FIRED_MAX) throw new Error(`simulated clock: more than ${FIRED_MAX} timers fired in one advance`);
      timers.delete(timer.order);
      now = Math.max(now, timer.due);
      timer.callback();
      await settle();
    }
    now = Math.max(now, target);
  };

  return {
    now: () => now,
    wall: () => now + wallOffset,
    setTimeout: (callback, ms) => {
      // A timer never falls due at the moment it is set: like the real ones, it waits for the next turn.
      const timer: Timer = { due: now + Math.max(0, ms), order: orders++, callback };
      timers.set(timer.order, timer);
      return timer.order;
    },
    clearTimeout: (handle: TimerHandle) => {
      if (typeof handle === 'number') timers.delete(handle);
    },
    advance: (ms) => {
      if (!(ms >= 0)) throw new RangeError(`simulated clock: cannot advance by ${ms} ms`);
      return runUntil(now + ms);
    },
    advanceToNext: async () => {
      const timer = next();
      if (timer === undefined) return false;
      await runUntil(timer.due);
      return true;
    },
    get pending() {
      return timers.size;
    },
    get nextAt() {
      return next()?.due;
    },
  };
};

/** The real clock, for tests whose deadlines guard real sockets but never come due. */
export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as Parameters<typeof clearTimeout>[0]),
};
