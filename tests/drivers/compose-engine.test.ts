/** The compose driver with the real `docker compose` and a real engine: brought up, known, changed, taken down. */
import { beforeAll, describe, expect, test } from 'bun:test';
import { createComposeDriver } from '#drivers/compose';
import { untilReady } from '#drivers/readiness';
import { bunEffects } from '#platform/bun-effects';
import { createCommands } from '#platform/commands';
import { freePort } from '#tests/drivers/docker-support';
import { specOf } from '#tests/drivers/process-support';
import { dockerForTests, IMAGE_BUILD_MS, scriptedEngineImage } from '#tests/support/scripted-image';
import { tmpdir } from '#tests/support/tmp';

const FILE = 'tests/drivers/compose-engine.test.ts';
const { engine, skip } = await dockerForTests(FILE);
const TEST_MS = 60_000;
const never = new AbortController().signal;
const commands = createCommands();

/** Debian's docker.io comes without the plugin, so it is asked for by a variable of its own. */
const hasCompose = skip
  ? false
  : await commands.run(['docker', 'compose', 'version'], { timeoutMs: 10_000 }).then(
      ({ code }) => code === 0,
      () => false,
    );
const isRequired = process.env.ANVIL_TEST_REQUIRE_COMPOSE === '1';
if (!skip && !hasCompose && !isRequired) process.stderr.write(`SKIPPED ${FILE}: docker has no compose plugin\n`);

describe.skipIf(skip || !(hasCompose || isRequired))('the compose driver on a real engine', () => {
  let image = '';
  beforeAll(async () => {
    image = await scriptedEngineImage();
  }, IMAGE_BUILD_MS);

  const fileWith = (port: number, greeting: string): string => `services:
  model:
    image: ${image}
    command: ["--served-model-name", "small", "--host", "0.0.0.0", "--port", "8000"]
    env_file: [vars.env]
    environment: { GREETING: "${greeting}" }
    ports: ["127.0.0.1:${port}:8000"]
    depends_on: [never]
  never:
    image: no-such-image:${process.pid}
`;

  test(
    'brings up its service alone, knows it again, sees what changes it, and takes it down',
    async () => {
      await using folder = await tmpdir();
      const port = freePort();
      const file = await folder.write('stack.yml', fileWith(port, 'hello'));
      await folder.write('vars.env', 'LEVEL=1\n');
      const project = `anvil-test-${process.pid}`;
      const spec = specOf(port, [], {
        launch: { driver: 'compose', file, service: 'model', project },
        container: `anvil-test-none-${process.pid}`,
      });
      const effects = bunEffects();
      const { clock, env, reach } = effects;
      const session = effects.openSession();
      const driver = createComposeDriver({ commands, engine, clock, env, reach });
      const drift = async () => {
        const found = await driver.find(spec, never);
        return found.kind === 'ours' ? found.drift : found;
      };
      try {
        expect(await driver.find(spec, never)).toEqual({ kind: 'absent' });
        const serve = await driver.start(spec, never);
        expect(await untilReady(spec, serve, { clock, fetch: session.fetch, signal: never })).toBe('ready');
        // The service has an env_file, which the hash of the file leaves out.
        expect(await drift()).toEqual([]);
        await folder.write('vars.env', 'LEVEL=2\n');
        expect(await drift()).toEqual([`service model differs from ${file}`]);
        await folder.write('vars.env', 'LEVEL=1\n');
        await folder.write('stack.yml', fileWith(port, 'goodbye'));
        expect(await drift()).toEqual([`service model differs from ${file}`]);
        const again = await driver.start(spec, never);
        expect(again.id).not.toBe(serve.id);
        expect((await serve.exited).detail).toBeString();
        expect(await drift()).toEqual([]);
        await driver.stop(spec);
        expect((await again.exited).detail).toBeString();
        expect(await driver.find(spec, never)).toEqual({ kind: 'absent' });
        await driver.stop(spec);
      } finally {
        const down = ['docker', 'compose', '-p', project, '-f', file, 'down', '--timeout', '0'] as const;
        await commands.run(down, { timeoutMs: 30_000 });
        session.close();
      }
    },
    TEST_MS,
  );
});
