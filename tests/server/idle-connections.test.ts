/** Are silent connections dropped, however they came to be silent, while a silent answer is waited for? */
import { expect, test } from 'bun:test';
import { bunEffects } from '#platform/bun-effects';
import { assemble } from '#server/assembly';
import { configure } from '#server/configuration';
import { listen } from '#server/listen';
import { type RawConnection, rawConnection, rawRequest } from '#tests/server/raw';
import { CHAT } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { chatRequest, twoTiersToml } from '#tests/support/two-tiers';

const SILENT_LOG = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  request: () => undefined,
  flush: () => undefined,
  setSecrets: () => undefined,
};

/** A server that drops silent connections as soon as Bun can: it looks every four seconds. */
const impatientServer = async (tier: FakeTier) => {
  const effects = { ...bunEffects(), env: () => undefined };
  const toml = twoTiersToml(tier.url, tier.url, { tables: '[router.limits]\nbody_bytes_max = 5000\n' });
  const configured = await configure({ kind: 'text', text: toml }, effects);
  if (!configured.ok) throw new Error(configured.reason);
  const assembly = assemble(configured, effects, SILENT_LOG);
  const listening = listen({ host: '127.0.0.1', port: 0, idleSeconds: 1 }, assembly.app);
  return { assembly, listening };
};

const body = (stream: boolean): string => JSON.stringify(chatRequest({ stream }));

/** Each leaves its connection open and silent. */
const SILENT: Readonly<Record<string, (connection: RawConnection) => Promise<void>>> = {
  'after a whole answer': async (connection) => {
    await connection.send(rawRequest('POST', CHAT, { body: body(false) }));
    expect((await connection.response())?.status).toBe(200);
  },
  'after a stream': async (connection) => {
    await connection.send(rawRequest('POST', CHAT, { body: body(true) }));
    expect((await connection.response())?.body).toContain('[DONE]');
  },
  'after a refusal': async (connection) => {
    await connection.send(rawRequest('POST', CHAT, { body: '{' }));
    expect((await connection.response())?.status).toBe(400);
  },
  'after a 413, with most of the body unsent': async (connection) => {
    await connection.send(rawRequest('POST', CHAT, { headers: ['content-length: 6000'], body: '{' }));
    expect((await connection.response())?.status).toBe(413);
  },
  'after a look at the models': async (connection) => {
    await connection.send(rawRequest('GET', '/v1/models'));
    expect((await connection.response())?.status).toBe(200);
  },
};

test('silent connections are dropped; a request whose tier is silent for longer is not', async () => {
  await using tier = await startFakeTier();
  tier.always((request) => answerSteps('openai-chat', request.body.includes('"stream":true'), plainAnswer('Hello!')));
  tier.reply([{ waitFor: 'everybody else is gone' }, ...answerSteps('openai-chat', true, plainAnswer('At last.'))]);
  const { assembly, listening } = await impatientServer(tier);
  await using patient = await rawConnection(listening.url);
  await patient.send(rawRequest('POST', CHAT, { body: body(true) }));
  await tier.nextRequest();

  await Promise.all(
    Object.values(SILENT).map(async (fallSilent) => {
      await using connection = await rawConnection(listening.url);
      await fallSilent(connection);
      await connection.closed;
    }),
  );

  tier.release('everybody else is gone');
  expect((await patient.response())?.body).toContain('At last.');
  await listening.stop(true);
  assembly.router.stop();
  await assembly.decisions.close();
}, 30_000);
