/** How much of the session and day budgets is used, requests in flight included? */
import type { BudgetState } from '#core/budget';
import { type Amount, add, NOTHING, subtract } from '#core/cost';
import type { Clock } from '#platform/effects';
import type { Sessions } from '#router/sessions';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface Spend {
  /** What budgets are compared with; `sessionId` absent leaves only the day. */
  state(sessionId: string | undefined): BudgetState;
  /**
   * Sets aside what an attempt on a metered tier will probably cost, so that requests in flight cannot pass a cap
   * together. Call the returned function once with the real charge, or with nothing when none arose.
   */
  reserve(sessionId: string | undefined, expected: Amount): (actual?: Amount) => void;
}

/**
 * The day is the UTC day; it begins anew by itself.
 * @param spentToday what the decision store says was spent since midnight UTC, for a restart in the middle of a day
 */
export const createSpend = (clock: Pick<Clock, 'wall'>, sessions: Sessions, spentToday: Amount = NOTHING): Spend => {
  let day = Math.floor(clock.wall() / DAY_MS);
  let spent = spentToday;
  let reserved = NOTHING;

  const turn = (): void => {
    const today = Math.floor(clock.wall() / DAY_MS);
    if (today === day) return;
    day = today;
    spent = NOTHING;
  };

  return {
    state(sessionId) {
      turn();
      return {
        session: sessionId === undefined ? NOTHING : sessions.spent(sessionId),
        day: add(spent, reserved),
        dayEndsInMs: (day + 1) * DAY_MS - clock.wall(),
      };
    },
    reserve(sessionId, expected) {
      turn();
      reserved = add(reserved, expected);
      const settleSession = sessionId === undefined ? undefined : sessions.reserve(sessionId, expected);
      let isOpen = true;
      return (actual = NOTHING) => {
        if (!isOpen) return;
        isOpen = false;
        turn();
        reserved = subtract(reserved, expected);
        spent = add(spent, actual);
        settleSession?.(actual);
      };
    },
  };
};
