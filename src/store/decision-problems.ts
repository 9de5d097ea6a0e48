/** How is trouble with the decision log told without flooding: each kind once a minute, with how often it happened? */
import type { Clock } from '#platform/effects';
import type { FaultKind } from '#store/sqlite';

export interface DecisionProblem {
  readonly kind: FaultKind | 'dropped' | 'unwritable-record';
  /** What, where, remedy; no content. */
  readonly reason: string;
  /** Times since this kind was last told. */
  readonly count: number;
}

export interface Problems {
  report(kind: DecisionProblem['kind'], message: string, times?: number): void;
  /** Everything ever reported, told or not. */
  readonly total: number;
  readonly last: string | undefined;
}

const REPORT_EVERY_MS = 60_000;

export const createProblems = (clock: Clock, onError: (problem: DecisionProblem) => void): Problems => {
  const untold = new Map<DecisionProblem['kind'], { count: number; toldAt: number }>();
  let total = 0;
  let last: string | undefined;
  return {
    report(kind, message, times = 1) {
      total += times;
      last = message;
      const state = untold.get(kind) ?? { count: 0, toldAt: Number.NEGATIVE_INFINITY };
      untold.set(kind, state);
      state.count += times;
      const now = clock.now();
      if (now - state.toldAt < REPORT_EVERY_MS) return;
      const count = state.count;
      state.count = 0;
      state.toldAt = now;
      onError({ kind, reason: message, count });
    },
    get total() {
      return total;
    },
    get last() {
      return last;
    },
  };
};
