/** The verb `multiplexer` over a real Docker Engine: swaps under load that cut nothing, and containers that outlive a kill. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OWNER_LABEL } from '#drivers/docker-spec';
import { bunEffects } from '#platform/bun-effects';
import { PROGRAM, type ServingProcess, startServing } from '#tests/cli/serving';
import { freePort } from '#tests/drivers/docker-support';
import { dockerForTests, IMAGE_BUILD_MS, scriptedEngineImage } from '#tests/support/scripted-image';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

const { engine, skip } = await dockerForTests('tests/cli/multiplexer-docker.test.ts');
const LIMIT_MS = 120_000;
const STREAMS = 50;
const MODELS = ['alpha', 'beta'].map((name) => `${name}-${process.pid}`);
const [ALPHA = '', BETA = ''] = MODELS;

let image = '';
let folder: TemporaryFolder;
let registry = '';
const ports = new Set<number>();

/** One that no other row has. */
const ownPort = (): number => {
  let port = freePort();
  while (ports.has(port)) port = freePort();
  ports.add(port);
  return port;
};

const row = (name: string): string => {
  const args = ['--host', '0.0.0.0', '--port', '30000', '--served-model-name', name, '--script-token-ms', '10'];
  return `[[models]]
name = "${name}"
engine = "custom"
driver = "docker"
image = "${image}"
args = ${JSON.stringify(args)}
container_port = 30000
port = ${ownPort()}
gpu = 0
gpu_access = "none"
health = "/health"
load_seconds = 5
load_timeout_seconds = 30
stop_seconds = 5
`;
};

const POLICY =
  '[multiplexer]\ndrain_timeout_seconds = 30\nmin_resident_seconds = 0\nlinger_seconds = 0\n\n[[gpus]]\nid = 0\n';

const start = (...flags: readonly string[]): Promise<ServingProcess> =>
  startServing(['--registry', registry, ...flags], PROGRAM, 'multiplexer');

/** One streamed answer, read to its end. */
const answer = async (url: string, model: string): Promise<string> => {
  const body = JSON.stringify({
    model,
    messages: [{ role: 'user', content: 'Hello?' }],
    stream: true,
    max_tokens: 100,
  });
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body });
  expect(response.status).toBe(200);
  return response.text();
};

const containers = async (): Promise<readonly string[]> => {
  const found = await Promise.all(MODELS.map((name) => engine.inspect(`anvil-${name}`)));
  return found.flatMap((facts) => (facts === undefined ? [] : [facts.id]));
};

describe.skipIf(skip)('the multiplexer with containers', () => {
  beforeAll(async () => {
    image = await scriptedEngineImage();
    folder = await tmpdir();
    registry = await folder.write('multiplexer.toml', [POLICY, ...MODELS.map(row)].join('\n'));
  }, IMAGE_BUILD_MS);
  afterAll(async () => {
    const owner = bunEffects().sha256(registry).slice(0, 16);
    for (const { id } of await engine.list(`${OWNER_LABEL}=${owner}`)) await engine.remove(id);
    await folder[Symbol.asyncDispose]();
  }, LIMIT_MS);

  test(
    `swaps under ${STREAMS} streams at a time: every one of them is whole`,
    async () => {
      await using multiplexer = await start();
      const asked = Array.from({ length: STREAMS }, (_, index) => (index % 2 === 0 ? ALPHA : BETA));
      const texts = await Promise.all(asked.map((model) => answer(multiplexer.url, model)));
      for (const [index, text] of texts.entries()) {
        expect(text).toContain(`"model":"${asked[index]}"`);
        expect(text.trimEnd()).toEndWith('data: [DONE]');
        expect(text).not.toContain('"error"');
      }
      const { swaps } = (await (await fetch(`${multiplexer.url}/v1/slots`)).json()) as {
        swaps: { total: number; cut: number };
      };
      expect(swaps.cut).toBe(0);
      expect(swaps.total).toBeGreaterThanOrEqual(2);
      // Collated by model: not one swap per request.
      expect(swaps.total).toBeLessThan(STREAMS / 2);
      expect(await containers()).toHaveLength(1);
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await containers()).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'one with another state folder leaves the containers of the first alone, and says whose they are',
    async () => {
      await using first = await start();
      await answer(first.url, ALPHA);
      const before = await containers();
      await using second = await start('--state-dir', folder.file('elsewhere'));
      const refused = await fetch(`${second.url}/v1/slots/${ALPHA}/load`, { method: 'POST' });
      expect([refused.status, await refused.text()]).toEqual([
        503,
        expect.stringContaining('belongs to another registry, or to one with another state folder'),
      ]);
      expect(await second.end('SIGTERM')).toBe(0);
      expect(await containers()).toEqual(before);
      expect(await answer(first.url, ALPHA)).toContain('data: [DONE]');
      expect(await first.end('SIGTERM')).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    'killed in the middle, it takes its container over at the next start, and answers at once',
    async () => {
      await using first = await start();
      await answer(first.url, ALPHA);
      const before = await containers();
      await first.end('SIGKILL');
      expect(await containers()).toEqual(before);
      await using second = await start();
      await second.logged('taken over');
      const { slots } = (await (await fetch(`${second.url}/v1/slots`)).json()) as {
        slots: readonly { model: string; state: string; loads: number }[];
      };
      expect(slots[0]).toMatchObject({ model: ALPHA, state: 'ready' });
      await answer(second.url, ALPHA);
      expect(await containers()).toEqual(before);
      expect(await second.end('SIGTERM')).toBe(0);
      expect(await containers()).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'a server that crashes is started again, and who asks next is served',
    async () => {
      await using multiplexer = await start();
      await answer(multiplexer.url, BETA);
      const [before = ''] = await containers();
      await engine.stop(before, 0);
      await multiplexer.logged('ended by itself');
      expect(await answer(multiplexer.url, BETA)).toContain('[DONE]');
      expect(await containers()).not.toContain(before);
      expect(await multiplexer.end('SIGTERM')).toBe(0);
    },
    LIMIT_MS,
  );
});
