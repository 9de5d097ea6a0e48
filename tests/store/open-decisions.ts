/** How does a test open a decision log on a clock of its own and see what trouble it tells? */

import type { DecisionProblem } from '#store/decision-problems';
import { type Decisions, openDecisions } from '#store/decisions';
import { ARRIVED_AT } from '#tests/store/sample-record';
import { createSimulatedClock, type SimulatedClock } from '#tests/support/clock';

export interface OpenedDecisions extends AsyncDisposable {
  readonly decisions: Decisions;
  readonly clock: SimulatedClock;
  readonly problems: DecisionProblem[];
}

export const openForTest = (
  path: string | undefined,
  bounds: { readonly ageMaxDays?: number; readonly bytesMax?: number } = {},
): OpenedDecisions => {
  const clock = createSimulatedClock({ wall: ARRIVED_AT });
  const problems: DecisionProblem[] = [];
  const decisions = openDecisions({
    ...(path === undefined ? {} : { path }),
    ageMaxDays: 30,
    bytesMax: 64 * 1024 * 1024,
    ...bounds,
    clock,
    onError: (problem) => problems.push(problem),
  });
  return { decisions, clock, problems, [Symbol.asyncDispose]: () => decisions.close() };
};
