/** The log of a program begins anew when it is large, refuses a full disk, and gives back its last lines. */
import { describe, expect, test } from 'bun:test';
import { appendFile, open, stat, truncate } from 'node:fs/promises';
import { logTail, prepareLog, trimLog } from '#platform/commands-log';
import { tmpdir } from '#tests/support/tmp';

const KEPT_BYTES = 10 * 1024 * 1024;
const LARGE_BYTES = KEPT_BYTES + 1;

describe('before a start', () => {
  test('the log has a first line and is kept to its owner', async () => {
    await using folder = await tmpdir();
    const path = folder.file('logs/a.log');
    expect(prepareLog(path, 'first')).toBe(6);
    expect(await folder.read('logs/a.log')).toBe('first\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('a log of ordinary size goes on', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('a.log', 'earlier\n');
    expect(prepareLog(path, 'now')).toBe('earlier\nnow\n'.length);
  });

  test('a large one is put aside, and the one before it is given up', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('a.log', 'newer');
    await folder.write('a.log.1', 'oldest');
    await truncate(path, LARGE_BYTES);
    prepareLog(path, 'now');
    expect(await folder.read('a.log')).toBe('now\n');
    expect((await folder.read('a.log.1')).startsWith('newer')).toBe(true);
  });

  test.skipIf(process.platform !== 'linux')('a full disk is noticed', () => {
    expect(() => prepareLog('/dev/full', 'first')).toThrow('ENOSPC');
  });

  test('a folder that is a file is noticed', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('a.log', '');
    expect(() => prepareLog(`${path}/b.log`, 'first')).toThrow();
  });
});

describe('while a program runs', () => {
  test('its log is cut when it is large, and the program goes on at the beginning', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('a.log', 'early\n');
    const file = await open(path, 'a');
    expect(await trimLog(path)).toBe(false);
    await truncate(path, LARGE_BYTES);
    expect(await trimLog(path)).toBe(true);
    await file.write('late\n');
    await file.close();
    expect(await folder.read('a.log')).toBe('late\n');
    expect((await stat(`${path}.1`)).size).toBe(KEPT_BYTES);
  });

  test('only the end of a log that has grown beyond all measure is kept', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('a.log', '');
    await truncate(path, 10 * LARGE_BYTES);
    await appendFile(path, 'the end');
    expect(await trimLog(path)).toBe(true);
    const kept = await folder.read('a.log.1');
    expect([kept.length, kept.slice(-7)]).toEqual([KEPT_BYTES, 'the end']);
  });

  test('a log that is gone is no trouble', async () => {
    expect(await trimLog('/no/such/file')).toBe(false);
  });
});

describe('the last lines', () => {
  test('are those of this start', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('a.log', 'of an earlier start\n');
    const from = prepareLog(path, 'now');
    expect(logTail(path, from, 5)).toEqual([]);
    await appendFile(path, 'one\n\ntwo\n\u001B[1mthree\u001B[0m\r\n10%\r20%');
    expect(logTail(path, from, 5)).toEqual(['one', 'two', 'three', '20%']);
    expect(logTail(path, from, 2)).toEqual(['three', '20%']);
  });

  test('are there even of a progress bar that has ended no line', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('a.log', `${'x'.repeat(KEPT_BYTES)}swordfish`);
    // Half a word could be half a secret, which nobody would know as one.
    expect(logTail(path, 0, 5)).toEqual([]);
    await appendFile(path, Array.from({ length: 5_000 }, (_, step) => `\rloaded ${step} of 5000`).join(''));
    expect(logTail(path, 0, 5)).toEqual(['loaded 4999 of 5000']);
  });

  test('are there even when the last of them is longer than what is read at first', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('a.log', `the reason\n${'x'.repeat(500_000)}\n`);
    expect(logTail(path, 0, 5).map((line) => line.slice(0, 10))).toEqual(['the reason', 'xxxxxxxxxx']);
  });

  test('begin with a whole line when there is more than is read', async () => {
    await using folder = await tmpdir();
    const lines = Array.from({ length: 20_000 }, (_, number) => `line ${number}`);
    const path = await folder.write('a.log', `${lines.join('\n')}\n`);
    const tail = logTail(path, 0, 20_000);
    expect(tail.length).toBeLessThan(20_000);
    expect(tail).toEqual(lines.slice(-tail.length));
  });

  test('of a log that somebody cut are all that stands in it', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('a.log', 'short\n');
    expect(logTail(path, 1_000_000, 5)).toEqual(['short']);
  });

  test('of a log that cannot be read are none', () => {
    expect(logTail('/no/such/file', 0, 5)).toEqual([]);
    expect(logTail('/', 0, 5)).toEqual([]);
  });
});
