/** Which of those that wait can no longer be served in time, and when is asking again worth it? */
import type { SlotView, SwapCommand, Waiter } from '#core/swap';
import { type Board, freeLeases, longestLoadMs } from '#core/swap-board';
import { estimateOn } from '#core/swap-estimate';
import { canEverFit } from '#core/swap-room';
import { boundMsOf } from '#core/swap-worth';

/** Shortest pause suggested, in milliseconds: header values are whole seconds. */
const RETRY_MS_MIN = 1000;

export interface Refusals {
  readonly commands: readonly SwapCommand[];
  readonly remaining: readonly Waiter[];
  /** The next moment, in clock milliseconds, at which one more would be refused; infinite: none. */
  readonly nextAt: number;
}

/** When a request that still waits is given up: its bound and one whole load after its arrival. */
const givenUpAt = (board: Board, slot: SlotView, { since }: Waiter): number =>
  since + boundMsOf(board, slot) + longestLoadMs(slot);

/** A failed model that may not be tried before the request's bound. */
const restsTooLong = (board: Board, slot: SlotView, { since }: Waiter): boolean =>
  slot.state === 'failed' && (slot.retryAt ?? Number.POSITIVE_INFINITY) > since + boundMsOf(board, slot);

/** When to ask again: at the end of a rest, else when a request that came now would be served. */
const retryAfterMs = (board: Board, slot: SlotView | undefined): number => {
  const { now, policy } = board.view;
  const wait =
    slot === undefined || !canEverFit(board, slot)
      ? policy.waitBoundMs
      : slot.state === 'failed'
        ? (slot.retryAt ?? now + policy.waitBoundMs) - now
        : estimateOn(board, slot).readyInMs;
  return Math.ceil(Math.max(RETRY_MS_MIN, wait));
};

/**
 * Nobody is refused whose model loads at this moment, nor who gets a lease at this moment. The others are: at once when
 * the model can never be loaded beside the pinned ones, or rests for longer than the bound; else when bound and one load
 * have passed.
 */
export const refusalsOf = (board: Board): Refusals => {
  const { view } = board;
  const commands: SwapCommand[] = [];
  const refused = new Set<string>();
  let nextAt = Number.POSITIVE_INFINITY;
  for (const [name, queue] of board.queues) {
    const slot = board.slots.get(name);
    if (slot?.state === 'loading') continue;
    const served = slot === undefined ? 0 : freeLeases(slot);
    const neverFits = slot !== undefined && slot.state !== 'ready' && !canEverFit(board, slot);
    for (const waiter of queue.slice(served)) {
      const at = slot === undefined ? view.now : givenUpAt(board, slot, waiter);
      const hopeless = slot === undefined || at <= view.now || neverFits || restsTooLong(board, slot, waiter);
      if (hopeless) {
        refused.add(waiter.id);
        commands.push({ do: 'refuse', waiter: waiter.id, retryAfterMs: retryAfterMs(board, slot) });
      } else nextAt = Math.min(nextAt, at);
    }
  }
  return { commands, remaining: view.waiting.filter(({ id }) => !refused.has(id)), nextAt };
};
