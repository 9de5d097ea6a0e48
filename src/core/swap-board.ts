/** Which slot, how much memory and who waits, by name? One moment of the scheduler, indexed. */
import type { SlotView, SwapModel, SwapView, Waiter } from '#core/swap';

/** All that wait for one model, taken together. */
export interface Demand {
  /** Arrival of the one that has waited longest. */
  readonly oldest: number;
  /** The best priority among them. */
  readonly priority: number;
  /** Sum of their weights, and of their weights times their arrivals. */
  readonly weights: number;
  readonly moments: number;
}

export interface Board {
  readonly view: SwapView;
  readonly slots: ReadonlyMap<string, SlotView>;
  /** MiB by GPU id; undefined where it is not known. */
  readonly memory: ReadonlyMap<string, number | undefined>;
  /** Who waits for each model, in order of arrival. Never an empty list. */
  readonly queues: ReadonlyMap<string, readonly Waiter[]>;
  readonly demands: ReadonlyMap<string, Demand>;
  /** Slots that may have to leave for a model, or it for them, by its name. Pinned ones are not among them. */
  readonly rivals: ReadonlyMap<string, readonly SlotView[]>;
}

/** How much a request counts beside one of priority 0. */
const weightOf = (priority: number): number => (priority >= 0 ? 1 + priority : 1 / (1 - priority));

const NOBODY: Demand = {
  oldest: Number.POSITIVE_INFINITY,
  priority: Number.NEGATIVE_INFINITY,
  weights: 0,
  moments: 0,
};

const demandOf = (queue: readonly Waiter[]): Demand =>
  queue.reduce<Demand>(
    (sum, { since, priority }) => ({
      oldest: Math.min(sum.oldest, since),
      priority: Math.max(sum.priority, priority),
      weights: sum.weights + weightOf(priority),
      moments: sum.moments + weightOf(priority) * since,
    }),
    NOBODY,
  );

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

const queuesOf = (waiting: readonly Waiter[]): ReadonlyMap<string, readonly Waiter[]> => {
  const queues = new Map<string, Waiter[]>();
  for (const waiter of waiting) {
    const queue = queues.get(waiter.model);
    if (queue === undefined) queues.set(waiter.model, [waiter]);
    else queue.push(waiter);
  }
  return queues;
};

const waitingOn = (waiting: readonly Waiter[]): Pick<Board, 'queues' | 'demands'> => {
  const queues = queuesOf(waiting);
  return { queues, demands: new Map([...queues].map(([name, queue]) => [name, demandOf(queue)])) };
};

export const shareGroup = (one: SwapModel, other: SwapModel): boolean =>
  one.exclusive.some((group) => other.exclusive.includes(group));

/**
 * They share an exclusive group, or a GPU that cannot hold all its models. Wider than "they do not fit together", because
 * a third one may be in the way.
 */
const mayCollide = (contended: ReadonlySet<string>, one: SwapModel, other: SwapModel): boolean =>
  one.name !== other.name &&
  (shareGroup(one, other) || one.gpus.some((gpu) => contended.has(gpu) && other.gpus.includes(gpu)));

export const boardOf = (view: SwapView): Board => {
  const contended = contendedGpus(view);
  const movable = view.slots.filter(({ model }) => !model.pinned);
  return {
    view,
    slots: new Map(view.slots.map((slot) => [slot.model.name, slot])),
    memory: new Map(view.gpus.map(({ id, vramMib }) => [id, vramMib])),
    rivals: new Map(
      view.slots.map(({ model }) => [model.name, movable.filter((other) => mayCollide(contended, model, other.model))]),
    ),
    ...waitingOn(view.waiting),
  };
};

/** The same moment with other waiters, in order of arrival. */
export const withWaiting = (board: Board, waiting: readonly Waiter[]): Board => ({ ...board, ...waitingOn(waiting) });

export const demandFor = (board: Board, { model }: SlotView): Demand => board.demands.get(model.name) ?? NOBODY;

export const rivalsOf = (board: Board, { model }: SlotView): readonly SlotView[] => board.rivals.get(model.name) ?? [];

/** Whether the other one may have to leave for this one; a pinned one never does. */
export const areRivals = (board: Board, one: SwapModel, other: SwapModel): boolean =>
  (board.rivals.get(one.name) ?? []).some(({ model }) => model.name === other.name);

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
