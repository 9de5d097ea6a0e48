/** Which slot, how much memory and who waits, by name? One moment of the scheduler, indexed. */
import type { SlotView, SwapGpu, SwapModel, SwapView, Waiter } from '#core/swap';

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
  /** Names of slots that may have to leave for a model, or it for them, by its name. Pinned ones are not among them. */
  readonly rivals: ReadonlyMap<string, ReadonlySet<string>>;
  /** What has been worked out already and does not depend on who waits. */
  readonly known: {
    readonly rivals: Map<string, readonly SlotView[]>;
    readonly boundsMs: Map<string, number>;
    readonly clearMs: Map<string, number>;
  };
  /** What has been worked out already for those who wait: until when each model's room is cleared in time for all. */
  readonly pressed: Map<string, number>;
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

const contendedGpus = (gpus: readonly SwapGpu[], models: readonly SwapModel[]): ReadonlySet<string> => {
  const capacity = new Map(gpus.map(({ id, vramMib }) => [id, vramMib]));
  const wished = new Map<string, number[]>();
  for (const model of models) {
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

type Waiting = Pick<Board, 'queues' | 'demands' | 'pressed'>;

const waitingOn = (waiting: readonly Waiter[]): Waiting => {
  const queues = queuesOf(waiting);
  const demands = new Map([...queues].map(([name, queue]) => [name, demandOf(queue)]));
  return { queues, demands, pressed: new Map() };
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

/** What follows from models and GPUs, whatever they do. */
interface Layout extends Pick<Board, 'memory' | 'rivals'> {
  readonly models: readonly SwapModel[];
}

/** A multiplexer has the same models on the same GPUs at every moment; comparing them is cheaper than working it out. */
const layouts = new WeakMap<readonly SwapGpu[], Layout>();

const layoutOf = ({ gpus, slots }: SwapView): Layout => {
  const found = layouts.get(gpus);
  if (found?.models.length === slots.length && slots.every(({ model }, place) => model === found.models[place])) {
    return found;
  }
  const models = slots.map(({ model }) => model);
  const contended = contendedGpus(gpus, models);
  const movable = models.filter(({ pinned }) => !pinned);
  const rivalNames = (model: SwapModel): ReadonlySet<string> =>
    new Set(movable.filter((other) => mayCollide(contended, model, other)).map(({ name }) => name));
  const layout: Layout = {
    models,
    memory: new Map(gpus.map(({ id, vramMib }) => [id, vramMib])),
    rivals: new Map(models.map((model) => [model.name, rivalNames(model)])),
  };
  layouts.set(gpus, layout);
  return layout;
};

export const boardOf = (view: SwapView): Board => {
  const { memory, rivals } = layoutOf(view);
  return {
    view,
    slots: new Map(view.slots.map((slot) => [slot.model.name, slot])),
    memory,
    rivals,
    known: { rivals: new Map(), boundsMs: new Map(), clearMs: new Map() },
    ...waitingOn(view.waiting),
  };
};

/** The same moment with other waiters, in order of arrival. */
export const withWaiting = (board: Board, waiting: readonly Waiter[]): Board => ({ ...board, ...waitingOn(waiting) });

/** The same moment with one more, who came last. */
export const withNewcomer = (board: Board, newcomer: Waiter): Board => {
  const queue = [...(board.queues.get(newcomer.model) ?? []), newcomer];
  return {
    ...board,
    queues: new Map(board.queues).set(newcomer.model, queue),
    demands: new Map(board.demands).set(newcomer.model, demandOf(queue)),
    pressed: new Map(),
  };
};

export const demandFor = (board: Board, { model }: SlotView): Demand => board.demands.get(model.name) ?? NOBODY;

export const rivalsOf = (board: Board, { model: { name } }: SlotView): readonly SlotView[] => {
  const { known, rivals, view } = board;
  const found = known.rivals.get(name);
  if (found !== undefined) return found;
  const names = rivals.get(name);
  const slots = names === undefined ? [] : view.slots.filter((slot) => names.has(slot.model.name));
  known.rivals.set(name, slots);
  return slots;
};

/** Whether the other one may have to leave for this one; a pinned one never does. */
export const areRivals = (board: Board, one: SwapModel, other: SwapModel): boolean =>
  board.rivals.get(one.name)?.has(other.name) === true;

/** Whether a load could begin as soon as there is room. */
export const isLoadable = ({ state }: SlotView): boolean => state === 'empty' || state === 'asleep';

/** Works a number out once per model. */
export const once = (found: Map<string, number>, { model: { name } }: SlotView, work: () => number): number => {
  const known = found.get(name);
  if (known !== undefined) return known;
  const value = work();
  found.set(name, value);
  return value;
};

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
