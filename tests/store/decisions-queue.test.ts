/** When is the queue written, how long does it get, and is every lost decision counted and told? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createDecisionQueue } from '#store/decision-queue';
import { QUEUE_MAX } from '#store/decisions';
import { openForTest } from '#tests/store/open-decisions';
import { idOf, sampleRecord } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

test('a lone decision is written 200 ms after it was appended, and no timer runs before or after', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  expect(log.clock.pending).toBe(0);
  log.decisions.append(sampleRecord());
  await log.clock.advance(199);
  expect(log.decisions.stats().written).toBe(0);
  await log.clock.advance(1);
  expect(log.decisions.stats().written).toBe(1);
  await log.clock.advance(10_000);
  expect(log.clock.pending).toBe(0);
});

test('the twenty-fifth decision brings the write forward, but not into the caller', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  for (let number = 0; number < 24; number++) log.decisions.append(sampleRecord({ id: idOf(number) }));
  await log.clock.advance(0);
  expect(log.decisions.stats().written).toBe(0);
  log.decisions.append(sampleRecord({ id: idOf(24) }));
  expect(log.decisions.stats().written).toBe(0);
  await log.clock.advance(0);
  expect(log.decisions.stats().written).toBe(25);
});

test('a burst is written in batches, one per turn of the event loop', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  for (let number = 0; number < 1_010; number++) log.decisions.append(sampleRecord({ id: idOf(number) }));
  const written: number[] = [];
  while (await log.clock.advanceToNext()) written.push(log.decisions.stats().written);
  // The clock fires all turns due at one moment together; the last, short batch waits its 200 ms.
  expect(written.filter((count, index) => count !== written[index - 1])).toEqual([1_000, 1_010]);
});

test('when nothing can be written the newest 10,000 wait, the rest is counted and told', async () => {
  await using folder = await tmpdir();
  const blocker = await folder.write('state', 'a file where a folder should be');
  await using log = openForTest(`${blocker}/decisions.db`);
  for (let number = 0; number < QUEUE_MAX + 25; number++) log.decisions.append(sampleRecord({ id: idOf(number) }));
  expect(log.decisions.stats()).toMatchObject({ queued: QUEUE_MAX, dropped: 25, appended: QUEUE_MAX + 25 });
  await log.clock.advance(200);
  expect(log.problems.map(({ kind, count }) => ({ kind, count }))).toEqual([
    { kind: 'dropped', count: 25 },
    { kind: 'missing', count: 1 },
  ]);
  expect(log.decisions.get(idOf(24))).toBeUndefined();
  expect(log.decisions.get(idOf(25))?.id).toBe(idOf(25));
});

test('after close appends are counted as lost and questions find nothing', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  log.decisions.append(sampleRecord({ id: idOf(1) }));
  await log.decisions.close();
  log.decisions.append(sampleRecord({ id: idOf(2) }));
  expect(log.decisions.stats()).toMatchObject({ written: 1, dropped: 1, queued: 0 });
  expect(log.decisions.list({}).records).toEqual([]);
  expect(log.clock.pending).toBe(0);
});

test('the queue behaves like a plain list that forgets its oldest', () => {
  const step = fc.oneof(
    fc.record({ push: fc.nat(1_000) }),
    fc.record({ discard: fc.nat(12) }),
    fc.record({ look: fc.nat(12) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 1, max: 9 }), (steps, max) => {
      const queue = createDecisionQueue(max);
      let model: string[] = [];
      for (const action of steps) {
        if ('push' in action) {
          const kept = queue.push(sampleRecord({ id: idOf(action.push) }));
          expect(kept).toBe(model.length < max);
          model = [...model, idOf(action.push)].slice(-max);
        } else if ('discard' in action) {
          queue.discard(action.discard);
          model = model.slice(action.discard);
        } else {
          expect(queue.oldest(action.look).map((record) => record.id)).toEqual(model.slice(0, action.look));
        }
        expect(queue.length).toBe(model.length);
      }
      expect(queue.all().map((record) => record.id)).toEqual(model);
      for (const id of model) expect(queue.find(id)?.id).toBe(id);
      expect(queue.find('none')).toBeUndefined();
    }),
  );
});
