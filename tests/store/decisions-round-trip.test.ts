/** Does a decision come back exactly as it was given, from the queue, from the file and after a restart? */
import { expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import type { SlotRecord } from '#core/decision';
import { openForTest } from '#tests/store/open-decisions';
import { idOf, sampleAttempt, sampleRecord } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

test('a decision is readable before it is written, and the same afterwards', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  const record = sampleRecord();
  log.decisions.append(record);
  expect(log.decisions.stats()).toMatchObject({ state: 'writing', queued: 1, written: 0 });
  expect(log.decisions.get(record.id)).toEqual(record);
  expect(log.decisions.list({}).records).toEqual([record]);
  await log.decisions.flush();
  expect(log.decisions.stats()).toMatchObject({ queued: 0, written: 1 });
  expect(log.decisions.get(record.id)).toEqual(record);
  expect(log.decisions.list({}).records).toEqual([record]);
});

test('waits for models come back, those in vain too', async () => {
  await using folder = await tmpdir();
  const slots: readonly SlotRecord[] = [
    { model: 'm', waitedMs: 120_000.25, refused: 'wait-limit' },
    { model: 'm', needed: 'swap', waitedMs: 38_000, cut: true },
  ];
  const record = sampleRecord({ attempts: slots.map((slot) => sampleAttempt({ slot })) });
  await using log = openForTest(folder.file('decisions.db'));
  log.decisions.append(record);
  await log.decisions.flush();
  expect(log.decisions.get(record.id)?.attempts.map(({ slot }) => slot)).toEqual([...slots]);
});

test('decisions survive a restart', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  {
    await using log = openForTest(path);
    log.decisions.append(sampleRecord());
  }
  await using log = openForTest(path);
  expect(log.decisions.get(idOf(1))).toEqual(sampleRecord());
  expect(log.problems).toEqual([]);
});

test('without a path decisions are kept in memory, the newest 10,000 of them', async () => {
  await using log = openForTest(undefined);
  for (let number = 0; number < 10_010; number++) log.decisions.append(sampleRecord({ id: idOf(number) }));
  expect(log.decisions.stats()).toMatchObject({ state: 'memory', queued: 10_000, appended: 10_010, dropped: 0 });
  expect(log.decisions.get(idOf(9))).toBeUndefined();
  expect(log.decisions.get(idOf(10))?.id).toBe(idOf(10));
  expect(log.clock.pending).toBe(0);
});

test('an unknown id is undefined, not an error', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  expect(log.decisions.get('nothing like it')).toBeUndefined();
  expect(log.problems).toEqual([]);
});

test.skipIf(process.platform === 'win32')('file and folder belong to their owner alone', async () => {
  await using folder = await tmpdir();
  const path = folder.file('new/state/decisions.db');
  await using log = openForTest(path);
  log.decisions.append(sampleRecord());
  await log.decisions.flush();
  const modes = [path, `${path}-wal`, `${path}-shm`, dirname(path), dirname(dirname(path))].map(
    (name) => statSync(name).mode & 0o777,
  );
  expect(modes).toEqual([0o600, 0o600, 0o600, 0o700, 0o700]);
});

test('a secret that slipped into a record is masked on its way in, whether queued or written', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  log.decisions.append(sampleRecord({ modelAsked: 'sk-ant-api03-abcdefghijklmnop' }));
  expect(log.decisions.get(idOf(1))?.modelAsked).toBe('[REDACTED]');
  await log.decisions.flush();
  expect(log.decisions.get(idOf(1))?.modelAsked).toBe('[REDACTED]');
});

test('an over-long record is cut down, not lost', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  log.decisions.append(sampleRecord({ modelAsked: 'm'.repeat(100_000), detail: 'short' }));
  await log.decisions.flush();
  const found = log.decisions.get(idOf(1));
  expect(found?.modelAsked).toBe(`${'m'.repeat(200)}…`);
  expect(found?.detail).toBe('short');
  expect(found?.attempts).toEqual(sampleRecord().attempts);
});

test('a record that is no JSON is dropped and told; the ones around it are written', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  const broken = { ...sampleRecord({ id: idOf(2) }), costUsd: 1n } as never;
  log.decisions.append(sampleRecord({ id: idOf(1) }));
  log.decisions.append(broken);
  log.decisions.append(sampleRecord({ id: idOf(3) }));
  await log.decisions.flush();
  expect(log.decisions.stats()).toMatchObject({ written: 2, dropped: 1, queued: 0 });
  expect(log.problems.map((problem) => problem.kind)).toEqual(['unwritable-record']);
  expect(log.decisions.get(idOf(3))?.id).toBe(idOf(3));
});

test('odd numbers and texts never keep a record from being written', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'), { ageMaxDays: 1e9 });
  let number = 0;
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom("'; DROP TABLE decision; --", '\0', '\ud800'));
  const odd = fc.record({
    at: fc.double(),
    status: fc.double(),
    costUsd: fc.double(),
    input: fc.double(),
    session: text,
    servedTier: text,
    modelAsked: text,
  });
  await fc.assert(
    fc.asyncProperty(odd, async ({ input, ...fields }) => {
      number += 1;
      const attempts = [sampleAttempt({ usage: { input, output: 1 } })];
      log.decisions.append(sampleRecord({ id: idOf(number), ...fields, attempts }));
      await log.decisions.flush();
      expect(log.decisions.stats()).toMatchObject({ queued: 0, written: number, dropped: 0, failures: 0 });
      expect(log.decisions.get(idOf(number))?.id).toBe(idOf(number));
    }),
    { numRuns: 200 },
  );
});
