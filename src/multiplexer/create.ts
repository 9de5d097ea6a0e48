/** How is a multiplexer put together and run: from the lock on its registry to the last server stopped? */
import type { Registry } from '#core/registry';
import type { SlotLease, SlotRefusal, SlotWish } from '#core/slot-lease';
import { estimate } from '#core/swap-estimate';
import { blockedBy } from '#multiplexer/blocked';
import { createWanted, type Floor, refuseAll, viewOf } from '#multiplexer/floor';
import { createHistory } from '#multiplexer/history';
import type { LoadEstimate, Multiplexer } from '#multiplexer/multiplexer';
import { createQueue } from '#multiplexer/queue';
import { aborted, inTheWay, leaving, notStarted, queueFull, unknownModel } from '#multiplexer/refusals';
import { createSlot, limitsOf, type Slot } from '#multiplexer/slot';
import { statusOf } from '#multiplexer/status';
import { createSwapper, type Swapper } from '#multiplexer/swapper';
import { takeOver } from '#multiplexer/take-over';
import { createTimes } from '#multiplexer/times';
import type { MultiplexerWorld } from '#multiplexer/world';

export interface MultiplexerOptions extends MultiplexerWorld {
  readonly registry: Registry;
}

/** `new` before start. */
type Life = 'new' | 'starting' | 'serving' | 'leaving';

/** Beyond the limits of the slots themselves, for the last attempt to remove a stuck server. */
const LEAVING_MARGIN_MS = 30_000;

const createFloor = (options: MultiplexerOptions, swapper: () => Swapper): Floor => {
  const { registry, ...world } = options;
  const { clock } = world.actors;
  const times = createTimes(registry.models, world.state);
  const slots = new Map<string, Slot>();
  for (const model of registry.models) {
    const slot = createSlot(model, {
      ...world,
      settings: registry.settings,
      onMove: (move) => swapper().noteMove(move),
      onTouched: () => swapper().wake(),
      onMeasured: (name, ms) => times.record(model.swap.name, name, ms),
    });
    slots.set(slot.name, slot);
  }
  return {
    registry,
    world,
    slots,
    queue: createQueue(clock, () => swapper().wake()),
    history: createHistory(clock),
    times,
    wanted: createWanted(),
  };
};

/** Tells listeners at most once per turn of the event loop. */
const createListeners = ({ actors: { clock }, onBug }: Pick<MultiplexerWorld, 'actors' | 'onBug'>) => {
  const listeners = new Set<() => void>();
  let due = false;
  return {
    tell(): void {
      if (due || listeners.size === 0) return;
      due = true;
      clock.setTimeout(() => {
        due = false;
        for (const listener of [...listeners]) {
          try {
            listener();
          } catch (error) {
            onBug?.('a listener of the multiplexer', error);
          }
        }
      }, 0);
    },
    add(listener: () => void): () => void {
      const own = (): void => listener();
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
  };
};

const estimateOf = (floor: Floor, model: string): LoadEstimate | undefined => {
  const found = estimate(viewOf(floor), model);
  const slot = floor.slots.get(model);
  if (found === undefined || slot === undefined) return undefined;
  return { ...found, inFlight: slot.context.leases.length, queued: floor.queue.countOf(model) };
};

const retryAfterMs = (readyInMs: number, most: number): number =>
  Math.max(1000, Math.min(most, Number.isFinite(readyInMs) ? Math.ceil(readyInMs) : most));

/** Puts a request into the queue and has it decided at once. */
const admit = (floor: Floor, swapper: Swapper, model: string, wish: SlotWish, byOperator: boolean) => {
  const { registry, queue, slots, world } = floor;
  const { queueMax, waitBoundMs } = registry.settings;
  const found = estimateOf(floor, model);
  const priority = wish.priority ?? slots.get(model)?.model.priority ?? 0;
  const needed = found?.needs ?? 'load';
  const { request, answer } = queue.add({ model, wish, priority, needed, byOperator });
  swapper.turn();
  // One that could be served at once has gone by now, however long the queue for others is.
  if (queue.size > queueMax && queue.get(request.id) !== undefined) {
    const position = queue.positionOf(request);
    const retryMs = retryAfterMs(found?.readyInMs ?? waitBoundMs, waitBoundMs);
    queue.answer(request.id, queueFull(model, queueMax, position, retryMs));
    world.onEvent({ kind: 'refused', model, refused: 'queue-full' });
    swapper.wake();
  }
  return answer;
};

const isOut = ({ state, keeper }: Slot): boolean => state === 'empty' || (state === 'failed' && !keeper.busy);

/** Drains and stops every server, all at once; what would not go gets one more try. */
const clearAll = async (floor: Floor, swapper: Swapper): Promise<void> => {
  const all = [...floor.slots.values()];
  const { settings } = floor.registry;
  const unloadMs = Math.max(0, ...all.map(({ model }) => limitsOf(model, settings).unloadMs));
  const allOut = (): boolean => all.every(isOut);
  for (const slot of all) {
    if (slot.state !== 'empty' && slot.state !== 'failed') slot.drain('empty', 'leaving', undefined);
  }
  await swapper.until(allOut, undefined, settings.drainMs + unloadMs + LEAVING_MARGIN_MS);
  for (const slot of all) if (slot.state === 'failed' && slot.context.stuck) slot.clearUp();
  await swapper.until(allOut, undefined, unloadMs);
};

/** Lets running answers end within the drain limit, cuts the rest, and leaves the servers to a later life. */
const leaveAll = async (floor: Floor, swapper: Swapper): Promise<void> => {
  const all = [...floor.slots.values()];
  const noneHeld = (): boolean => all.every(({ context }) => context.leases.length === 0);
  await swapper.until(noneHeld, undefined, floor.registry.settings.drainMs);
  for (const slot of all) {
    floor.history.cutOnly(slot.cutAll('the multiplexer leaves and the answer took longer than the drain limit'));
  }
  for (const slot of all) slot.letGo();
};

/**
 * Models that share GPUs, as the registry says. Nothing happens before `start`.
 * @throws Error when the registry names a model twice
 */
export const createMultiplexer = (options: MultiplexerOptions): Multiplexer => {
  const floor: Floor = createFloor(options, () => swapper);
  const { slots, world, registry } = floor;
  const listeners = createListeners(world);
  const swapper: Swapper = createSwapper(floor, listeners.tell);
  const names = [...slots.keys()];
  if (names.length !== registry.models.length) throw new Error(`${registry.path}: a model is named twice`);
  let life: Life = 'new';
  const ends = new AbortController();
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  const begin = async (): Promise<void> => {
    if (ends.signal.aborted) throw new Error('multiplexer: it was stopped and does not start again; make a new one');
    world.state.open();
    life = 'starting';
    floor.times.restore();
    await world.sweep?.(ends.signal);
    await takeOver(floor, ends.signal);
    if (ends.signal.aborted) return;
    for (const { swap, preload } of registry.models) if (preload) floor.wanted.add(swap.name, true);
    life = 'serving';
    swapper.begin();
  };
  const end = async (keepServes: boolean): Promise<void> => {
    const wasNew = life === 'new';
    life = 'leaving';
    ends.abort();
    swapper.halt();
    for (const name of names) refuseAll(floor, name, leaving());
    await starting?.catch(() => undefined);
    if (!wasNew) await (keepServes ? leaveAll(floor, swapper) : clearAll(floor, swapper));
    for (const slot of slots.values()) slot.stop();
    swapper.close();
    world.state.close();
  };
  const refusal = (model: string, wish: SlotWish): SlotRefusal | undefined => {
    if (!slots.has(model)) return unknownModel(model, names);
    if (life === 'leaving') return leaving();
    if (life === 'new') return notStarted();
    return wish.signal.aborted ? aborted(model) : undefined;
  };
  const ask = async (model: string, wish: SlotWish, byOperator: boolean): Promise<SlotLease | SlotRefusal> => {
    const refused = refusal(model, wish) ?? blockedBy(floor, model);
    if (refused === undefined) return admit(floor, swapper, model, wish, byOperator);
    world.onEvent({ kind: 'refused', model: slots.has(model) ? model : '', refused: refused.refused });
    return refused;
  };

  return {
    models: names,
    start: () => {
      starting ??= begin();
      return starting;
    },
    acquire: (model, wish) => ask(model, wish, false),
    estimate: (model) => estimateOf(floor, model),
    status: () => statusOf(floor, life === 'serving' || life === 'leaving' ? life : 'starting'),
    onChange: listeners.add,
    async load(model, signal) {
      const result = await ask(model, { requestId: 'operator', signal }, true);
      return 'refused' in result ? result : undefined;
    },
    async unload(model, signal) {
      const refused = refusal(model, { requestId: 'operator', signal });
      const slot = slots.get(model);
      if (refused !== undefined || slot === undefined) return refused ?? unknownModel(model, names);
      floor.wanted.remove(model);
      if (slot.state !== 'failed') slot.drain('empty', 'operator', undefined);
      else if (slot.context.stuck) slot.clearUp();
      if (!(await swapper.until(() => isOut(slot), signal))) return signal.aborted ? aborted(model) : leaving();
      const { context } = slot;
      if (slot.state === 'empty' || !context.stuck) return undefined;
      return inTheWay(model, model, context.lastFailure ?? 'it is still there', registry.settings.retryMs);
    },
    stop: (keepServes) => {
      stopping ??= end(keepServes);
      return stopping;
    },
  };
};
