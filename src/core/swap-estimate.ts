/** How long would a request that came now wait for its lease, and what would have to happen first? */
import type { SlotView, SwapEstimate, SwapView } from '#core/swap';
import { areRivals, type Board, boardOf, freeLeases, leaveMsOf, loadMsOf, withNewcomer } from '#core/swap-board';
import { stayMsOf } from '#core/swap-defaults';
import { cheapestRoom, fits, laterOccupantOf, occupantOf, occupantsOf } from '#core/swap-fit';
import { makeRoom } from '#core/swap-room';
import { boundMsOf, forcedAt, idleAt, isUnserved, oldestSince, stayEndsAt, worthAt } from '#core/swap-worth';

/** Id of the request that is imagined; no real one is empty. */
const IMAGINED = '';

/** How long running answers are expected to take when nothing is known of them: half of what they may. */
const drainExpectedMs = ({ view }: Board, { leases }: SlotView): number => (leases > 0 ? view.policy.drainMs / 2 : 0);

/** Milliseconds until a change under way is over, as far as it has been measured. */
const remainingMs = (board: Board, slot: SlotView): number => {
  const passed = board.view.now - slot.since;
  if (slot.state === 'loading') return Math.max(0, loadMsOf(slot) - passed);
  const leaving = slot.leaving === 'asleep' ? slot.times.sleepMs : slot.times.unloadMs;
  if (slot.state === 'unloading') return Math.max(0, leaving - passed);
  if (slot.state === 'draining') return Math.max(0, drainExpectedMs(board, slot) - passed) + leaving;
  return 0;
};

/** Milliseconds until a resident may be vacated for it, and has gone. */
const goneInMs = (board: Board, wanted: SlotView, resident: SlotView): number => {
  const { now } = board.view;
  const leaving = drainExpectedMs(board, resident) + leaveMsOf(resident);
  if (resident.state === 'asleep') return leaving;
  if (resident.state !== 'ready' && resident.state !== 'loading') return remainingMs(board, resident);
  const readyIn = remainingMs(board, resident);
  const staysUntil = resident.state === 'loading' ? now + readyIn + stayMsOf(resident) : stayEndsAt(resident);
  const idle = resident.state === 'ready' ? idleAt(board, wanted, resident) : Number.POSITIVE_INFINITY;
  const allowedAt = Math.min(forcedAt(board, wanted), Math.max(worthAt(board, wanted), staysUntil), idle);
  return Math.max(readyIn, allowedAt - now) + leaving;
};

/** Milliseconds that the rivals take which are waited for and go first: load, shortest stay, and leaving. */
const aheadMs = (board: Board, wanted: SlotView): number =>
  board.view.slots
    .filter(
      (other) =>
        areRivals(board, wanted.model, other.model) &&
        isUnserved(board, other) &&
        oldestSince(board, other) < oldestSince(board, wanted),
    )
    .reduce((sum, other) => sum + loadMsOf(other) + stayMsOf(other) + leaveMsOf(other), 0);

const swapMs = (board: Board, wanted: SlotView): number => {
  const { slots } = board.view;
  const others = slots.filter(({ model }) => model.name !== wanted.model.name);
  const leaving = others.filter(({ state }) => state === 'draining' || state === 'unloading');
  const fixed = others.filter(({ model, state }) => model.pinned || state === 'failed');
  const movable = others.filter(
    (slot) => occupantOf(slot) !== undefined && !leaving.includes(slot) && !fixed.includes(slot),
  );
  const stays = occupantsOf([...leaving, ...fixed], laterOccupantOf);
  const removables = movable.map((slot) => ({ slot, busy: slot.leases }));
  const room = cheapestRoom(wanted.model, stays, removables, board.memory) ?? [];
  const going = [
    ...leaving.filter((slot) => areRivals(board, wanted.model, slot.model)),
    ...room.map(({ slot }) => slot),
  ];
  return going.reduce((longest, slot) => Math.max(longest, goneInMs(board, wanted, slot)), remainingMs(board, wanted));
};

const turnMs = (board: Board, slot: SlotView, ahead: number): number => {
  const rounds = Math.ceil((ahead + 1) / Math.max(1, slot.model.maxConcurrency ?? ahead + 1));
  return (rounds * board.view.policy.drainMs) / 2;
};

/** The same moment with one more request for a model, of normal priority. */
const askedFor = (board: Board, model: string): Board =>
  withNewcomer(board, { id: IMAGINED, model, since: board.view.now, priority: 0 });

/**
 * Milliseconds until a resident that gives newcomers no more leases is loaded again: somebody else gets its room first, for
 * the shortest stay. Undefined for one that gives them.
 * @param board without the imagined request
 */
const backInMs = (board: Board, slot: SlotView): number | undefined => {
  const isWanted = board.view.slots.some(
    (other) => isUnserved(board, other) && areRivals(board, other.model, slot.model),
  );
  if (!isWanted) return undefined;
  const asked = askedFor(board, slot.model.name);
  const departure = makeRoom(asked).departures.find((one) => one.slot === slot);
  if (departure === undefined) return undefined;
  const { for: wanted, to } = departure;
  const awayMs = drainExpectedMs(asked, slot) + leaveMsOf(slot) + loadMsOf(wanted) + stayMsOf(wanted);
  const backMs = to === 'asleep' ? slot.times.wakeMs : slot.times.loadMs;
  return Math.min(boundMsOf(asked, slot), awayMs + leaveMsOf(wanted)) + backMs;
};

const readyEstimate = (board: Board, slot: SlotView): SwapEstimate => {
  const state = 'ready';
  const queued = board.queues.get(slot.model.name)?.length ?? 0;
  const backMs = backInMs(board, slot);
  if (backMs !== undefined) return { state, readyInMs: backMs, needs: 'swap' };
  return freeLeases(slot) > queued
    ? { state, readyInMs: 0, needs: 'nothing' }
    : { state, readyInMs: turnMs(board, slot, queued), needs: 'turn' };
};

/** @param board without the imagined request */
export const estimateOn = (board: Board, slot: SlotView): SwapEstimate => {
  const { view } = board;
  const { state } = slot;
  if (state === 'ready') return readyEstimate(board, slot);
  const loadMs = loadMsOf(slot);
  const cheap = state === 'asleep' || slot.waking === true ? 'wake' : 'load';
  if (state === 'loading') return { state, readyInMs: remainingMs(board, slot), needs: cheap };
  const asked = askedFor(board, slot.model.name);
  if (state === 'failed') {
    const rest = Math.max(0, (slot.retryAt ?? view.now) - view.now);
    return { state, readyInMs: rest + loadMs, needs: 'retry' };
  }
  const present = occupantsOf(view.slots, occupantOf);
  const ahead = aheadMs(asked, slot);
  if (ahead === 0 && (state === 'empty' || state === 'asleep') && fits(slot.model, present, board.memory)) {
    return { state, readyInMs: loadMs, needs: cheap };
  }
  const longest = boundMsOf(board, slot);
  return { state, readyInMs: Math.min(longest, ahead + swapMs(asked, slot)) + loadMs, needs: 'swap' };
};

/**
 * The expected wait of a request of normal priority, from times as measured. How long running answers still take is not
 * known: half the drain limit is assumed. Never more than the bound and one load.
 * @returns undefined for a model that has no slot
 */
export const estimate = (view: SwapView, model: string): SwapEstimate | undefined => {
  const board = boardOf(view);
  const slot = board.slots.get(model);
  return slot === undefined ? undefined : estimateOn(board, slot);
};
