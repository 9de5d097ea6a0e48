/** From which moment on may a model be vacated for one that is waited for? Worth, bounds, minimum stay and idleness. */
import type { SlotView, SwapReason } from '#core/swap';
import {
  type Board,
  demandFor,
  isLoadable,
  leaveMsOf,
  loadMsOf,
  longestLoadMs,
  once,
  rivalsOf,
} from '#core/swap-board';
import { lingerMsFor, stayMsOf, unusedStayMsOf } from '#core/swap-defaults';

/** Arrival of the one that has waited longest for it; infinite when nobody does. */
export const oldestSince = (board: Board, slot: SlotView): number => demandFor(board, slot).oldest;

/** When the weighted waiting time for it comes to its load time times `worth`; infinite when nobody waits. */
export const worthAt = (board: Board, slot: SlotView): number => {
  const { weights, moments } = demandFor(board, slot);
  if (weights === 0) return Number.POSITIVE_INFINITY;
  return Math.ceil((board.view.policy.worth * loadMsOf(slot) + moments) / weights);
};

/** Milliseconds in which whatever has its room is gone, answers cut if need be. */
const clearMs = (board: Board, slot: SlotView): number =>
  once(
    board.known.clearMs,
    slot,
    () =>
      board.view.policy.drainMs +
      rivalsOf(board, slot).reduce((longest, rival) => Math.max(longest, leaveMsOf(rival)), 0),
  );

/**
 * The bound that is kept for a model, in milliseconds from arrival to the start of its load. It is the configured one,
 * but at least what one rival takes that was chosen at the moment of arrival: it leaves itself, the rival loads, is
 * drained and leaves. A shorter one could not be kept, as loads are never broken off.
 */
export const boundMsOf = (board: Board, slot: SlotView): number =>
  once(board.known.boundsMs, slot, () => {
    const { waitBoundMs, drainMs } = board.view.policy;
    return rivalsOf(board, slot).reduce(
      (bound, rival) => Math.max(bound, drainMs + leaveMsOf(slot) + longestLoadMs(rival) + drainMs + leaveMsOf(rival)),
      waitBoundMs,
    );
  });

/** The moment at which its load has to begin for the sake of the one that has waited longest; infinite when nobody does. */
export const deadlineOf = (board: Board, slot: SlotView): number => oldestSince(board, slot) + boundMsOf(board, slot);

/** When the load of one that begins at `startAt` has made room again, after the shortest stay there is. */
const overAt = (board: Board, slot: SlotView, startAt: number): number =>
  startAt + loadMsOf(slot) + board.view.policy.drainMs + leaveMsOf(slot);

/** Waited for, and neither ready nor loading. */
export const isUnserved = (board: Board, slot: SlotView): boolean =>
  board.queues.has(slot.model.name) && slot.state !== 'ready' && slot.state !== 'loading';

/** The latest start of its load that lets the rivals behind it, by deadline, still begin theirs in time. */
const latestStart = (board: Board, slot: SlotView): number => {
  const own = deadlineOf(board, slot);
  const latestFirst = rivalsOf(board, slot)
    .filter((rival) => isUnserved(board, rival))
    .map((rival) => ({ rival, deadline: deadlineOf(board, rival) }))
    .filter(({ deadline }) => deadline >= own)
    .sort((one, other) => other.deadline - one.deadline);
  let next = Number.POSITIVE_INFINITY;
  for (const { rival, deadline } of [...latestFirst, { rival: slot, deadline: own }]) {
    next = Math.min(deadline, next - overAt(board, rival, 0));
  }
  return next;
};

/** From here on its room is cleared whatever it costs, so that its load begins by the deadline. */
export const forcedAt = (board: Board, slot: SlotView): number => deadlineOf(board, slot) - clearMs(board, slot);

/** The same with the others that wait taken into account; never later. The minimum stay of a resident is respected. */
export const pressedAt = (board: Board, slot: SlotView): number =>
  once(board.pressed, slot, () => latestStart(board, slot) - clearMs(board, slot));

/** End of the minimum stay of a ready slot that has work, and of one that has none. */
export const stayEndsAt = (slot: SlotView): number => slot.since + stayMsOf(slot);
export const unusedStayEndsAt = (slot: SlotView): number => slot.since + unusedStayMsOf(slot);

/** When a ready slot counts as having nothing to do, as another is waited for; infinite while it has. */
export const idleAt = (board: Board, wanted: SlotView, resident: SlotView): number =>
  resident.leases > 0 || board.queues.has(resident.model.name)
    ? Number.POSITIVE_INFINITY
    : Math.max(unusedStayEndsAt(resident), resident.lastUsedAt + lingerMsFor(wanted, board.view.policy));

/** The latest start of clearing a resident's room for another that keeps the bound of those who wait for the resident. */
const strandedAt = (board: Board, wanted: SlotView, resident: SlotView): number =>
  deadlineOf(board, resident) - overAt(board, wanted, board.view.policy.drainMs + leaveMsOf(resident));

export interface Leave {
  readonly why: SwapReason;
  /** The resident gives no more leases to younger requests, but is not drained before the running ones have ended. */
  readonly patient: boolean;
}

/**
 * Whether and how a slot may be vacated now for a model that is waited for; undefined while it may not. Work that is worth
 * a swap waits for running answers; a bound does not.
 * @param atOnce the model has to go first now for its bound's sake, as found by comparing it with another one
 */
export const leaveFor = (board: Board, wanted: SlotView, resident: SlotView, atOnce: boolean): Leave | undefined => {
  const { now } = board.view;
  if (resident.model.pinned) return undefined;
  if (resident.state === 'asleep') return { why: 'resident-idle', patient: false };
  if (resident.state !== 'ready') return undefined;
  if (now >= idleAt(board, wanted, resident)) return { why: 'resident-idle', patient: false };
  if (atOnce || now >= forcedAt(board, wanted)) return { why: 'bound', patient: false };
  if (now < stayEndsAt(resident)) return undefined;
  const stranding = now >= strandedAt(board, wanted, resident);
  if (stranding && now <= deadlineOf(board, resident) && oldestSince(board, resident) < oldestSince(board, wanted)) {
    return undefined;
  }
  if (now >= pressedAt(board, wanted)) return { why: 'bound', patient: false };
  return now >= worthAt(board, wanted) ? { why: 'worth', patient: resident.leases > 0 && !stranding } : undefined;
};

/** Moments at which `leaveFor` may change for a model that is waited for, past ones included. */
export const turningPoints = (board: Board, wanted: SlotView): readonly number[] => [
  forcedAt(board, wanted),
  pressedAt(board, wanted),
  worthAt(board, wanted),
  deadlineOf(board, wanted) + 1,
  ...rivalsOf(board, wanted)
    .filter(({ state }) => state === 'ready')
    .flatMap((rival) => [stayEndsAt(rival), idleAt(board, wanted, rival), strandedAt(board, wanted, rival)]),
];

/**
 * Whether `other` has to go before `first`, whose load would begin at `startAt`: it would miss its bound behind it but
 * not before it, and has the earlier deadline or costs the first one nothing. Never true both ways round.
 */
export const overtakes = (board: Board, other: SlotView, first: SlotView, startAt: number): boolean => {
  const { now } = board.view;
  const deadline = deadlineOf(board, other);
  if (!isLoadable(other) || now > deadline || overAt(board, first, startAt) <= deadline) return false;
  const firstDeadline = deadlineOf(board, first);
  return deadline < firstDeadline || overAt(board, other, startAt) <= firstDeadline;
};
