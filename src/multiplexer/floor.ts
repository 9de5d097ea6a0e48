/** What belongs to one running multiplexer, and how does it look at this moment to the scheduler? */
import type { Registry } from '#core/registry';
import type { SwapView } from '#core/swap';
import type { History } from '#multiplexer/history';
import type { WaitQueue } from '#multiplexer/queue';
import type { Slot } from '#multiplexer/slot';
import type { Times } from '#multiplexer/times';
import type { MultiplexerWorld } from '#multiplexer/world';

/** Models to be brought up without anybody waiting. */
export interface Wanted {
  /** In the order in which they came. */
  readonly names: readonly string[];
  /** @param firmly it is not given up for another model that took its place: preloaded and never loaded yet */
  add(name: string, firmly: boolean): void;
  has(name: string): boolean;
  isFirm(name: string): boolean;
  remove(name: string): void;
}

export const createWanted = (): Wanted => {
  const names = new Map<string, boolean>();
  return {
    get names() {
      return [...names.keys()];
    },
    add(name, firmly) {
      if (!names.has(name)) names.set(name, firmly);
    },
    has: (name) => names.has(name),
    isFirm: (name) => names.get(name) === true,
    remove(name) {
      names.delete(name);
    },
  };
};

export interface Floor {
  readonly registry: Registry;
  readonly world: MultiplexerWorld;
  /** By name, in the registry's order. */
  readonly slots: ReadonlyMap<string, Slot>;
  readonly queue: WaitQueue;
  readonly history: History;
  readonly times: Times;
  readonly wanted: Wanted;
}

export const viewOf = ({ registry, world, slots, queue, times, wanted }: Floor): SwapView => ({
  now: world.actors.clock.now(),
  gpus: registry.gpus,
  slots: [...slots.values()].map((slot) => slot.view(times.of(slot.name))),
  waiting: queue.waiting,
  wanted: wanted.names,
  policy: registry.settings,
});

/** Ends the waits for one model. */
export const refuseAll = ({ queue, world }: Floor, model: string, result: Parameters<WaitQueue['answer']>[1]): void => {
  for (const { id } of queue.of(model)) {
    if (queue.answer(id, result) && 'refused' in result) {
      world.onEvent({ kind: 'refused', model, refused: result.refused });
    }
  }
};
