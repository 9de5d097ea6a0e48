/** Does a full or failing disk cost nothing but the delay, and is every decision written once there is room? */
import { expect, test } from 'bun:test';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { openForTest } from '#tests/store/open-decisions';
import { runWriter } from '#tests/store/processes';
import { idOf, sampleRecord } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

const run = (...command: string[]): boolean => {
  try {
    return Bun.spawnSync(command, { stdout: 'ignore', stderr: 'ignore' }).success;
  } catch {
    return false;
  }
};

/** A file system of two megabytes; undefined where the test may not mount one. */
const mountSmallDisk = (path: string): Disposable | undefined => {
  mkdirSync(path);
  if (process.platform !== 'linux' || !run('mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path)) return undefined;
  return { [Symbol.dispose]: () => void run('umount', '-l', path) };
};

const canMount = await (async () => {
  await using folder = await tmpdir();
  using disk = mountSmallDisk(folder.file('disk'));
  return disk !== undefined;
})();

test.skipIf(!canMount)('on a full disk decisions wait in memory; with room again all are written', async () => {
  await using folder = await tmpdir();
  const place = folder.file('disk');
  using disk = mountSmallDisk(place);
  expect(disk).toBeDefined();
  const log = openForTest(`${place}/decisions.db`);
  log.decisions.append(sampleRecord({ id: idOf(0) }));
  await log.decisions.flush();
  expect(() => writeFileSync(`${place}/ballast`, new Uint8Array(3 * 1024 * 1024))).toThrow();

  for (let number = 1; number <= 300; number++) log.decisions.append(sampleRecord({ id: idOf(number) }));
  await log.clock.advance(200);
  expect(log.decisions.stats()).toMatchObject({ state: 'failing', queued: 300, written: 1, dropped: 0 });
  expect(log.problems.map((problem) => problem.kind)).toEqual(['full']);
  expect(log.decisions.get(idOf(0))?.id).toBe(idOf(0));
  expect(log.decisions.list({ limit: 500 }).records).toHaveLength(301);

  unlinkSync(`${place}/ballast`);
  await log.clock.advance(5_000);
  await log.clock.advance(1_000);
  expect(log.decisions.stats()).toMatchObject({ state: 'writing', queued: 0, written: 301, dropped: 0 });
  expect(log.decisions.summary(0).requests).toBe(301);
  await log.decisions.close();
});

test.skipIf(process.platform === 'win32')('a write error of the system leaves the server running', async () => {
  await using folder = await tmpdir();
  const { said, last, code } = await runWriter(folder.file('decisions.db'), 0, 2_000, 'ulimit -f 256');
  expect(code).toBe(0);
  expect(said.filter((line) => line.problem !== undefined && line.problem !== 'dropped')).not.toEqual([]);
  // 256 blocks of 512 or 1024 bytes hold some of the two thousand; the rest was readable from memory to the end.
  expect(last).toMatchObject({ state: 'failing', newest: idOf(1_999), closed: true });
  expect(last?.written).toBeLessThan(2_000);
  expect((last?.written ?? 0) + (last?.queued ?? 0)).toBe(2_000);
});
