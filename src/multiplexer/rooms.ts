/** When is room no longer promised to the model that it was made for, and when may a model stay after all? */
import type { Floor } from '#multiplexer/floor';
import type { Slot } from '#multiplexer/slot';
import type { TimerHandle } from '#platform/effects';

export interface Rooms {
  /** Ends promises that are kept or that nobody needs; to be called whenever anything has changed. */
  settle(): void;
  /** Ends its timers. */
  close(): void;
}

/**
 * Who gives up asks again a moment later more often than not, and must not find that everything has begun anew: a drain
 * goes on for so long with nobody waiting for the room.
 */
const CALL_BACK_AFTER_MS = 5_000;

/** Whether a slot drains for a model that nobody waits for any more, and nobody else could use the room. */
const mayStay = ({ slots, queue }: Floor, { name, state, context, vacating }: Slot): boolean =>
  state === 'draining' &&
  context.room !== undefined &&
  vacating.why !== 'operator' &&
  vacating.why !== 'leaving' &&
  [...slots.values()].every((other) => {
    const served = other.name === name || other.state === 'ready' || other.state === 'loading';
    return served || queue.countOf(other.name) === 0;
  });

/** @param wake has everything looked at again */
export const createRooms = (floor: Floor, wake: () => void): Rooms => {
  const { slots, queue, history, world } = floor;
  const { clock } = world.actors;
  /** Drains that nobody needs; `due` when that has been so for long enough. */
  const idle = new Map<string, { due: boolean; readonly timer: TimerHandle }>();

  const forget = (name: string): void => {
    const found = idle.get(name);
    if (found === undefined) return;
    clock.clearTimeout(found.timer);
    idle.delete(name);
  };
  const notice = (name: string): void => {
    const timer = clock.setTimeout(() => {
      idle.set(name, { due: true, timer });
      wake();
    }, CALL_BACK_AFTER_MS);
    idle.set(name, { due: false, timer });
  };
  const callBack = (slot: Slot): void => {
    const found = idle.get(slot.name);
    if (!mayStay(floor, slot)) forget(slot.name);
    else if (found === undefined) notice(slot.name);
    else if (found.due) {
      forget(slot.name);
      slot.keep();
    }
  };
  const settlePromise = (slot: Slot, room: string): void => {
    const next = slots.get(room)?.state;
    if (next === 'ready') slot.settleRoom();
    else if (next !== 'loading' && queue.countOf(room) === 0) {
      history.missed(room);
      slot.settleRoom();
    }
  };

  return {
    settle() {
      for (const slot of slots.values()) {
        callBack(slot);
        const { state, context } = slot;
        if (context.room === undefined || state === 'draining' || state === 'unloading') continue;
        settlePromise(slot, context.room);
      }
    },
    close() {
      for (const name of [...idle.keys()]) forget(name);
    },
  };
};
