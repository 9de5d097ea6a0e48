/** A serve that is a compose service: which commands are given, and what becomes of their answers. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createCommands } from '#platform/commands';
import { composeHouse, composeSpec, factsWith, ID } from '#tests/drivers/compose-support';
import { rejectionOf } from '#tests/support/rejection';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const never = new AbortController().signal;

describe.skipIf(process.platform === 'win32')('a compose serve', () => {
  test('is absent, brought up, ours without drift, and taken down', async () => {
    await using house = await composeHouse();
    const spec = composeSpec();
    expect(await house.driver.find(spec, never)).toEqual({ kind: 'absent' });
    const serve = await house.driver.start(spec, never);
    expect(serve.id).toBe(ID);
    expect(await house.state.read('said')).toBe('variable hello\n');
    expect(await house.driver.find(spec, never)).toEqual({
      kind: 'ours',
      id: ID,
      running: true,
      status: 'running',
      drift: [],
    });
    await house.driver.stop(spec);
    serve.letGo();
    expect(await house.calls()).toEqual([
      'version',
      'ps --all --quiet model',
      'ps --all --quiet model',
      'up --detach --no-deps model',
      'ps --all --quiet model',
      'ps --all --quiet model',
      'config --hash model',
      'stop --timeout 2 model',
      'rm --force model',
      'ps --all --quiet model',
    ]);
    expect(house.engineCalls).toEqual([]);
  });

  test('is asked for in its project', async () => {
    await using house = await composeHouse();
    const launch = { driver: 'compose', file: '/stack.yml', service: 'model', project: 'lab' } as const;
    await house.driver.find(composeSpec({ launch }), never);
    expect((await house.programs.calls('docker')).at(-1)).toEqual([
      'compose',
      '-p',
      'lab',
      '-f',
      '/stack.yml',
      'ps',
      '--all',
      '--quiet',
      'model',
    ]);
  });

  test('that runs is taken over, with its lines and its end', async () => {
    await using house = await composeHouse();
    await house.state.write('ids', ID);
    const serve = await house.driver.adopt(composeSpec(), never);
    while (serve.tail().length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(serve.tail()).toEqual(['serves']);
    serve.letGo();
  });

  test('that is gone cannot be taken over', async () => {
    await using house = await composeHouse();
    const error = await rejectionOf(house.driver.adopt(composeSpec(), never));
    expect(error).toMatchObject({ fault: 'failed' });
    expect(error.message).toContain('service model has no container any more');
  });

  test('that publishes another port is not taken for what answers on that of the serve', async () => {
    await using house = await composeHouse();
    await house.state.write('ids', ID);
    house.containers.set(ID, factsWith({ ports: [{ container: 8000, host: 8001, address: '0.0.0.0' }] }));
    const refused = await rejectionOf(house.driver.adopt(composeSpec(), never));
    expect(refused).toMatchObject({ fault: 'failed' });
    expect(refused.message).toContain('publishes port 8001, not 21999');
    house.containers.set(ID, factsWith({ ports: [{ container: 8000, host: 21_999, address: '127.0.0.1' }] }));
    (await house.driver.adopt(composeSpec(), never)).letGo();
  });

  for (const status of ['paused', 'restarting', 'dead'] as const) {
    test(`that is ${status} is removed before it is brought up`, async () => {
      await using house = await composeHouse();
      await house.state.write('ids', ID);
      house.containers.set(ID, factsWith({ status }));
      expect(await house.driver.find(composeSpec(), never)).toMatchObject({ kind: 'ours', running: false, status });
      await rejectionOf(house.driver.start(composeSpec(), never));
      expect(house.engineCalls).toEqual([`remove ${ID}`]);
      expect((await house.calls()).at(-2)).toBe('up --detach --no-deps model');
    });
  }
});

describe.skipIf(process.platform === 'win32')('drift of a compose serve', () => {
  const cases: readonly (readonly [what: string, hash: string, trial: string, drift: readonly string[]])[] = [
    ['none by the hash', 'ab12', 'Recreate', []],
    ['none by the trial, where the hash leaves something out', 'ff', ' Container stack-model-1  Running', []],
    ['some', 'ff', ' Container stack-model-1  Recreate', ['service model differs from /stack.yml']],
  ];
  for (const [what, hash, trial, drift] of cases) {
    test(`is ${what}`, async () => {
      await using house = await composeHouse();
      await house.state.write('ids', ID);
      await house.state.write('hash', hash);
      await house.state.write('trial', trial);
      expect(await house.driver.find(composeSpec(), never)).toMatchObject({ kind: 'ours', drift });
    });
  }

  test('is assumed where compose is too old to be asked for a trial', async () => {
    await using house = await composeHouse();
    await house.state.write('ids', ID);
    await house.state.write('hash', 'ff');
    await house.state.write('dry-run.fails', 'unknown flag: --dry-run\n');
    const found = await house.driver.find(composeSpec(), never);
    expect(found).toMatchObject({ kind: 'ours', drift: ['service model differs from /stack.yml'] });
  });

  test('is an image that has changed under its name', async () => {
    await using house = await composeHouse();
    await house.state.write('ids', ID);
    house.containers.set(ID, factsWith({ imageId: 'sha256:older' }));
    const found = await house.driver.find(composeSpec(), never);
    expect(found).toMatchObject({ kind: 'ours', drift: ['image server:1 is another one now'] });
  });
});

describe.skipIf(process.platform === 'win32')('a compose serve is not ours to touch', () => {
  test('when a container of another making has its name', async () => {
    await using house = await composeHouse();
    house.containers.set('anvil-small', factsWith({ id: 'b', name: 'anvil-small' }));
    expect(await house.driver.find(composeSpec(), never)).toEqual({
      kind: 'stranger',
      what: 'container anvil-small exists and is not of compose service model',
    });
  });

  test('when somebody has its port', async () => {
    await using house = await composeHouse({ reach: async () => undefined });
    expect(await house.driver.find(composeSpec(), never)).toEqual({
      kind: 'stranger',
      what: 'port 21999 of 127.0.0.1 is taken by a program that is not ours',
    });
  });
});

describe.skipIf(process.platform === 'win32')('what compose refuses', () => {
  const cases: readonly (readonly [verb: string, said: string, fault: string, remedy: string])[] = [
    ['ps', 'no such service: model', 'missing', 'correct the compose file'],
    ['ps', 'open /stack.yml: no such file or directory', 'missing', 'correct the compose file'],
    [
      'ps',
      'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
      'unavailable',
      'start the Docker Engine',
    ],
    [
      'up',
      'Bind for 127.0.0.1:21999 failed: port is already allocated',
      'stranger',
      'remove what has the name or the port',
    ],
    [
      'up',
      'The container name "/anvil-small" is already in use by container "b"',
      'stranger',
      'remove what has the name',
    ],
    ['up', 'manifest unknown', 'missing', 'correct the compose file'],
    ['up', 'something new', 'failed', 'try the same command by hand'],
  ];
  for (const [verb, said, fault, remedy] of cases) {
    test(`is told: ${said}`, async () => {
      await using house = await composeHouse();
      await house.state.write(`${verb}.fails`, `${said}\n`);
      const error = await rejectionOf(house.driver.start(composeSpec(), never));
      expect(error).toMatchObject({ fault });
      expect(error.message).toStartWith(
        `serve small: "docker compose ${verb}" of service model in /stack.yml ended with 1: `,
      );
      expect(error.message).toContain(said);
      expect(error.message).toContain(remedy);
    });
  }

  test('is told without what the serve is handed', async () => {
    await using house = await composeHouse({ env: () => 'open-sesame' });
    await house.state.write('up.fails', 'invalid value "open-sesame"');
    const refused = await rejectionOf(house.driver.start(composeSpec({ envFrom: ['DOOR'] }), never));
    expect(refused.message).toContain('invalid value');
    expect(refused.message).not.toContain('open-sesame');
  });

  test('is told without the secrets in it', async () => {
    await using house = await composeHouse();
    await house.state.write('up.fails', 'bad value api_key=sk-live-0123456789abcdef\n');
    const error = await rejectionOf(house.driver.start(composeSpec(), never));
    expect(error.message).not.toContain('0123456789abcdef');
  });

  test('does not keep a known container: without its file it is removed through the engine', async () => {
    await using house = await composeHouse();
    const serve = await house.driver.start(composeSpec(), never);
    await house.state.write('stop.fails', 'open /stack.yml: no such file or directory\n');
    await house.driver.stop(composeSpec());
    expect(house.engineCalls).toEqual([`stop ${ID}`, `remove ${ID}`]);
    serve.letGo();
    expect(await rejectionOf(house.driver.stop(composeSpec()))).toMatchObject({ fault: 'missing' });
  });
});

describe.skipIf(process.platform === 'win32')('without compose', () => {
  test('the plugin is said to be missing', async () => {
    await using house = await composeHouse();
    await house.state.write('version.fails', "docker: 'compose' is not a docker command.\n");
    const error = await rejectionOf(house.driver.find(composeSpec(), never));
    expect(error).toMatchObject({ fault: 'unavailable' });
    expect(error.message).toBe(
      'serve small: docker has no compose plugin; install docker-compose-plugin, or make it a docker serve',
    );
  });

  test('docker is said to be missing', async () => {
    await using house = await composeHouse({ commands: createCommands({ PATH: '/no/such/folder' }) });
    const error = await rejectionOf(house.driver.find(composeSpec(), never));
    expect(error).toMatchObject({ fault: 'unavailable' });
    expect(error.message).toContain('docker cannot be run: it is not on PATH');
  });

  test('it is looked for again after it was installed', async () => {
    await using house = await composeHouse();
    await house.state.write('version.fails', 'no');
    await rejectionOf(house.driver.find(composeSpec(), never));
    await house.programs.put('docker', 'case "$*" in "compose version") exit 0;; esac');
    expect(await house.driver.find(composeSpec(), never)).toEqual({ kind: 'absent' });
  });
});
