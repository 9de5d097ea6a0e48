/** A log file is read to its end, and followed: what is added, what is begun anew, and what came last. */
import { expect, test } from 'bun:test';
import { appendFile } from 'node:fs/promises';
import { readLogFile } from '#platform/log-file';
import { rejectionOf } from '#tests/support/rejection';
import { tmpdir } from '#tests/support/tmp';

test('what is added comes as it is added, also into a file begun anew, and the last line without its end', async () => {
  await using folder = await tmpdir();
  const path = await folder.write('a.log', 'one\ntwo\n');
  const over = new AbortController();
  const lines = readLogFile(path, { tail: 1, follow: true }, over.signal)[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => (await lines.next()).value?.text;
  expect(await next()).toBe('two');
  const added = next();
  await appendFile(path, 'three with ü\n');
  expect(await added).toBe('three with ü');
  const anew = next();
  await folder.write('a.log', 'first\n');
  expect(await anew).toBe('first');
  const last = next();
  await appendFile(path, 'open end');
  over.abort();
  expect(await last).toBe('open end');
  expect((await lines.next()).done).toBe(true);
});

test('a file that is not there is an error with a reason', async () => {
  const reading = Array.fromAsync(readLogFile('/none/a.log', { follow: false }, new AbortController().signal));
  expect((await rejectionOf(reading)).message).toContain('there is no log /none/a.log');
});
