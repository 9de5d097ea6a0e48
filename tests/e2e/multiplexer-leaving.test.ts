/** How a multiplexer over a real Docker Engine leaves: what becomes of answers, of containers, and of plain processes? */
import { describe, expect, test } from 'bun:test';
import { ask, errorOf, gist, openStream, seenIn, streamed, wholeAnswer } from '#tests/e2e/multiplexer-callers';
import { serversOf } from '#tests/e2e/multiplexer-processes';
import { inState, type ModelRow, type Multiplexer, slotOf, startWorld, type World } from '#tests/e2e/multiplexer-world';
import { dockerForTests, IMAGE_BUILD_MS } from '#tests/support/scripted-image';

const { engine, skip } = await dockerForTests('tests/e2e/multiplexer-leaving.test.ts');

const LONG = ['--script-tokens', '100000', '--script-token-ms', '20'];
const DRIVERS = ['docker', 'process'] as const;
const NAMES = ['boxed', 'plain'] as const;
/** One server in a container and one as a process, both resident. */
const BOTH: readonly ModelRow[] = NAMES.map((name, index) => ({
  name,
  script: LONG,
  driver: DRIVERS[index] ?? 'docker',
  keys: { vram_mib: 100 },
}));

const worldOf = (drainSeconds: number): Promise<World> =>
  startWorld({ engine }, { vramMib: 200, models: BOTH, policy: { drain_timeout_seconds: drainSeconds } });

const expectNothingLeft = async (world: World): Promise<void> => {
  expect(await world.containers()).toEqual([]);
  expect(serversOf(world.id)).toEqual([]);
};

const openAll = (url: string, count: number, tokens: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => openStream(url, NAMES[index % 2] ?? 'boxed', { tokens })));

const bothReady = (multiplexer: Multiplexer): Promise<unknown> =>
  multiplexer.until('both are ready', (status) => NAMES.every((name) => inState(name, 'ready')(status)));

describe.skipIf(skip)('SIGTERM', () => {
  test(
    'lets running answers end, refuses new ones, and leaves no container and no process',
    async () => {
      await using world = await worldOf(20);
      await using multiplexer = await world.start();
      const readers = await openAll(multiplexer.url, 20, 100);
      multiplexer.signal('SIGTERM');
      await multiplexer.logged(/"leaving"/);
      expect(await errorOf(await ask(multiplexer.url, 'boxed'))).toMatchObject({ status: 503, code: 'unavailable' });
      const texts = await Promise.all(readers.map((reader) => reader.rest()));
      texts.forEach((text, index) => {
        expect(gist(seenIn(text))).toEqual(wholeAnswer(NAMES[index % 2] ?? '', 100));
      });
      expect(await multiplexer.exited).toBe(0);
      await expectNothingLeft(world);
    },
    IMAGE_BUILD_MS,
  );

  test(
    'cuts what runs longer than the drain limit, or at once when it comes again, and leaves nothing all the same',
    async () => {
      for (const { drainSeconds, signals } of [
        { drainSeconds: 1, signals: 1 },
        { drainSeconds: 300, signals: 2 },
      ]) {
        await using world = await worldOf(drainSeconds);
        await using multiplexer = await world.start();
        const readers = await openAll(multiplexer.url, 4, 100_000);
        multiplexer.signal('SIGTERM');
        await multiplexer.logged(/"leaving"/);
        if (signals === 2) multiplexer.signal('SIGTERM');
        for (const text of await Promise.all(readers.map((reader) => reader.rest()))) {
          expect(seenIn(text)).toMatchObject({
            terminal: false,
            error: { message: expect.stringContaining('the answer was cut') },
          });
        }
        // Not in order: somebody's answer was cut.
        expect(await multiplexer.exited).toBe(1);
        expect(multiplexer.err()).toMatch(/"cut":4[^\n]*"stopped"/);
        await expectNothingLeft(world);
      }
    },
    IMAGE_BUILD_MS,
  );

  test(
    'in the middle of a load ends it: who waits is refused at once, and nothing is left of either server',
    async () => {
      const models = BOTH.map((row) => ({ ...row, script: ['--script-load-ms', '19000'] }));
      await using world = await startWorld({ engine }, { vramMib: 200, models });
      await using multiplexer = await world.start();
      const waiting = NAMES.map((name) => ask(multiplexer.url, name));
      await multiplexer.until('both servers print that they load', (status) =>
        NAMES.every((name) => slotOf(status, name).lines?.some((line) => line.includes('starts, process')) === true),
      );
      const began = performance.now();
      const ended = multiplexer.end('SIGTERM');
      for (const response of await Promise.all(waiting)) {
        expect(await errorOf(response)).toMatchObject({ status: 503, code: 'unavailable' });
      }
      expect(await ended).toBe(0);
      expect(performance.now() - began).toBeLessThan(12_000);
      await expectNothingLeft(world);
    },
    IMAGE_BUILD_MS,
  );
});

describe.skipIf(skip)('--keep-serves', () => {
  test(
    'leaves the servers, and the next start takes them over without a load',
    async () => {
      await using world = await worldOf(20);
      let serves: readonly (string | undefined)[];
      {
        await using multiplexer = await world.start('--keep-serves');
        const readers = await openAll(multiplexer.url, 2, 50);
        serves = (await multiplexer.slots()).slots.map(({ serve }) => serve);
        const ended = multiplexer.end('SIGTERM');
        const texts = await Promise.all(readers.map((reader) => reader.rest()));
        expect(texts.map((text) => seenIn(text).terminal)).toEqual([true, true]);
        expect(await ended).toBe(0);
      }
      expect((await world.containers()).map(({ id, status }) => [id, status])).toEqual([[serves[0] ?? '', 'running']]);
      expect(serversOf(world.id)).toContain(Number(serves[1]));
      await using multiplexer = await world.start();
      await bothReady(multiplexer);
      expect((await multiplexer.slots()).slots.map(({ serve }) => serve)).toEqual([...serves]);
      expect(multiplexer.err().match(/"model taken over, it ran already"/g)).toHaveLength(2);
      for (const name of NAMES) {
        expect(await streamed(multiplexer.url, name, { tokens: 8 })).toEqual(wholeAnswer(name, 8));
      }
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      await expectNothingLeft(world);
    },
    IMAGE_BUILD_MS,
  );
});
