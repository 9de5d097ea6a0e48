/** Is every item taken once, in order, no later than promised, and is no timer left behind? */
import { expect, test } from 'bun:test';
import { createBatch } from '#platform/batch';
import { createSimulatedClock } from '#tests/support/clock';

const build = () => {
  const clock = createSimulatedClock();
  const taken: number[] = [];
  const batch = createBatch<number>({ clock, itemsMax: 3, waitMs: 5, take: (item) => taken.push(item) });
  return { clock, taken, batch };
};

test('a lone item waits its time and not longer', async () => {
  const { clock, taken, batch } = build();
  batch.add(1);
  await clock.advance(4);
  expect(taken).toEqual([]);
  await clock.advance(1);
  expect(taken).toEqual([1]);
  expect(clock.pending).toBe(0);
});

test('a full batch is taken at once, and the next item starts a wait of its own', async () => {
  const { clock, taken, batch } = build();
  for (const item of [1, 2, 3]) batch.add(item);
  expect(taken).toEqual([1, 2, 3]);
  expect(clock.pending).toBe(0);
  batch.add(4);
  await clock.advance(5);
  expect(taken).toEqual([1, 2, 3, 4]);
});

test('a flush takes what waits, and an empty one nothing', () => {
  const { clock, taken, batch } = build();
  batch.add(1);
  batch.flush();
  batch.flush();
  expect(taken).toEqual([1]);
  expect(clock.pending).toBe(0);
});
