/** What others do to our containers behind our back, on a real engine: nothing is orphaned, nothing of theirs is touched. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ServeSpec } from '#core/serve-spec';
import { OWNER_LABEL } from '#drivers/docker-spec';
import { driverOn, type SpecChanges, specWith, untilSays } from '#tests/drivers/docker-support';
import { rejectionOf } from '#tests/support/rejection';
import { dockerForTests, IMAGE_BUILD_MS, scriptedEngineImage } from '#tests/support/scripted-image';

const { engine, skip } = await dockerForTests('tests/drivers/docker-outside.test.ts');
const TEST_MS = 30_000;
const SIGNAL = new AbortController().signal;
const OWNER = `outside-${process.pid}`;
const driver = driverOn(engine, { owner: OWNER });

let image = '';
const spec = (changes?: SpecChanges): ServeSpec => specWith(image, changes);

/** As `docker WORDS` would be typed by somebody else. */
const docker = async (...words: readonly string[]): Promise<void> => {
  const child = Bun.spawn(['docker', ...words], { stdout: 'ignore', stderr: 'pipe' });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(said);
};

describe.skipIf(skip)('a container that', () => {
  beforeAll(async () => {
    image = await scriptedEngineImage();
  }, IMAGE_BUILD_MS);
  afterAll(async () => {
    for (const { id } of await engine.list(`${OWNER_LABEL}=${OWNER}`)) await engine.remove(id);
  }, TEST_MS);

  test(
    'somebody renames is still ours: it is seen, and its stop leaves nothing on the port',
    async () => {
      const serve = spec();
      const running = await driver.start(serve, SIGNAL);
      await untilSays(engine, running, 'serves on');
      await docker('rename', serve.container, `${serve.container}-old`);
      expect(await driver.find(serve, SIGNAL)).toEqual({
        kind: 'ours',
        id: running.id,
        running: true,
        status: 'running',
        drift: [`name differs: ${serve.container}-old → ${serve.container}`],
      });
      await driver.stop(serve);
      expect(await engine.inspect(running.id)).toBeUndefined();
    },
    TEST_MS,
  );

  test(
    'somebody renames makes way for the next start',
    async () => {
      const serve = spec();
      const first = await driver.start(serve, SIGNAL);
      await docker('rename', serve.container, `${serve.container}-old`);
      const second = await driver.start(serve, SIGNAL);
      expect(await engine.inspect(first.id)).toBeUndefined();
      expect((await engine.inspect(second.id))?.name).toBe(serve.container);
      await driver.stop(serve);
    },
    TEST_MS,
  );

  test(
    'somebody pauses is stopped all the same',
    async () => {
      const serve = spec();
      const running = await driver.start(serve, SIGNAL);
      await untilSays(engine, running, 'serves on');
      await docker('pause', serve.container);
      expect(await driver.find(serve, SIGNAL)).toMatchObject({ kind: 'ours', running: false, status: 'paused' });
      await driver.stop(serve);
      expect(await engine.inspect(running.id)).toBeUndefined();
    },
    TEST_MS,
  );

  test(
    'somebody has, whose id begins with the name that we look for, is not taken for it',
    async () => {
      const theirs = await driver.start(spec(), SIGNAL);
      const serve = { ...spec(), container: theirs.id.slice(0, 8) };
      expect(await driver.find(serve, SIGNAL)).toEqual({ kind: 'absent' });
      await driver.stop(serve);
      expect((await engine.inspect(theirs.id))?.status).toBe('running');
    },
    TEST_MS,
  );

  test(
    'somebody replaces by one of the same name is a stranger, and never touched',
    async () => {
      const serve = spec();
      const running = await driver.start(serve, SIGNAL);
      await docker('rm', '--force', serve.container);
      await docker('create', '--name', serve.container, image);
      try {
        expect((await running.exited).code).not.toBe(0);
        expect(await driver.find(serve, SIGNAL)).toMatchObject({ kind: 'stranger' });
        await driver.stop(serve);
        expect(await engine.inspect(serve.container)).toBeDefined();
      } finally {
        await engine.remove(serve.container);
      }
    },
    TEST_MS,
  );

  test(
    'is made while its start is given up is removed again',
    async () => {
      const serve = spec();
      const given = new AbortController();
      let wasGivenSignal = true;
      const slow = {
        ...engine,
        create: async (name: string, body: Readonly<Record<string, unknown>>, signal?: AbortSignal) => {
          wasGivenSignal = signal !== undefined;
          given.abort(new Error('given up'));
          return engine.create(name, body, signal);
        },
      };
      const refused = await rejectionOf(driverOn(slow, { owner: OWNER }).start(serve, given.signal));
      expect(refused.message).toBe('given up');
      // With one the engine would go on making it, and nobody would look any more.
      expect(wasGivenSignal).toBe(false);
      expect(await engine.inspect(serve.container)).toBeUndefined();
    },
    TEST_MS,
  );
});
