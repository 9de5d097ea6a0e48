/** A disk that is full while models are swapped: does serving go on, is it said, and is all well once there is room? */
import { describe, expect, test } from 'bun:test';
import { appendFileSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { ask, openStream, seenIn, streamed, wholeAnswer } from '#tests/e2e/multiplexer-callers';
import { serversOf } from '#tests/e2e/multiplexer-processes';
import { slotOf, startWorld } from '#tests/e2e/multiplexer-world';
import { dockerForTests, IMAGE_BUILD_MS } from '#tests/support/scripted-image';
import { tmpdir } from '#tests/support/tmp';

const FILE = 'tests/e2e/multiplexer-full-disk.test.ts';
/** Of a tmpfs. */
const BLOCK_BYTES = 4096;
const { engine, skip: noDocker } = await dockerForTests(FILE);

const run = (...command: string[]): boolean => {
  try {
    return Bun.spawnSync(command, { stdout: 'ignore', stderr: 'ignore' }).success;
  } catch {
    return false;
  }
};

interface SmallDisk extends Disposable {
  readonly path: string;
  /** Takes every byte that is left. */
  fill(): void;
  free(): void;
}

/** A file system of 64 KiB; undefined where the test may not mount one. */
const mountSmallDisk = (path: string): SmallDisk | undefined => {
  mkdirSync(path);
  if (process.platform !== 'linux' || !run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path)) return undefined;
  const ballast = `${path}/ballast`;
  return {
    path,
    fill: () => expect(() => writeFileSync(ballast, new Uint8Array(128 * 1024))).toThrow('ENOSPC'),
    free: () => unlinkSync(ballast),
    [Symbol.dispose]: () => void run('umount', '-l', path),
  };
};

const canMount = await (async () => {
  await using folder = await tmpdir();
  using disk = mountSmallDisk(folder.file('disk'));
  return disk !== undefined;
})();
if (!canMount) process.stderr.write(`SKIPPED ${FILE}: a file system may be mounted by root on Linux only\n`);
/** Where every privilege is there, as in CI, a skip is a failure. */
const isRequired = process.env.ANVIL_TEST_REQUIRE_ROOT === '1';

describe.skipIf(noDocker || (!canMount && !isRequired))('on a full disk', () => {
  test(
    'containers and processes are swapped as before, the log says so, and with room again all is written',
    async () => {
      await using folder = await tmpdir();
      using disk = mountSmallDisk(folder.file('disk'));
      if (disk === undefined) throw new Error('no small file system could be mounted');
      await using world = await startWorld(
        { engine },
        {
          models: [
            { name: 'boxed' },
            {
              name: 'plain',
              driver: 'process',
              script: ['--script-crash-code', '3', '--script-crash-lines', 'one|two'],
            },
          ],
        },
      );
      await using multiplexer = await world.start('--state-dir', disk.path);
      const { url } = multiplexer;
      const swap = async (name: string): Promise<void> =>
        expect(await streamed(url, name, { tokens: 8 })).toEqual(wholeAnswer(name, 8));
      for (const name of ['boxed', 'plain']) await swap(name);
      const log = `${disk.path}/logs/plain.log`;
      expect(readFileSync(log, 'utf8')).toContain('plain: serves on');

      // The block that the log has begun is its own, full disk or not.
      appendFileSync(log, `${'-'.repeat(BLOCK_BYTES - 1 - (statSync(log).size % BLOCK_BYTES))}\n`);
      const fullBytes = statSync(log).size;
      disk.fill();
      const reader = await openStream(url, 'plain', { tokens: 24 });
      expect(seenIn(await reader.rest()).terminal).toBe(true);
      for (const name of ['boxed', 'plain', 'boxed', 'plain']) await swap(name);
      await multiplexer.logged(/"level":"warn"[^\n]*multiplexer state: writing to [^\n]*serving goes on/);
      await multiplexer.logged(/"level":"warn"[^\n]*the log of plain cannot be written to [^\n]*Free the disk/);
      expect(statSync(log).size).toBe(fullBytes);

      // Its output comes through the multiplexer instead, so its last lines are still told.
      const crashed = multiplexer.until('plain crashed', (status) => slotOf(status, 'plain').state === 'failed');
      await fetch(`http://127.0.0.1:${world.port('plain')}/crash`, { method: 'POST' }).catch(() => undefined);
      const { last_failure: failure, lines } = slotOf(await crashed, 'plain');
      expect([failure, lines?.slice(-2)]).toEqual(['exited with 3', ['one', 'two']]);
      await multiplexer.until('plain is back', (status) => slotOf(status, 'plain').loads === 4);

      disk.free();
      for (const name of ['boxed', 'plain']) await swap(name);
      expect(statSync(log).size).toBeGreaterThan(fullBytes);
      expect((await ask(url, 'plain')).status).toBe(200);
      // What is remembered now is there for the next life.
      await multiplexer.end('SIGKILL');
      await using later = await world.start('--state-dir', disk.path);
      await later.until('plain is taken over', (status) => slotOf(status, 'plain').state === 'ready');
      expect(await later.end('SIGTERM')).toBe(0);
      expect([await world.containers(), serversOf(world.id)]).toEqual([[], []]);
    },
    IMAGE_BUILD_MS,
  );

  test(
    'a start is refused with a remedy, and nothing is begun that could not be remembered',
    async () => {
      await using folder = await tmpdir();
      using disk = mountSmallDisk(folder.file('disk'));
      if (disk === undefined) throw new Error('no small file system could be mounted');
      disk.fill();
      await using world = await startWorld({ engine }, { models: [{ name: 'plain', driver: 'process' }] });
      const refused = await world.launch('--state-dir', disk.path);
      expect(await refused.exited).toBe(2);
      expect(refused.err()).toContain('the state file cannot be used');
      expect(refused.err()).toContain(disk.path);
      expect(refused.err()).not.toContain('    at ');
    },
    IMAGE_BUILD_MS,
  );
});
