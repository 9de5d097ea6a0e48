/** Does the command line read a log without changing it, and explain itself when it cannot? */
import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { readDecisions } from '#store/decision-reader';
import { openForTest } from '#tests/store/open-decisions';
import { idOf, sampleRecord } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

test('a log at rest is read and not changed', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  {
    await using log = openForTest(path);
    log.decisions.append(sampleRecord());
  }
  const bytes = readFileSync(path);
  const reader = readDecisions(path);
  expect(reader.get(idOf(1))).toEqual(sampleRecord());
  expect(reader.list({ session: '5e55104e' }).records).toHaveLength(1);
  reader.close();
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('a missing file is named with a remedy and not created', async () => {
  await using folder = await tmpdir();
  const path = folder.file('decisions.db');
  expect(() => readDecisions(path)).toThrow(/decision log .*decisions\.db: .* — .*check that/);
  expect(readdirSync(folder.path)).toEqual([]);
});

test('a file that is no log is named with a remedy', async () => {
  await using folder = await tmpdir();
  const path = await folder.write('decisions.db', 'nonsense '.repeat(1_000));
  expect(() => readDecisions(path)).toThrow(/not a database/);
  const empty = await folder.write('empty.db', '');
  expect(() => readDecisions(empty)).toThrow(/holds no decisions of anvil-serving yet/);
});
