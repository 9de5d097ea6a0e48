/** A pause lasts its time on the given clock, ends with its signal, and leaves no timer behind. */
import { expect, test } from 'bun:test';
import { pause } from '#platform/pause';
import { createSimulatedClock } from '#tests/support/clock';

test('a pause ends when its time is over', async () => {
  const clock = createSimulatedClock();
  const waiting = pause(clock, 100, new AbortController().signal);
  await clock.advance(99);
  expect(clock.pending).toBe(1);
  await clock.advance(1);
  expect([await waiting, clock.pending]).toEqual([true, 0]);
});

test('a pause ends with its signal', async () => {
  const clock = createSimulatedClock();
  const over = new AbortController();
  const waiting = pause(clock, 100, over.signal);
  over.abort();
  expect([await waiting, clock.pending]).toEqual([false, 0]);
});

test('after its signal there is no pause', async () => {
  const clock = createSimulatedClock();
  expect([await pause(clock, 100, AbortSignal.abort()), clock.pending]).toEqual([false, 0]);
});
