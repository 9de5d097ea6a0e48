/** Does every limit have an end that the caller can understand, and does the router come back from it? */
import { expect, test } from 'bun:test';
import { quiet, until } from '#tests/server/quiet';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { CHAT, errorIn, MESSAGES, PATH, rawErrorIn } from '#tests/server/said';
import { hugeAnswer, plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { createSimulatedClock } from '#tests/support/clock';
import type { Steps } from '#tests/support/fake-tier-steps';
import { chatSeen } from '#tests/support/sse';
import { chatRequest, messagesRequest, startTwoTiers } from '#tests/support/two-tiers';

const ANSWER = plainAnswer('Hello!');
const idOf = (response: Response): string => response.headers.get('x-anvil-decision') ?? '';
const whole = chatRequest({ stream: false });
const onlyFast = (fields: Record<string, unknown> = {}) => chatRequest({ stream: false, model: 'direct', ...fields });

/** An answer that waits for the gate `go`. */
const gated = (stream: boolean): Steps => [{ waitFor: 'go' }, ...answerSteps('openai-chat', stream, ANSWER)];

test('more requests at once than the router takes are a 503 in the caller’s dialect; health and metrics still answer', async () => {
  await using two = await startTwoTiers({ tables: '[router.limits]\nconcurrency_max = 2\n' });
  two.fast.always((request) => gated((request.json as { stream: boolean }).stream));
  const inside = [two.server.post(CHAT, whole), two.server.post(CHAT, whole)];
  await until('two requests are in flight', () => two.fast.requests.length === 2);

  for (const [dialect, body] of [
    ['openai-chat', whole],
    ['anthropic-messages', messagesRequest()],
  ] as const) {
    const response = await two.server.post(PATH[dialect], body);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(errorIn(dialect, await response.text()).message).toBe('server busy; try again later');
    expect(await two.server.record(idOf(response))).toMatchObject({ outcome: 'refused', failure: 'overloaded' });
  }
  expect((await two.server.get('/v1/models')).status).toBe(503);
  for (const path of ['/healthz', '/healthz?verbose', '/readyz', '/metrics'])
    expect([path, (await two.server.get(path)).status]).toEqual([path, 200]);

  two.fast.release('go');
  for (const response of await Promise.all(inside)) expect(response.status).toBe(200);
  await quiet(two.server);
  expect((await two.server.post(CHAT, whole)).status).toBe(200);
});

test('a tier’s queue lets the next in when a place comes free, in order', async () => {
  await using two = await startTwoTiers({
    fast: 'max_concurrency = 1',
    tables: '[router.aliases]\ndirect = "fast-local"\n',
  });
  two.fast.reply(gated(false)).always(answerSteps('openai-chat', false, ANSWER));
  const answered: number[] = [];
  const turns = [0, 1, 2].map(async (turn) => {
    await until('the one before is there', () => {
      const { inFlight, waiting } = two.server.assembly.router.admission.loadOf('fast-local');
      return inFlight + waiting === turn;
    });
    const response = await two.server.post(CHAT, onlyFast({ user: String(turn) }));
    answered.push(turn);
    return response.status;
  });
  await until('two wait', () => two.server.assembly.router.admission.loadOf('fast-local').waiting === 2);
  two.fast.release('go');
  expect(await Promise.all(turns)).toEqual([200, 200, 200]);
  expect(answered).toEqual([0, 1, 2]);
  await quiet(two.server);
});

test('a full queue sends a preset to the next tier, and is a 503 for a direct name', async () => {
  await using two = await startTwoTiers({
    fast: 'max_concurrency = 1',
    tables: '[router.aliases]\ndirect = "fast-local"\n[router.limits]\nqueue_max = 0\n',
  });
  two.fast.reply(gated(true));
  two.heavy.always(answerSteps('openai-chat', true, plainAnswer('from heavy')));
  const first = two.server.post(CHAT, onlyFast({ stream: true }));
  await two.fast.nextRequest();

  const preset = await two.server.post(CHAT, chatRequest());
  expect(chatSeen(await preset.text()).text).toBe('from heavy');

  const direct = await two.server.post(CHAT, onlyFast());
  expect([direct.status, direct.headers.get('retry-after')]).toEqual([503, '2']);
  expect(errorIn('openai-chat', await direct.text()).code).toBe('server_busy');
  expect((await two.server.record(idOf(direct))).attempts).toMatchObject([
    { tier: 'fast-local', outcome: 'skipped-busy', detail: 'its queue is full' },
  ]);
  two.fast.release('go');
  expect((await first).status).toBe(200);
});

test('who waits too long in the queue hears that the servers are busy', async () => {
  const clock = createSimulatedClock();
  await using two = await startTwoTiers({
    fast: 'max_concurrency = 1',
    tables: '[router.aliases]\ndirect = "fast-local"\n[router.limits]\nqueue_wait_seconds = 7\n',
    effects: { clock },
  });
  two.fast.always(gated(false));
  const first = two.server.post(CHAT, onlyFast());
  await two.fast.nextRequest();
  const second = two.server.post(CHAT, onlyFast());
  await until('one waits', () => two.server.assembly.router.admission.loadOf('fast-local').waiting === 1);
  await clock.advance(7_000);
  const refused = await second;
  expect(refused.status).toBe(503);
  expect(errorIn('openai-chat', await refused.text()).code).toBe('server_busy');
  expect((await two.server.record(idOf(refused))).attempts[0]?.outcome).toBe('skipped-busy');
  two.fast.release('go');
  expect((await first).status).toBe(200);
});

test('a caller that leaves the queue gives its place up', async () => {
  await using two = await startTwoTiers({
    fast: 'max_concurrency = 1',
    tables: '[router.aliases]\ndirect = "fast-local"\n',
  });
  two.fast.always(gated(false));
  const first = two.server.post(CHAT, onlyFast());
  await two.fast.nextRequest();
  const leaving = new AbortController();
  const second = two.server.post(CHAT, onlyFast(), { signal: leaving.signal }).catch(() => undefined);
  const load = () => two.server.assembly.router.admission.loadOf('fast-local');
  await until('one waits', () => load().waiting === 1);
  leaving.abort();
  await second;
  await until('nobody waits', () => load().waiting === 0);
  two.fast.release('go');
  expect((await first).status).toBe(200);
  await quiet(two.server);
  expect(two.fast.requests.length).toBe(1);
});

test('an answer that outgrows what may be held is given up, and the next tier serves', async () => {
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "all"\nbytes_max = 20000\n' });
  two.fast.always(answerSteps('openai-chat', true, hugeAnswer(100_000)));
  two.heavy.always(answerSteps('openai-chat', true, ANSWER));
  const response = await two.server.post(CHAT, chatRequest());
  expect(chatSeen(await response.text()).text).toBe('Hello!');
  const record = await two.server.record(idOf(response));
  expect(record.attempts.map(({ outcome }) => outcome)).toEqual(['overflow', 'served']);
  expect(record.attempts[0]?.bytesHeldMax).toBeLessThan(40_000);
});

test('a body that does not arrive in time is a 408, and its place is free again', async () => {
  const clock = createSimulatedClock();
  await using two = await startTwoTiers({ tables: '[router.limits]\nbody_read_seconds = 9\n', effects: { clock } });
  two.fast.always(answerSteps('openai-chat', false, ANSWER));
  for (const [dialect, path] of [
    ['openai-chat', CHAT],
    ['anthropic-messages', MESSAGES],
    ['openai-chat', '/v1/route'],
  ] as const) {
    for (const headers of [['content-length: 500'], ['transfer-encoding: chunked']]) {
      await using slow = await rawConnection(two.server.url);
      const timers = clock.pending;
      await slow.send(rawRequest('POST', path, { headers, body: '1\r\n{\r\n' }));
      await until('the body is being read', () => clock.pending > timers);
      expect(two.server.assembly.router.admission.inFlight()).toBe(1);
      await clock.advance(9_000);
      const response = await slow.response();
      expect(response?.status).toBe(408);
      expect(rawErrorIn(dialect, response).message).toContain('9 s');
      await quiet(two.server);
    }
  }
  expect((await two.server.post(CHAT, whole)).status).toBe(200);
});

test('bodies that drip in a byte at a time block nobody', async () => {
  await using two = await startTwoTiers();
  two.fast.always(answerSteps('openai-chat', false, ANSWER));
  const body = JSON.stringify(whole);
  const slow = await Promise.all(Array.from({ length: 30 }, () => rawConnection(two.server.url)));
  for (const connection of slow)
    await connection.send(rawRequest('POST', CHAT, { headers: [`content-length: ${body.length}`], body: '' }));
  await until('all are being read', () => two.server.assembly.router.admission.inFlight() === 30);
  for (const letter of body.slice(0, 20)) for (const connection of slow) await connection.send(letter);
  expect((await two.server.post(CHAT, whole)).status).toBe(200);
  for (const connection of slow) await connection.send(body.slice(20));
  for (const connection of slow) expect((await connection.response())?.status).toBe(200);
  for (const connection of slow) await connection[Symbol.asyncDispose]();
  await quiet(two.server);
});
