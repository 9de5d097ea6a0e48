/** What follows from a change of one slot: who is told, whose wait ends, and what is to be brought back? */
import { fits } from '#core/swap-fit';
import { refuseBlocked } from '#multiplexer/blocked';
import { type Floor, refuseAll } from '#multiplexer/floor';
import { inTheWay, loadFailed } from '#multiplexer/refusals';
import type { SlotMove } from '#multiplexer/slot';

const UNKNOWN = 'no reason was given';

const retryInMs = ({ world }: Floor, { context }: SlotMove): number =>
  Math.max(1, Math.ceil(context.dueAt - world.actors.clock.now()));

const loaded = (floor: Floor, { slot }: SlotMove): void => {
  const { world, history, wanted } = floor;
  const { ms, woken, adopted } = slot.keeper.lastLoad ?? { ms: 0, woken: false, adopted: false };
  const why = slot.loadedFor;
  history.loaded(slot.name, why);
  world.onEvent({ kind: 'loaded', model: slot.name, ms, woken, adopted, why });
  wanted.remove(slot.name);
  if (why === 'wanted') return;
  // It was asked for; those it has displaced are not brought back behind it unless they are asked for as well.
  const memory = new Map(floor.registry.gpus.map(({ id, vramMib }) => [id, vramMib]));
  for (const name of wanted.names) {
    const other = floor.slots.get(name)?.model.swap;
    if (other === undefined || other.pinned || wanted.isFirm(name)) continue;
    if (!fits(other, [{ model: slot.model.swap, loaded: true }], memory)) wanted.remove(name);
  }
};

const failedToLoad = (floor: Floor, move: SlotMove): void => {
  const { slot, context } = move;
  const detail = context.lastFailure ?? UNKNOWN;
  const lines = slot.keeper.lines();
  floor.world.onEvent({ kind: 'load-failed', model: slot.name, detail, lines });
  refuseAll(floor, slot.name, loadFailed(slot.name, detail, lines, retryInMs(floor, move)));
  for (const name of floor.history.missed(slot.name)) {
    if (floor.slots.get(name)?.vacating.from === 'ready') floor.wanted.add(name, false);
  }
};

const crashed = (floor: Floor, { slot, from, context }: SlotMove): void => {
  const detail = context.lastFailure ?? UNKNOWN;
  floor.history.crashed(slot.name);
  floor.world.onEvent({ kind: 'crashed', model: slot.name, detail, lines: slot.keeper.lines() });
  if (from === 'ready') floor.wanted.add(slot.name, false);
};

const vacated = (floor: Floor, { slot, to, context }: SlotMove): void => {
  const { why, from, cut } = slot.vacating;
  if (from !== 'ready' && from !== 'asleep') return;
  const drainedMs = Math.round(context.drainedMs);
  floor.history.vacated({ model: slot.name, why, drainedMs, cut }, context.room);
  floor.world.onEvent({
    kind: 'vacated',
    model: slot.name,
    to: to === 'asleep' ? 'asleep' : 'empty',
    for: context.room,
    why,
    drainedMs,
    cut,
  });
};

const stuck = (floor: Floor, move: SlotMove): void => {
  const { slot, from, context } = move;
  if (from === 'unloading') floor.history.cutOnly(slot.vacating.cut);
  if (!context.stuck) return;
  const detail = context.lastFailure ?? UNKNOWN;
  floor.world.onEvent({ kind: 'stuck', model: slot.name, detail });
  const retryMs = retryInMs(floor, move);
  for (const name of new Set([slot.name, ...(context.room === undefined ? [] : [context.room])])) {
    refuseAll(floor, name, inTheWay(name, slot.name, detail, retryMs));
  }
  refuseBlocked(floor);
};

const followerOf = ({ from, to }: SlotMove): ((floor: Floor, move: SlotMove) => void) | undefined => {
  // Otherwise it drained and stays after all.
  if (to === 'ready') return from === 'loading' ? loaded : undefined;
  if (from === 'unloading' && (to === 'empty' || to === 'asleep')) return vacated;
  if (to !== 'failed') return undefined;
  if (from === 'loading' || from === 'empty') return failedToLoad;
  return from === 'unloading' || from === 'failed' ? stuck : crashed;
};

export const followMove = (floor: Floor, move: SlotMove): void => followerOf(move)?.(floor, move);
