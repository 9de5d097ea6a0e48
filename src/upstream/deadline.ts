/** How long one attempt may take and be silent: a single re-armed timer that names the deadline that passed. */
import type { Clock, TimerHandle } from '#platform/effects';

export type DeadlineName = 'first byte' | 'idle' | 'drain' | 'total';

export interface Watchdog {
  /** Starts a phase of silence, replacing the one before. */
  phase(name: DeadlineName, ms: number): void;
  /** Restarts the current phase from now; a clock read, no timer. */
  touch(): void;
  /** No silence counts until the next `phase` or `touch`: it is our reader that rests. The total goes on. */
  pause(): void;
  stop(): void;
}

/**
 * The timer is set again only when it fires too early, so a busy stream costs one clock read per chunk.
 * @param totalMs bound on everything, from now on
 * @param onPassed called at most once with the deadline that passed and its length in milliseconds
 */
export const createWatchdog = (
  clock: Clock,
  totalMs: number,
  onPassed: (name: DeadlineName, ms: number) => void,
): Watchdog => {
  const totalDue = clock.now() + totalMs;
  let phaseName: DeadlineName = 'total';
  let phaseMs = totalMs;
  let phaseDue = Number.POSITIVE_INFINITY;
  let timer: TimerHandle | undefined;
  let timerDue = Number.POSITIVE_INFINITY;
  let over = false;

  const arm = (): void => {
    const due = Math.min(phaseDue, totalDue);
    if (over || due >= timerDue) return;
    if (timer !== undefined) clock.clearTimeout(timer);
    timerDue = due;
    timer = clock.setTimeout(fire, Math.max(0, due - clock.now()));
  };

  const fire = (): void => {
    timer = undefined;
    timerDue = Number.POSITIVE_INFINITY;
    const now = clock.now();
    if (now < Math.min(phaseDue, totalDue) - 1) {
      arm();
      return;
    }
    over = true;
    if (totalDue <= phaseDue) onPassed('total', totalMs);
    else onPassed(phaseName, phaseMs);
  };

  arm();
  return {
    phase(name, ms) {
      phaseName = name;
      phaseMs = ms;
      phaseDue = clock.now() + ms;
      arm();
    },
    touch() {
      phaseDue = clock.now() + phaseMs;
      arm();
    },
    pause() {
      phaseDue = Number.POSITIVE_INFINITY;
    },
    stop() {
      over = true;
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = undefined;
    },
  };
};
