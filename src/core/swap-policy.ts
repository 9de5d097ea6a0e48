/** Who gets a lease, what is loaded and what is vacated at this moment? The scheduler: pure, without memory. */
import type { Schedule, SlotView, SwapCommand, SwapView, Waiter } from '#core/swap';
import { areRivals, type Board, boardOf, freeLeases, isLoadable, withWaiting } from '#core/swap-board';
import { fits, type Occupant } from '#core/swap-fit';
import { refusalsOf } from '#core/swap-refusals';
import { type Departure, makeRoom, type Rooms } from '#core/swap-room';
import { isUnserved, oldestSince, unusedStayEndsAt } from '#core/swap-worth';

/** Whether a slot that makes room still gives this request a lease: it was loaded for it, or it came before the others. */
const isStillDue = (board: Board, { slot, patient, for: wanted }: Departure, { since }: Waiter): boolean =>
  since <= slot.since || (patient && since < oldestSince(board, wanted));

/**
 * Leases in order of arrival within a model. A slot that makes room gives none, except to those for whom it was loaded:
 * otherwise two models at their bound could take turns at loading without serving anybody.
 */
const grants = (board: Board, departures: readonly Departure[]): readonly SwapCommand[] =>
  board.view.slots.flatMap((slot) => {
    const departure = departures.find((one) => one.slot === slot);
    return (board.queues.get(slot.model.name) ?? [])
      .slice(0, freeLeases(slot))
      .filter((waiter) => departure === undefined || isStillDue(board, departure, waiter))
      .map(({ id }): SwapCommand => ({ do: 'grant', waiter: id }));
  });

/** When a ready slot has been unused for its idle time; infinite when it has none, or is used. */
const unusedAt = (board: Board, slot: SlotView): number =>
  slot.state !== 'ready' || slot.model.idleMs === undefined || slot.leases > 0 || board.queues.has(slot.model.name)
    ? Number.POSITIVE_INFINITY
    : Math.max(unusedStayEndsAt(slot), slot.lastUsedAt + slot.model.idleMs);

const unused = (board: Board, departures: readonly Departure[]): readonly SlotView[] =>
  board.view.slots.filter(
    (slot) => unusedAt(board, slot) <= board.view.now && !departures.some((departure) => departure.slot === slot),
  );

/** Wanted models for which there is room that nobody who waits could use. */
const broughtBack = (board: Board, { present, later }: Rooms): readonly SlotView[] => {
  const now: Occupant[] = [...present];
  const soon: Occupant[] = [...later];
  return board.view.wanted.flatMap((name) => {
    const slot = board.slots.get(name);
    if (slot === undefined || !isLoadable(slot) || board.queues.has(name)) return [];
    const needed = board.view.slots.some(
      (other) => isUnserved(board, other) && areRivals(board, slot.model, other.model),
    );
    if (needed || ![now, soon].every((occupants) => fits(slot.model, occupants, board.memory))) return [];
    now.push({ model: slot.model, loaded: true });
    soon.push({ model: slot.model, loaded: true });
    return [slot];
  });
};

const vacated = ({ slot, to, why, for: wanted }: Departure): SwapCommand => ({
  do: 'drain',
  model: slot.model.name,
  to,
  why,
  for: wanted.model.name,
});

const rested = ({ model }: SlotView): SwapCommand => ({
  do: 'drain',
  model: model.name,
  to: model.asleepMib === undefined ? 'empty' : 'asleep',
  why: 'idle',
});

/**
 * Decides everything that can be decided at this moment. Performing the commands and asking again at the same moment
 * yields nothing more, so it may be called after every event. Promises, each with its test in `docs/design/swap-policy.md`:
 * order within a model, memory never exceeded, bounds kept or refused, minimum stays ended only for a bound.
 */
export const schedule = (view: SwapView): Schedule => {
  const all = boardOf(view);
  const refusals = refusalsOf(all);
  const board = refusals.commands.length === 0 ? all : withWaiting(all, refusals.remaining);
  const rooms = makeRoom(board);
  const commands: readonly SwapCommand[] = [
    ...refusals.commands,
    ...grants(board, rooms.departures),
    ...rooms.departures.filter(({ patient }) => !patient).map(vacated),
    ...unused(board, rooms.departures).map(rested),
    ...rooms.loads.map(({ slot, why }): SwapCommand => ({ do: 'load', model: slot.model.name, why })),
    ...broughtBack(board, rooms).map(({ model }): SwapCommand => ({ do: 'load', model: model.name, why: 'wanted' })),
  ];
  const moments = [refusals.nextAt, ...rooms.turning, ...view.slots.map((slot) => unusedAt(board, slot))];
  const lookAgainAt = moments.reduce(
    (first, at) => (at > view.now ? Math.min(first, at) : first),
    Number.POSITIVE_INFINITY,
  );
  return lookAgainAt === Number.POSITIVE_INFINITY ? { commands } : { commands, lookAgainAt };
};
