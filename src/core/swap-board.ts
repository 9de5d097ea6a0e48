/** Which slot, how much memory and who waits, by name? One moment of the scheduler, indexed. */
import type { SlotView, SwapModel, SwapView, Waiter } from '#core/swap';

export interface Board {
  readonly view: SwapView;
  readonly slots: ReadonlyMap<string, SlotView>;
  /** MiB by GPU id; undefined where it is not known. */
  readonly memory: ReadonlyMap<string, number | undefined>;
  /** Who waits for each model, in order of arrival. Never an empty list. */
  readonly queues: ReadonlyMap<string, readonly Waiter[]>;
  /** GPUs on which not all of their models can be loaded together. */
  readonly contended: ReadonlySet<string>;
}

const contendedGpus = ({ gpus, slots }: SwapView): ReadonlySet<string> => {
  const capacity = new Map(gpus.map(({ id, vramMib }) => [id, vramMib]));
  const wished = new Map<string, number[]>();
  for (const { model } of slots) {
    for (const gpu of model.gpus) {
      const list = wished.get(gpu) ?? [];
      list.push(model.vramMib ?? Number.POSITIVE_INFINITY);
      wished.set(gpu, list);
    }
  }
  const contended = new Set<string>();
  for (const [gpu, list] of wished) {
    const total = list.reduce((sum, mib) => sum + mib, 0);
    if (list.length > 1 && total > (capacity.get(gpu) ?? 0)) contended.add(gpu);
  }
  return contended;
};

export const queuesOf = (waiting: readonly Waiter[]): ReadonlyMap<string, readonly Waiter[]> => {
  const queues = new Map<string, Waiter[]>();
  for (const waiter of waiting) {
    const queue = queues.get(waiter.model);
    if (queue === undefined) queues.set(waiter.model, [waiter]);
    else queue.push(waiter);
  }
  return queues;
};

/** @param waiting those that count, in order of arrival; all of the view when absent */
export const boardOf = (view: SwapView, waiting: readonly Waiter[] = view.waiting): Board => ({
  view,
  slots: new Map(view.slots.map((slot) => [slot.model.name, slot])),
  memory: new Map(view.gpus.map(({ id, vramMib }) => [id, vramMib])),
  queues: queuesOf(waiting),
  contended: contendedGpus(view),
});

/** The same moment with other waiters. */
export const withWaiting = (board: Board, waiting: readonly Waiter[]): Board => ({
  ...board,
  queues: queuesOf(waiting),
});

export const shareGroup = (one: SwapModel, other: SwapModel): boolean =>
  one.exclusive.some((group) => other.exclusive.includes(group));

/**
 * Whether one may have to leave for the other: they share an exclusive group, or a GPU that cannot hold all its models.
 * Wider than "they do not fit together", because a third one may be in the way.
 */
export const areRivals = (board: Board, one: SwapModel, other: SwapModel): boolean =>
  one.name !== other.name &&
  (shareGroup(one, other) || one.gpus.some((gpu) => board.contended.has(gpu) && other.gpus.includes(gpu)));

/** Whether a load could begin as soon as there is room. */
export const isLoadable = ({ state }: SlotView): boolean => state === 'empty' || state === 'asleep';

/** Milliseconds from the start of its load to its first lease. */
export const loadMsOf = ({ state, waking, times }: SlotView): number =>
  state === 'asleep' || waking === true ? times.wakeMs : times.loadMs;

/** The same at worst, whether it sleeps or not by then. */
export const longestLoadMs = ({ model, times }: SlotView): number =>
  model.asleepMib === undefined ? times.loadMs : Math.max(times.loadMs, times.wakeMs);

/** Milliseconds from the last lease to the room being free, whichever way it leaves. */
export const leaveMsOf = ({ model, times }: SlotView): number =>
  model.asleepMib === undefined ? times.unloadMs : Math.max(times.unloadMs, times.sleepMs);

/** Leases that it could give now; 0 unless ready. */
export const freeLeases = ({ state, leases, model }: SlotView): number =>
  state === 'ready' ? Math.max(0, (model.maxConcurrency ?? Number.POSITIVE_INFINITY) - leases) : 0;
