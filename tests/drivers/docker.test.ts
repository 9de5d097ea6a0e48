/** The docker driver on a real engine, with a scripted model server: found, started, taken over, stopped, never confused. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ServeSpec } from '#core/serve-spec';
import { OWNER_LABEL } from '#drivers/docker-spec';
import { DriverError, type Found } from '#drivers/driver';
import type { ContainerFacts } from '#platform/docker-engine';
import { createDockerEngine } from '#platform/docker-socket';
import { driverOn, freePort, type SpecChanges, specWith, untilSays } from '#tests/drivers/docker-support';
import { realClock } from '#tests/support/clock';
import { rejectionOf } from '#tests/support/rejection';
import { dockerForTests, IMAGE_BUILD_MS, scriptedEngineImage } from '#tests/support/scripted-image';

const { engine, skip } = await dockerForTests('tests/drivers/docker.test.ts');
const TEST_MS = 30_000;
const SIGNAL = new AbortController().signal;
const OWNER = `owner-${process.pid}`;
const driver = driverOn(engine);

let image = '';
const spec = (changes?: SpecChanges): ServeSpec => specWith(image, changes);

/** Whatever a test leaves behind goes, however it ended. */
const withServe = async (changes: SpecChanges, work: (serve: ServeSpec) => Promise<void>): Promise<void> => {
  const serve = spec(changes);
  try {
    await work(serve);
  } finally {
    await engine.remove(serve.container);
  }
};

const factsOf = async (container: string): Promise<ContainerFacts> => {
  const facts = await engine.inspect(container);
  if (facts === undefined) throw new Error(`there is no container ${container}`);
  return facts;
};

const driftOf = (found: Found): readonly string[] => {
  if (found.kind !== 'ours') throw new Error(`${found.kind}: ${JSON.stringify(found)}`);
  return found.drift;
};

const modelsAt = async ({ port }: ServeSpec): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/v1/models`)).text();

describe.skipIf(skip)('the docker driver', () => {
  beforeAll(async () => {
    image = await scriptedEngineImage();
  }, IMAGE_BUILD_MS);
  afterAll(async () => {
    for (const { id } of await engine.list(`${OWNER_LABEL}=${OWNER}`)) await engine.remove(id);
  }, TEST_MS);

  test(
    'starts a server on loopback only, tells its end, and leaves nothing behind',
    () =>
      withServe({}, async (serve) => {
        expect(await driver.find(serve, SIGNAL)).toEqual({ kind: 'absent' });
        const running = await driver.start(serve, SIGNAL);
        await untilSays(engine, running, 'serves on');
        expect(await modelsAt(serve)).toContain(serve.name);
        expect((await factsOf(serve.container)).ports).toEqual([
          { container: 8000, host: serve.port, address: '127.0.0.1' },
        ]);
        expect(await driver.find(serve, SIGNAL)).toEqual({
          kind: 'ours',
          id: running.id,
          running: true,
          status: 'running',
          drift: [],
        });
        await driver.stop(serve);
        expect(await running.exited).toEqual({ code: 0, detail: 'exited with 0' });
        expect(await engine.inspect(serve.container)).toBeUndefined();
        // One that is gone is no error.
        await driver.stop(serve);
      }),
    TEST_MS,
  );

  test(
    'takes over what an earlier run of ours has left, and watches it',
    () =>
      withServe({ script: ['--script-crash-code', '7'] }, async (serve) => {
        const first = await driver.start(serve, SIGNAL);
        await untilSays(engine, first, 'serves on');
        first.letGo();
        const later = driverOn(engine);
        expect(driftOf(await later.find(serve, SIGNAL))).toEqual([]);
        const adopted = await later.adopt(serve, SIGNAL);
        expect(adopted.id).toBe(first.id);
        await fetch(`http://127.0.0.1:${serve.port}/crash`, { method: 'POST' }).catch(() => undefined);
        expect(await adopted.exited).toEqual({ code: 7, detail: 'exited with 7' });
        expect(adopted.tail().join('\n')).toContain('crashes on demand');
        // Dead, it is still ours, and is replaced when it is started again.
        expect(await later.find(serve, SIGNAL)).toMatchObject({ kind: 'ours', running: false, status: 'exited' });
        const again = await later.start(serve, SIGNAL);
        expect(again.id).not.toBe(first.id);
        await later.stop(serve);
      }),
    TEST_MS,
  );

  test(
    'says in words what differs from the declaration, and never a value',
    () =>
      withServe({ env: { MODE: 'one' }, envFrom: ['ANVIL_TEST_SECRET'] }, async (serve) => {
        const withSecret = (secret: string) =>
          driverOn(engine, { env: (name) => (name === 'ANVIL_TEST_SECRET' ? secret : undefined) });
        const ours = withSecret('swordfish-1');
        await ours.start(serve, SIGNAL);
        const driftWhen = async (changes: SpecChanges): Promise<readonly string[]> => {
          const { script: _, ...given } = changes;
          const launch = { ...serve.launch, ...given.launch } as ServeSpec['launch'];
          return driftOf(await ours.find({ ...serve, ...given, launch }, SIGNAL));
        };
        expect(await driftWhen({})).toEqual([]);
        // How long it may load is nothing that runs.
        expect(await driftWhen({ loadTimeoutMs: 1, stopMs: 1 })).toEqual([]);
        expect(await driftWhen({ env: { MODE: 'two' } })).toEqual(['environment changed: MODE']);
        expect(await driftWhen({ launch: { args: ['--port', '8000'] } })).toEqual(['arguments differ']);
        expect(await driftWhen({ launch: { image: 'other:1' } })).toEqual([`image differs: ${image} → other:1`]);
        expect(await driftWhen({ port: 1 })).toEqual([`port differs: 127.0.0.1:${serve.port} → 127.0.0.1:1`]);
        expect(await driftWhen({ launch: { shmSize: '1g' } })).toEqual([
          'declaration changed (volumes, shared memory, GPUs or variables taken away)',
        ]);
        const changed = await withSecret('swordfish-2').find(serve, SIGNAL);
        expect(driftOf(changed)).toEqual(['environment changed: ANVIL_TEST_SECRET']);
        expect(JSON.stringify(changed)).not.toContain('swordfish');
        const [unset = ''] = driftOf(await driverOn(engine, { env: () => undefined }).find(serve, SIGNAL));
        expect(unset).toContain('ANVIL_TEST_SECRET, not set in this environment');
        await ours.stop(serve);
      }),
    TEST_MS,
  );

  test(
    'sees that the name of the image means another one now',
    () =>
      withServe({}, async (serve) => {
        const tag = `anvil-retagged-${process.pid}:1`;
        const docker = (...words: readonly string[]) => Bun.spawnSync(['docker', ...words]).exitCode;
        try {
          expect(docker('tag', image, tag)).toBe(0);
          const tagged = { ...serve, launch: { ...serve.launch, image: tag } as ServeSpec['launch'] };
          await driver.start(tagged, SIGNAL);
          expect(driftOf(await driver.find(tagged, SIGNAL))).toEqual([]);
          const other = Bun.spawnSync(['docker', 'build', '--tag', tag, '-'], {
            stdin: new TextEncoder().encode(`FROM ${image}\nENV OTHER=1\n`),
          });
          expect(other.exitCode).toBe(0);
          const [difference = ''] = driftOf(await driver.find(tagged, SIGNAL));
          expect(difference).toMatch(/^image differs: anvil-retagged-\d+:1 was sha256:\w{12} → is sha256:\w{12}$/);
          await driver.stop(tagged);
        } finally {
          docker('rmi', '--force', tag);
        }
      }),
    TEST_MS,
  );

  test(
    'touches no container that is not ours, whatever its name',
    () =>
      withServe({}, async (serve) => {
        await engine.create(serve.container, { Image: image });
        expect(await driver.find(serve, SIGNAL)).toEqual({
          kind: 'stranger',
          what: `container ${serve.container} was not made by anvil-serving: remove it (docker rm -f ${serve.container}) or choose another name`,
        });
        const refused = await rejectionOf(driver.start(serve, SIGNAL));
        expect(refused).toBeInstanceOf(DriverError);
        expect(refused).toMatchObject({ fault: 'stranger' });
        await driver.stop(serve);
        expect((await factsOf(serve.container)).status).toBe('created');
        await engine.remove(serve.container);

        await driverOn(engine, { owner: 'another-registry' }).start(serve, SIGNAL);
        expect(await driver.find(serve, SIGNAL)).toMatchObject({
          kind: 'stranger',
          what: expect.stringContaining('belongs to another registry'),
        });
        await driver.stop(serve);
        expect((await factsOf(serve.container)).status).toBe('running');
      }),
    TEST_MS,
  );

  test(
    'never starts on a port that somebody else has, and names the container that has it',
    () =>
      withServe({}, async (serve) => {
        const other = Bun.serve({ hostname: '127.0.0.1', port: serve.port, fetch: () => new Response('not yours') });
        const what = `port ${serve.port} of 127.0.0.1 is taken by a program that is not ours: stop it or choose another port`;
        try {
          expect(await driver.find(serve, SIGNAL)).toEqual({ kind: 'stranger', what });
          const refused = await rejectionOf(driver.start(serve, SIGNAL));
          expect(refused.message).toBe(`serve ${serve.name}: ${what}`);
          expect(await engine.inspect(serve.container)).toBeUndefined();
        } finally {
          await other.stop(true);
        }
        const neighbour = spec({ port: serve.port });
        try {
          const theirs = await driverOn(engine, { owner: 'another-registry' }).start(neighbour, SIGNAL);
          await untilSays(engine, theirs, 'serves on');
          expect(await driver.find(serve, SIGNAL)).toMatchObject({
            what: `port ${serve.port} is taken by container ${neighbour.container}, which is not ours: stop it or choose another port`,
          });
        } finally {
          await engine.remove(neighbour.container);
        }
      }),
    TEST_MS,
  );

  test(
    'two of ours may share a port, since they are never loaded together',
    () =>
      withServe({}, async (serve) => {
        const partner = spec({ port: serve.port });
        await untilSays(engine, await driver.start(partner, SIGNAL), 'serves on');
        expect(await driver.find(serve, SIGNAL)).toEqual({ kind: 'absent' });
        await driver.stop(partner);
        await untilSays(engine, await driver.start(serve, SIGNAL), 'serves on');
        await driver.stop(serve);
      }),
    TEST_MS,
  );

  test(
    'has the last lines of a server that dies while loading as soon as it tells the death',
    () =>
      withServe(
        {
          script: [
            ...['--script-load-ms', '20000', '--script-crash-loading-ms', '100', '--script-crash-code', '3'],
            ...['--script-crash-lines', 'torch.OutOfMemoryError: 12 GiB wanted|Engine core failed'],
          ],
        },
        async (serve) => {
          const running = await driver.start(serve, SIGNAL);
          expect(await running.exited).toEqual({ code: 3, detail: 'exited with 3' });
          expect(running.tail().slice(-2)).toEqual(['torch.OutOfMemoryError: 12 GiB wanted', 'Engine core failed']);
          await driver.stop(serve);
        },
      ),
    TEST_MS,
  );

  test(
    'kills a server that ignores the wish to stop, after its grace',
    () =>
      withServe({ stopMs: 1_000, script: ['--script-ignore-sigterm'] }, async (serve) => {
        const running = await driver.start(serve, SIGNAL);
        await untilSays(engine, running, 'serves on');
        await driver.stop(serve);
        expect(await running.exited).toEqual({ code: 137, detail: 'exited with 137 (SIGKILL)' });
        expect(await engine.inspect(serve.container)).toBeUndefined();
      }),
    TEST_MS,
  );

  test('says which image is missing and how to get it', async () => {
    const serve = spec({ launch: { image: 'nobody/has-this:1' } });
    const refused = await rejectionOf(driver.start(serve, SIGNAL));
    expect(refused).toMatchObject({ fault: 'missing' });
    expect(refused.message).toContain('docker pull nobody/has-this:1');
  });

  test('says which volume of weights is missing instead of making an empty one', async () => {
    const source = `anvil-none-${process.pid}`;
    const serve = spec({ launch: { mounts: [{ source, target: '/models', readOnly: true }] } });
    const refused = await rejectionOf(driver.start(serve, SIGNAL));
    expect(refused).toMatchObject({ fault: 'missing', message: expect.stringContaining(source) });
    expect(await engine.hasVolume(source)).toBe(false);
  });

  test('names a variable that is not set, before anything is made', async () => {
    const serve = spec({ envFrom: ['HF_TOKEN', 'OTHER'] });
    const refused = await rejectionOf(driverOn(engine, { env: () => undefined }).start(serve, SIGNAL));
    expect(refused).toMatchObject({ fault: 'missing', message: expect.stringContaining('HF_TOKEN, OTHER') });
    expect(await engine.inspect(serve.container)).toBeUndefined();
  });

  test(
    'hands secrets over to the server, and repeats them to nobody',
    () =>
      withServe({ envFrom: ['HF_TOKEN'], script: [] }, async (serve) => {
        const secret = `hf_secret_${process.pid}`;
        const ours = driverOn(engine, { env: (name) => (name === 'HF_TOKEN' ? secret : undefined) });
        const running = await ours.start(serve, SIGNAL);
        await untilSays(engine, running, 'serves on');
        const facts = await factsOf(serve.container);
        expect(facts.env).toContain(`HF_TOKEN=${secret}`);
        expect(JSON.stringify(facts.labels)).not.toContain(secret);
        expect(JSON.stringify([await ours.find(serve, SIGNAL), running.tail()])).not.toContain(secret);
        // An engine that repeats it in an error does not get it past the driver.
        const echoing = { ...engine, create: () => engine.create(`bad name ${secret}!`, { Image: image }) };
        const again = spec({ envFrom: ['HF_TOKEN'] });
        const refused = await rejectionOf(driverOn(echoing, { env: () => secret }).start(again, SIGNAL));
        expect(refused.message).toContain('(hidden)');
        expect(refused.message).not.toContain(secret);
        await ours.stop(serve);
      }),
    TEST_MS,
  );

  test(
    'a start that is given up leaves no container',
    () =>
      withServe({}, async (serve) => {
        const given = new AbortController();
        const slow = {
          ...engine,
          start: async (name: string, signal?: AbortSignal) => {
            given.abort(new Error('given up'));
            await engine.start(name, signal);
          },
        };
        const refused = await rejectionOf(driverOn(slow).start(serve, given.signal));
        expect(refused.message).toBe('given up');
        expect(await engine.inspect(serve.container)).toBeUndefined();
      }),
    TEST_MS,
  );

  test(
    'sweeps away what no entry declares any more, of this registry only',
    () =>
      withServe({ stopMs: 0 }, async (serve) => {
        const own = driverOn(engine, { owner: `sweeper-${process.pid}` });
        const orphan = spec();
        const foreign = spec();
        try {
          await own.start(serve, SIGNAL);
          await own.start(orphan, SIGNAL);
          await driverOn(engine, { owner: 'another-registry' }).start(foreign, SIGNAL);
          expect(await own.sweep([serve.container], SIGNAL)).toEqual([orphan.container]);
          expect(await engine.inspect(orphan.container)).toBeUndefined();
          expect((await factsOf(serve.container)).status).toBe('running');
          expect((await factsOf(foreign.container)).status).toBe('running');
        } finally {
          await engine.remove(orphan.container);
          await engine.remove(foreign.container);
        }
      }),
    TEST_MS,
  );

  test('an engine that is not there is unavailable, and the message says what to do', async () => {
    const away = createDockerEngine({ address: `unix:///tmp/none-${freePort()}.sock`, clock: realClock });
    const refused = await rejectionOf(driverOn(away).find(spec(), SIGNAL));
    expect(refused).toMatchObject({
      fault: 'unavailable',
      message: expect.stringContaining('start the Docker Engine'),
    });
  });
});
