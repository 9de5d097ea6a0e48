/** Does the router leave in order: not ready first, then what is in flight, then nothing? */
import { expect, test } from 'bun:test';
import { quiet, until } from '#tests/server/quiet';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { CHAT, errorIn, MESSAGES } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { createSimulatedClock } from '#tests/support/clock';
import { sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen, readerOf } from '#tests/support/sse';
import { chatRequest, messagesRequest, startTwoTiers } from '#tests/support/two-tiers';

const ANSWER = plainAnswer('Finished although the router was leaving.');
const whole = chatRequest({ stream: false });

test('readiness goes at once, health stays, new requests hear where they stand, what is in flight ends well', async () => {
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "none"\n' });
  const events = eventsFor('openai-chat', ANSWER);
  two.fast.always([
    sseHead(),
    ...events.slice(0, 3).map((chunk) => ({ chunk })),
    { waitFor: 'the drain has begun' },
    ...events.slice(3).map((chunk) => ({ chunk })),
  ]);
  const reader = readerOf(await two.server.post(CHAT, chatRequest()));
  await reader.until('Finished');
  const drained = two.server.assembly.router.drain();

  const ready = await two.server.get('/readyz');
  expect([ready.status, ready.headers.get('retry-after'), await ready.json()]).toEqual([
    503,
    '5',
    { ready: false, state: 'draining' },
  ]);
  const health = await two.server.get('/healthz');
  expect([health.status, await health.json()]).toMatchObject([200, { status: 'draining', ready: false }]);
  expect((await two.server.get('/metrics')).status).toBe(200);
  for (const [path, body, dialect] of [
    [CHAT, chatRequest(), 'openai-chat'],
    [MESSAGES, messagesRequest(), 'anthropic-messages'],
  ] as const) {
    const refused = await two.server.post(path, body);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(errorIn(dialect, await refused.text()).message).toContain('shutting down');
  }
  expect((await two.server.get('/v1/models')).status).toBe(503);

  two.fast.release('the drain has begun');
  expect(chatSeen(await reader.rest())).toMatchObject({
    text: 'Finished although the router was leaving.',
    terminal: true,
  });
  expect(await drained).toBe('drained');
});

test('a held request and one whose body is still arriving are waited for', async () => {
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "all"\n' });
  two.fast.always([{ waitFor: 'go' }, ...answerSteps('openai-chat', false, ANSWER)]);
  const body = JSON.stringify(whole);
  await using slow = await rawConnection(two.server.url);
  await slow.send(rawRequest('POST', CHAT, { headers: [`content-length: ${body.length}`], body: body.slice(0, 9) }));
  const held = two.server.post(CHAT, whole);
  await until('both are in flight', () => two.server.assembly.router.admission.inFlight() === 2);
  let left = false;
  const drained = two.server.assembly.router.drain().then((reason) => {
    left = true;
    return reason;
  });
  await slow.send(body.slice(9));
  await until('both tiers are asked', () => two.fast.requests.length === 2);
  expect(left).toBe(false);
  two.fast.release('go');
  expect((await held).status).toBe(200);
  expect((await slow.response())?.status).toBe(200);
  expect(await drained).toBe('drained');
});

test('an idle router is drained at once', async () => {
  await using two = await startTwoTiers();
  expect(await two.server.assembly.router.drain()).toBe('drained');
});

test('the deadline ends the wait', async () => {
  const clock = createSimulatedClock();
  await using two = await startTwoTiers({ tables: '[router.limits]\ndrain_seconds = 8\n', effects: { clock } });
  two.fast.always([{ hang: true }]);
  const leaving = new AbortController();
  const pending = two.server.post(CHAT, whole, { signal: leaving.signal }).catch(() => undefined);
  await two.fast.nextRequest();
  const drained = two.server.assembly.router.drain();
  await clock.advance(8_000);
  expect(await drained).toBe('drain-deadline');
  leaving.abort();
  await pending;
  await quiet(two.server);
});

test('asked twice, it leaves at once', async () => {
  await using two = await startTwoTiers();
  two.fast.always([{ hang: true }]);
  const leaving = new AbortController();
  const pending = two.server.post(CHAT, whole, { signal: leaving.signal }).catch(() => undefined);
  await two.fast.nextRequest();
  void two.server.assembly.router.drain();
  expect(await two.server.assembly.router.drain()).toBe('forced');
  leaving.abort();
  await pending;
});
