/** Do several processes share one file, and does a killed one leave it sound with all it had flushed? */
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { readDecisions } from '#store/decision-reader';
import { runWriter, startWriter } from '#tests/store/processes';
import { idOf } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

test('two servers write one file at once, from its creation on, and neither loses a decision', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  const [one, two] = await Promise.all([runWriter(path, 0, 2_000), runWriter(path, 10_000, 2_000)]);
  for (const writer of [one, two]) {
    expect(writer.code).toBe(0);
    expect(writer.last).toMatchObject({ written: 2_000, queued: 0, closed: true });
  }
  const reader = readDecisions(path);
  expect(reader.summary(0).requests).toBe(4_000);
  expect(reader.get(idOf(1_999))?.id).toBe(idOf(1_999));
  expect(reader.get(idOf(11_999))?.id).toBe(idOf(11_999));
  reader.close();
});

test('a reader sees decisions while a server writes them', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  const { child, lines } = startWriter(path, 0, 0);
  const seen: number[] = [];
  for await (const line of lines) {
    const reader = readDecisions(path);
    seen.push(reader.summary(0).requests);
    expect(reader.list({ limit: 5 }).records).toHaveLength(5);
    reader.close();
    expect(seen.at(-1)).toBeGreaterThanOrEqual(line.written ?? Number.POSITIVE_INFINITY);
    if (seen.length === 10) break;
  }
  child.kill();
  await child.exited;
  expect(seen.length).toBe(10);
});

test.each([1, 4, 9])('killed after flush %p, everything flushed is there and the file is sound', async (flushes) => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  const { child, lines } = startWriter(path, 0, 0);
  let heard = 0;
  let flushed = 0;
  for await (const line of lines) {
    flushed = line.written ?? 0;
    heard += 1;
    if (heard < flushes) continue;
    child.kill('SIGKILL');
    break;
  }
  await child.exited;
  expect(flushed).toBe(flushes * 50);

  const file = new Database(path);
  expect(file.query('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  file.close();
  const reader = readDecisions(path);
  const found = reader.summary(0);
  expect(found.requests).toBeGreaterThanOrEqual(flushed);
  expect(reader.get(idOf(flushed - 1))?.id).toBe(idOf(flushed - 1));
  reader.close();

  const next = await runWriter(path, 1_000_000, 50);
  expect(next.last).toMatchObject({ written: 50, queued: 0, closed: true });
});
