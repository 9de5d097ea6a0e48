/** Do old decisions go, and does the file stay within its size, with the space really given back? */
import { expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { openForTest } from '#tests/store/open-decisions';
import { ARRIVED_AT, idOf, sampleRecord } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Lets timers fire until the log has nothing left to do. */
const untilIdle = async (log: ReturnType<typeof openForTest>): Promise<void> => {
  for (let turn = 0; turn < 5_000 && (await log.clock.advanceToNext()); turn++);
  expect(log.clock.pending).toBe(0);
};

test('decisions older than the limit go with the first flush after a minute; younger ones stay', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'), { ageMaxDays: 7 });
  log.decisions.append(sampleRecord({ id: idOf(1), at: ARRIVED_AT - 7 * DAY_MS + 30_000 }));
  log.decisions.append(sampleRecord({ id: idOf(2), at: ARRIVED_AT - 6 * DAY_MS }));
  await log.decisions.flush();
  expect(log.decisions.list({}).records).toHaveLength(2);

  await log.clock.advance(MINUTE_MS - 1_000);
  log.decisions.append(sampleRecord({ id: idOf(3), at: log.clock.wall() }));
  await log.decisions.flush();
  expect(log.decisions.list({}).records.map((record) => record.id)).toEqual([idOf(3), idOf(2), idOf(1)]);

  await log.clock.advance(1_000);
  log.decisions.append(sampleRecord({ id: idOf(4), at: log.clock.wall() }));
  await log.decisions.flush();
  expect(log.decisions.list({}).records.map((record) => record.id)).toEqual([idOf(4), idOf(3), idOf(2)]);
});

test('a large backlog of old decisions is cleared in bounded steps without new traffic', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  const old = ARRIVED_AT - 30 * DAY_MS;
  {
    await using patient = openForTest(path, { ageMaxDays: 90 });
    for (let number = 0; number < 3_000; number++)
      patient.decisions.append(sampleRecord({ id: idOf(number), at: old }));
  }
  await using log = openForTest(path, { ageMaxDays: 7 });
  log.decisions.append(sampleRecord({ id: idOf(3_000) }));
  await log.decisions.flush();
  const afterOneStep = log.decisions.summary(0).requests;
  expect(afterOneStep).toBeLessThan(3_001);
  expect(afterOneStep).toBeGreaterThan(1_000);
  await untilIdle(log);
  expect(log.decisions.list({}).records.map((record) => record.id)).toEqual([idOf(3_000)]);
});

test('the file stays within its size: the oldest go, the newest stay, pages return to the system', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  const bytesMax = 1024 * 1024;
  const log = openForTest(path, { bytesMax });
  let peak = 0;
  for (let number = 0; number < 6_000; number++) {
    log.decisions.append(sampleRecord({ id: idOf(number), at: ARRIVED_AT + number }));
    if (number % 200 !== 199) continue;
    await untilIdle(log);
    peak = Math.max(peak, statSync(path).size);
  }
  const kept = log.decisions.summary(0);
  expect(kept.requests).toBeGreaterThan(300);
  expect(kept.requests).toBeLessThan(2_000);
  expect(kept.newestAt).toBe(ARRIVED_AT + 5_999);
  expect(kept.oldestAt).toBe(ARRIVED_AT + 6_000 - kept.requests);
  expect(log.decisions.stats()).toMatchObject({ written: 6_000, dropped: 0, failures: 0 });
  await log.decisions.close();
  expect(peak).toBeLessThan(3 * bytesMax);
  expect(statSync(path).size).toBeLessThanOrEqual(bytesMax);
});

test('a limit below the size of an empty file ends in an empty log, not in an endless sweep', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'), { bytesMax: 1 });
  for (let number = 0; number < 300; number++) log.decisions.append(sampleRecord({ id: idOf(number) }));
  await untilIdle(log);
  expect(log.decisions.summary(0).requests).toBe(0);
  expect(log.problems).toEqual([]);
});
