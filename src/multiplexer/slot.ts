/** One model's place with all that belongs to it: its actor, its server's keeper, its leases. Who changes it, and who hears? */
import type { Registry, RegistryModel } from '#core/registry';
import type { SlotLease } from '#core/slot-lease';
import type { SlotState, SlotView, SwapReason, SwapTimes, VacatedState } from '#core/swap';
import type { SlotContext, SlotEvent, SlotLimits } from '#machines/slot.machine';
import { createKeeper, type Keeper, type KeeperWorld } from '#multiplexer/keeper';
import { createLeases, type LeaseFacts } from '#multiplexer/leases';
import { createSlotLife } from '#multiplexer/slot-life';

/** A change of a slot; `from` and `to` are the same when a failed one could not be cleared up. */
export interface SlotMove {
  readonly slot: Slot;
  readonly from: SlotState;
  readonly to: SlotState;
  readonly context: SlotContext;
}

/** What the newest vacating was about. */
export interface Vacating {
  readonly why: SwapReason;
  readonly from: SlotState;
  /** Answers cut when the drain limit had passed. */
  readonly cut: number;
}

export interface Slot {
  readonly name: string;
  readonly model: RegistryModel;
  readonly state: SlotState;
  readonly context: SlotContext;
  readonly keeper: Pick<Keeper, 'serveId' | 'lastLoad' | 'lines' | 'busy'>;
  readonly vacating: Vacating;
  /** Why it was loaded last. */
  readonly loadedFor: SwapReason;
  /** Why its server could not be removed, until it is gone; undefined while nothing is in the way. */
  readonly stuckBecause: string | undefined;
  view(times: SwapTimes): SlotView;
  load(why: SwapReason): void;
  drain(to: VacatedState, why: SwapReason, room: string | undefined): void;
  /** Only while ready. */
  grant(id: string, facts: Omit<LeaseFacts, 'origin' | 'model'>): SlotLease;
  settleRoom(): void;
  /** Only while draining: it stays after all. */
  keep(): void;
  /** Tries at once to remove what is left of a failed one. */
  clearUp(): void;
  /** Ends what still holds it. */
  cutAll(reason: string): number;
  /** Watches and drives the server no longer; it runs on. */
  letGo(): void;
  /** Ends the actor. */
  stop(): void;
}

export interface SlotWorld extends Omit<KeeperWorld, 'send'> {
  readonly settings: Registry['settings'];
  /** Called inside a transition: must not throw, nor change this slot. */
  readonly onMove: (move: SlotMove) => void;
  /** After every transition, those included that change no state. The same rules. */
  readonly onTouched: () => void;
}

/** Beyond what the loader and the driver allow themselves: the slot's own limits are there for answers that never come. */
const LOAD_MARGIN_MS = 30_000;
const UNLOAD_MARGIN_MS = 60_000;
/** Falling asleep is tried before stopping, and may take its time. */
const SLEEP_MARGIN_MS = 120_000;

export const limitsOf = ({ serve, sleepLevel }: RegistryModel, settings: Registry['settings']): SlotLimits => ({
  loadMs: serve.loadTimeoutMs + serve.stopMs + LOAD_MARGIN_MS,
  drainMs: settings.drainMs,
  unloadMs: serve.stopMs + UNLOAD_MARGIN_MS + (sleepLevel === undefined ? 0 : SLEEP_MARGIN_MS),
  retryMs: settings.retryMs,
  retryMsMax: settings.retryMsMax,
});

const viewOf = (model: RegistryModel, state: SlotState, context: SlotContext, times: SwapTimes): SlotView => {
  const leaves = state === 'draining' || state === 'unloading';
  const promises = leaves || state === 'empty' || state === 'asleep';
  return {
    model: model.swap,
    times,
    state,
    since: context.since,
    leases: context.leases.length,
    lastUsedAt: context.lastUsedAt,
    ...(state === 'loading' ? { waking: context.waking } : {}),
    ...(context.slept && (state === 'unloading' || state === 'failed') ? { slept: true } : {}),
    ...(leaves ? { leaving: context.leaving } : {}),
    ...(promises && context.room !== undefined ? { vacatedFor: context.room } : {}),
    ...(state === 'failed' ? { retryAt: context.dueAt, stuck: context.stuck } : {}),
  };
};

/** Tells the moves of an actor from its snapshots. */
const createMoves = (slot: () => Slot, world: SlotWorld, onMove: (to: SlotState) => void) => {
  let state: SlotState = 'empty';
  let failure: string | undefined;
  return (to: SlotState, context: SlotContext): void => {
    const from = state;
    const isNews = to !== from || (to === 'failed' && context.lastFailure !== failure);
    state = to;
    failure = context.lastFailure;
    if (isNews) {
      onMove(to);
      world.onMove({ slot: slot(), from, to, context });
    }
    world.onTouched();
  };
};

export const createSlot = (model: RegistryModel, world: SlotWorld): Slot => {
  const { clock } = world.actors;
  const name = model.swap.name;
  const send = (event: SlotEvent): void => life.send(event);
  const keeper = createKeeper(model, { ...world, send });
  const leases = createLeases((lease) => send({ type: 'lease.release', at: clock.now(), lease }));
  let vacating: Vacating = { why: 'operator', from: 'empty', cut: 0 };
  let loadedFor: SwapReason = 'demand';
  const cutLeases = (ids: readonly string[]): void => {
    vacating = { ...vacating, cut: ids.length };
    leases.cut(ids, `${name} had to make room and the answer took longer than the drain limit`);
  };
  const life = createSlotLife({
    name,
    actors: world.actors,
    limits: limitsOf(model, world.settings),
    port: { ...portOf(keeper), cutLeases },
    onSnapshot: createMoves(
      () => slot,
      world,
      (to) => {
        if (to === 'failed') leases.drop();
      },
    ),
    onLost: () => leases.cutAll(`${name} was lost to an internal error`),
  });

  const slot: Slot = {
    name,
    model,
    keeper,
    get state() {
      return life.state;
    },
    get context() {
      return life.context;
    },
    get vacating() {
      return vacating;
    },
    get loadedFor() {
      return loadedFor;
    },
    get stuckBecause() {
      return life.stuckBecause;
    },
    view: (times) => viewOf(model, life.state, life.context, times),
    load(why) {
      loadedFor = why;
      send({ type: 'slot.load', at: clock.now() });
    },
    drain(to, why, room) {
      const from = life.state;
      const leaves = from === 'draining' || from === 'unloading';
      vacating = leaves ? { ...vacating, why } : { why, from, cut: 0 };
      send({ type: 'slot.drain', at: clock.now(), to, room });
    },
    grant(id, facts) {
      send({ type: 'lease.grant', at: clock.now(), lease: id });
      return leases.grant(id, { ...facts, model: name, origin: `http://127.0.0.1:${model.serve.port}` });
    },
    keep: () => send({ type: 'slot.keep', at: clock.now() }),
    settleRoom: () => send({ type: 'room.settled', at: clock.now() }),
    clearUp: () => keeper.beginRemoval(),
    cutAll(reason) {
      const ids = life.context.leases;
      leases.cut(ids, reason);
      return ids.length;
    },
    letGo: () => keeper.letGo(),
    stop: () => life.stop(),
  };
  return slot;
};

const portOf = (keeper: Keeper): Pick<Keeper, 'beginLoad' | 'cancelLoad' | 'beginUnload' | 'beginRemoval'> => ({
  beginLoad: (waking) => keeper.beginLoad(waking),
  cancelLoad: () => keeper.cancelLoad(),
  beginUnload: (to) => keeper.beginUnload(to),
  beginRemoval: () => keeper.beginRemoval(),
});
