/** What does the router machine tell the outside at each turn of its life? */
import { expect, test } from 'bun:test';
import { READY, type RouterEvent, type RouterOutput, routerMachine } from '#machines/router.machine';
import { simulated } from '#tests/machines/simulated';

const LOADED: RouterEvent = { type: 'config.loaded', digest: 'abc', drainMs: 5_000 };

interface Ended {
  readonly value: unknown;
  readonly ready: boolean;
  readonly output: RouterOutput | undefined;
  readonly ended: boolean;
}

/** Plays events, and waits given as milliseconds. */
const play = (...steps: readonly (RouterEvent | number)[]): Ended => {
  const { actors, clock, errors } = simulated();
  let ended = false;
  const actor = actors.start(routerMachine, {
    id: 'router',
    input: undefined,
    onEnd: () => {
      ended = true;
    },
  });
  for (const step of steps) {
    if (typeof step === 'number') clock.increment(step);
    else actor.send(step);
  }
  const snapshot = actor.getSnapshot();
  expect(errors).toEqual([]);
  return { value: snapshot.value, ready: snapshot.hasTag(READY), output: snapshot.output, ended };
};

test('it is not ready before the first configuration', () => {
  expect(play()).toMatchObject({ value: 'booting', ready: false, ended: false });
});

test('it is ready once a configuration is loaded', () => {
  expect(play(LOADED)).toMatchObject({ value: 'serving', ready: true });
});

test('a refused first configuration stops it and says why', () => {
  expect(play({ type: 'config.refused', reason: 'line 3: unknown key' })).toEqual({
    value: 'stopped',
    ready: false,
    ended: true,
    output: { reason: 'config-refused', refusal: 'line 3: unknown key' },
  });
});

test('a refused reload leaves it serving', () => {
  expect(play(LOADED, { type: 'config.refused', reason: 'no' })).toMatchObject({ value: 'serving', ready: true });
});

test('readiness goes the moment a drain is asked for', () => {
  expect(play(LOADED, { type: 'drain.request' })).toMatchObject({ value: 'draining', ready: false, ended: false });
});

test('it stops as soon as the last request has ended', () => {
  const end = play(LOADED, { type: 'drain.request' }, 4_999, { type: 'requests.drained' });
  expect(end).toMatchObject({ ended: true, output: { reason: 'drained' } });
});

test('it does not wait beyond the drain deadline of the newest configuration', () => {
  const reloaded: RouterEvent = { type: 'config.loaded', digest: 'def', drainMs: 100 };
  expect(play(LOADED, reloaded, { type: 'drain.request' }, 99)).toMatchObject({ value: 'draining' });
  expect(play(LOADED, reloaded, { type: 'drain.request' }, 100).output).toMatchObject({ reason: 'drain-deadline' });
});

test('a second drain request stops it at once', () => {
  const end = play(LOADED, { type: 'drain.request' }, 1, { type: 'drain.request' });
  expect(end.output).toMatchObject({ reason: 'forced' });
});

test('a configuration that arrives while draining does not bring it back', () => {
  expect(play(LOADED, { type: 'drain.request' }, LOADED)).toMatchObject({ value: 'draining', ready: false });
});

test('running out of requests while serving is no reason to stop', () => {
  expect(play(LOADED, { type: 'requests.drained' })).toMatchObject({ value: 'serving', ready: true });
});
