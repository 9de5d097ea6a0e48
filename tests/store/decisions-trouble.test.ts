/** Does the log keep serving through every trouble with its file, tell it once a minute, and recover by itself? */
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { openForTest } from '#tests/store/open-decisions';
import { idOf, sampleRecord } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

const RETRY_MS = 5_000;

test('a file that is no database is left untouched; moved away, recording resumes with nothing lost', async () => {
  await using folder = await tmpdir();
  const text = 'model = "precious"\n'.repeat(400);
  const path = await folder.write('decisions.db', text);
  await using log = openForTest(path);
  log.decisions.append(sampleRecord({ id: idOf(1) }));
  await log.clock.advance(200);
  expect(log.decisions.stats()).toMatchObject({ state: 'failing', queued: 1, written: 0 });
  expect(log.decisions.get(idOf(1))?.id).toBe(idOf(1));
  expect(log.problems).toHaveLength(1);
  expect(log.problems[0]).toMatchObject({ kind: 'damaged' });
  expect(log.problems[0]?.reason).toContain(path);
  expect(log.problems[0]?.reason).toContain('move it away');
  expect(readFileSync(path, 'utf8')).toBe(text);

  renameSync(path, `${path}.broken`);
  log.decisions.append(sampleRecord({ id: idOf(2) }));
  await log.clock.advance(RETRY_MS);
  expect(log.decisions.stats()).toMatchObject({ state: 'writing', queued: 0, written: 2, dropped: 0 });
});

test('the same trouble is told once a minute, with how often it happened', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(await folder.write('decisions.db', 'nonsense '.repeat(1_000)));
  log.decisions.append(sampleRecord());
  await log.clock.advance(200 + 59_000);
  expect(log.problems.map((problem) => problem.count)).toEqual([1]);
  await log.clock.advance(6_000);
  expect(log.problems.map((problem) => problem.count)).toEqual([1, 12]);
  expect(log.decisions.stats().failures).toBeGreaterThanOrEqual(13);
});

test('a database of another program is refused and not changed', async () => {
  await using folder = await tmpdir();
  const path = folder.file('browser-history.db');
  const other = new Database(path, { create: true });
  other.run('CREATE TABLE visits (url TEXT)');
  other.close();
  const bytes = readFileSync(path);
  await using log = openForTest(path);
  log.decisions.append(sampleRecord());
  await log.decisions.flush();
  expect(log.problems[0]).toMatchObject({ kind: 'refused' });
  expect(log.problems[0]?.reason).toContain('another program');
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('a file of a newer schema is refused and not changed', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  {
    await using log = openForTest(path);
    log.decisions.append(sampleRecord({ id: idOf(1) }));
  }
  const newer = new Database(path);
  newer.run('UPDATE schema_version SET version = 2');
  newer.close();
  await using log = openForTest(path);
  log.decisions.append(sampleRecord({ id: idOf(2) }));
  await log.decisions.flush();
  expect(log.decisions.stats()).toMatchObject({ state: 'failing', queued: 1 });
  expect(log.problems[0]).toMatchObject({ kind: 'refused' });
  expect(log.problems[0]?.reason).toContain('newer anvil-serving');
  const found = new Database(path, { readonly: true });
  expect(found.query('SELECT count(*) AS rows FROM decision').get()).toEqual({ rows: 1 });
  found.close();
});

test('a folder that cannot be made yet only delays the writing', async () => {
  await using folder = await tmpdir();
  const blocker = await folder.write('state', 'in the way');
  await using log = openForTest(`${blocker}/decisions.db`);
  log.decisions.append(sampleRecord());
  await log.clock.advance(200);
  expect(log.decisions.stats()).toMatchObject({ state: 'failing', queued: 1 });
  rmSync(blocker);
  await log.clock.advance(RETRY_MS);
  expect(log.decisions.stats()).toMatchObject({ state: 'writing', queued: 0, written: 1 });
});

test('while another process holds the write lock decisions wait, and are written when it lets go', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  await using log = openForTest(path);
  log.decisions.append(sampleRecord({ id: idOf(1) }));
  await log.decisions.flush();
  const other = new Database(path);
  other.run('BEGIN IMMEDIATE');
  log.decisions.append(sampleRecord({ id: idOf(2) }));
  await log.clock.advance(600);
  expect(log.decisions.stats()).toMatchObject({ state: 'writing', queued: 1, failures: 0 });
  expect(log.decisions.list({}).records).toHaveLength(2);
  other.run('COMMIT');
  other.close();
  await log.clock.advance(200);
  expect(log.decisions.stats()).toMatchObject({ queued: 0, written: 2, failures: 0 });
});

test('a lock that is never let go is told after some seconds', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  const log = openForTest(path);
  log.decisions.append(sampleRecord({ id: idOf(1) }));
  await log.decisions.flush();
  const other = new Database(path);
  other.run('BEGIN IMMEDIATE');
  log.decisions.append(sampleRecord({ id: idOf(2) }));
  await log.clock.advance(6_000);
  expect(log.problems.map((problem) => problem.kind)).toEqual(['busy']);
  other.run('COMMIT');
  other.close();
  await log.decisions.close();
});

test('a file that is moved away while in use is noticed within a minute', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  await using log = openForTest(path);
  log.decisions.append(sampleRecord({ id: idOf(1) }));
  await log.decisions.flush();
  renameSync(path, folder.file('archive.db'));
  await log.clock.advance(60_000);
  log.decisions.append(sampleRecord({ id: idOf(2) }));
  await log.decisions.flush();
  log.decisions.append(sampleRecord({ id: idOf(3) }));
  await log.decisions.flush();
  expect(log.problems).toHaveLength(1);
  expect(log.problems[0]?.reason).toContain('moved or removed');
  expect(log.decisions.list({}).records.map((record) => record.id)).toEqual([idOf(3)]);

  await using archive = openForTest(folder.file('archive.db'));
  expect(archive.decisions.list({}).records.map((record) => record.id)).toEqual([idOf(2), idOf(1)]);
});

test('decisions that cannot be written by the end are told as lost', async () => {
  await using folder = await tmpdir();
  const log = openForTest(await folder.write('decisions.db', 'nonsense '.repeat(1_000)));
  log.decisions.append(sampleRecord());
  await log.decisions.close();
  expect(log.problems.map((problem) => problem.kind)).toEqual(['damaged', 'dropped']);
  expect(log.decisions.stats()).toMatchObject({ dropped: 1, queued: 0 });
});

test('a row that other hands have damaged is passed over; the others are shown', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  await using log = openForTest(path);
  for (const number of [1, 2, 3]) log.decisions.append(sampleRecord({ id: idOf(number) }));
  await log.decisions.flush();
  const other = new Database(path);
  other.query("UPDATE decision SET record = '{' WHERE id = ?").run(idOf(2));
  other.close();
  expect(log.decisions.get(idOf(2))).toBeUndefined();
  expect(log.decisions.list({}).records.map((record) => record.id)).toEqual([idOf(3), idOf(1)]);
});

test('after trouble with an open file the next try looks at the place anew', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  await using log = openForTest(path);
  log.decisions.append(sampleRecord({ id: idOf(1) }));
  await log.decisions.flush();
  const other = new Database(path);
  other.run('DROP TABLE decision');
  other.close();
  log.decisions.append(sampleRecord({ id: idOf(2) }));
  await log.clock.advance(200);
  expect(log.decisions.stats()).toMatchObject({ state: 'failing', queued: 1 });
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  await log.clock.advance(RETRY_MS);
  expect(log.decisions.stats()).toMatchObject({ state: 'writing', queued: 0, written: 2 });
  expect(log.decisions.list({}).records.map((record) => record.id)).toEqual([idOf(2)]);
});
