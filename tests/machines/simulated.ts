/** Actors as the router makes them, on XState's simulated clock, with every actor error kept for the test to see. */
import { SimulatedClock } from 'xstate';
import { type Actors, createActors } from '#platform/actors';

export interface Simulated {
  readonly actors: Actors;
  readonly clock: SimulatedClock;
  /** Errors of actors; a test that expects none checks that it is empty. */
  readonly errors: unknown[];
}

export const simulated = (): Simulated => {
  const clock = new SimulatedClock();
  const errors: unknown[] = [];
  const actors = createActors({
    clock: {
      now: () => clock.now(),
      wall: () => clock.now(),
      setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
      clearTimeout: (handle) => clock.clearTimeout(handle as number),
    },
    onError: (_, error) => errors.push(error),
  });
  return { actors, clock, errors };
};
