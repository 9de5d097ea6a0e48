/** The verbs of serves on a real engine with a scripted model server: up until ready, drift, logs, down, rm. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { run } from '#tests/cli/fake-terminal';
import { freePort } from '#tests/drivers/docker-support';
import { dockerForTests, IMAGE_BUILD_MS, scriptedEngineImage } from '#tests/support/scripted-image';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

const { engine, skip } = await dockerForTests('tests/ops/serves-docker.test.ts');
const TEST_MS = 60_000;
const WELL = `anvil-serves-well-${process.pid}`;
const CRASH = `anvil-serves-crash-${process.pid}`;

let image = '';
let folder: TemporaryFolder;

const serve = (name: string, container: string, port: number, model: string, script: string, restart = 'no') => `
[[serve]]
name = "${name}"
container = "${container}"
port = ${port}
model = "${model}"
up = "docker run -d --restart=${restart} --name ${container} -p 127.0.0.1:${port}:8000 ${image} serve --served-model-name first --host 0.0.0.0 --port 8000 ${script}"
`;

const port = freePort();

const wellServing = (model: string): Promise<string> =>
  folder.write('serves.toml', serve('well', WELL, port, model, '--script-load-ms 200'));

const serves = async (...words: readonly string[]) => {
  const path = folder.file('serves.toml');
  return run(['serves', ...words, '--manifest', path]);
};

const statusOf = async () => JSON.parse((await serves('status', '--json')).out).serves[0];

describe.skipIf(skip)('serves', () => {
  beforeAll(async () => {
    image = await scriptedEngineImage();
    folder = await tmpdir();
  }, IMAGE_BUILD_MS);
  afterAll(async () => {
    for (const container of [WELL, CRASH]) await engine.remove(container);
    await folder?.[Symbol.asyncDispose]();
  }, TEST_MS);

  test(
    'up --wait returns when the server is ready, and status says that it is well',
    async () => {
      await wellServing('first');
      const up = await serves('up', '--wait');
      expect([up.exit, up.err]).toEqual([0, '']);
      expect(up.out).toMatch(/^well: ran docker run .*; ready after /);
      expect(await statusOf()).toMatchObject({
        state: 'running',
        health: 200,
        models: ['first'],
        drift: [],
        not_compared: [],
        well: true,
      });
      expect((await serves('status', '--check')).exit).toBe(0);
    },
    TEST_MS,
  );

  test(
    'another declaration is drift in status and a warning of up, which leaves the server alone',
    async () => {
      await wellServing('second');
      expect(await statusOf()).toMatchObject({
        drift: ['was made to serve first, declared is second', 'lists first, declared is second'],
        well: false,
      });
      const before = (await engine.inspect(WELL))?.startedAt;
      const up = await serves('up');
      expect([up.exit, up.out]).toEqual([0, 'well: already running\n']);
      expect(up.err).toContain('was made to serve first, declared is second');
      expect((await engine.inspect(WELL))?.startedAt).toBe(before);
    },
    TEST_MS,
  );

  test(
    'a wait for another model than the one that is served fails with both names',
    async () => {
      await wellServing('second');
      const up = await serves('up', '--wait', '--timeout-seconds', '30');
      expect(up.exit).toBe(1);
      expect(up.err).toContain('it serves "first" instead of "second"');
    },
    TEST_MS,
  );

  test(
    'logs --follow passes on what comes until the server is stopped, and down stops it without removing it',
    async () => {
      await wellServing('first');
      const following = serves('logs', 'well', '--follow');
      const down = await serves('down', 'well');
      expect([down.exit, down.out]).toEqual([0, `well: stopped container ${WELL}\n`]);
      const { exit, out, err } = await following;
      expect(exit).toBe(0);
      expect(`${out}${err}`).toContain('loading weights');
      expect((await engine.inspect(WELL))?.status).toBe('exited');
      expect((await serves('logs', WELL, '--tail', '1')).out.split('\n').length).toBe(2);
    },
    TEST_MS,
  );

  test(
    'up starts what was stopped, --recreate makes it anew, rm removes it',
    async () => {
      await wellServing('first');
      const id = (await engine.inspect(WELL))?.id;
      expect((await serves('up', '--wait')).out).toMatch(/^well: started container .*; ready after /);
      expect((await engine.inspect(WELL))?.id).toBe(id ?? '');
      expect((await serves('up', '--recreate')).out).toMatch(/^well: removed its container, then ran /);
      expect((await engine.inspect(WELL))?.id).not.toBe(id ?? '');
      expect((await serves('rm', 'well')).out).toBe(`well: removed container ${WELL}\n`);
      expect((await statusOf()).state).toBe('absent');
    },
    TEST_MS,
  );

  test(
    'a server that Docker starts again and again fails the wait as well, and can be made anew',
    async () => {
      const script = '--script-load-ms 60000 --script-crash-loading-ms 300';
      await folder.write('serves.toml', serve('crash', CRASH, freePort(), 'first', script, 'on-failure:1000'));
      const up = await serves('up', '--wait');
      expect(up.exit).toBe(1);
      expect(up.err).toContain('ended while loading');
      expect(up.err).toContain('RuntimeError: the script says so');
      const again = await serves('up', '--recreate', '--dry-run');
      expect(again.out).toStartWith(`crash: would remove container ${CRASH}, then run: docker run `);
      expect((await serves('rm', 'crash')).exit).toBe(0);
    },
    TEST_MS,
  );

  test(
    'a server that dies while loading fails the wait at once, with its exit code and its last words',
    async () => {
      const script = '--script-load-ms 60000 --script-crash-loading-ms 300 --script-crash-code 9';
      await folder.write('serves.toml', serve('crash', CRASH, freePort(), 'first', script));
      const up = await serves('up', '--wait');
      expect(up.exit).toBe(1);
      expect(up.err).toMatch(/failed crash: .*ended while loading: exited with 9/);
      expect(up.err).toContain('RuntimeError: the script says so');
      expect(await statusOf()).toMatchObject({ state: 'exited', exit_code: 9, well: false });
    },
    TEST_MS,
  );
});
