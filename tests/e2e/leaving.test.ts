/** Does the process leave as it should: under load, twice asked, and with callers that would keep it for ever? */
import { describe, expect, test } from 'bun:test';
import { PROGRAMS } from '#tests/e2e/program';
import { startWorld } from '#tests/e2e/world';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen, readerOf } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

const CHAT = '/v1/chat/completions';
const TEXT = 'Finished although the router was leaving.';
const ANSWER = plainAnswer(TEXT);
const STREAMS = 20;

const post = (url: string, body: unknown = chatRequest()): Promise<Response> =>
  fetch(url + CHAT, { method: 'POST', body: JSON.stringify(body) });

for (const program of PROGRAMS) {
  describe(`the ${program.name}`, () => {
    test('SIGTERM under load: ready no more, streams end well, exit code 0', async () => {
      await using world = await startWorld({ program, config: { tables: '[router.hold]\nallow = "none"\n' } });
      const { serving, fast } = world;
      const events = eventsFor('openai-chat', ANSWER);
      fast.always([
        sseHead(),
        { chunk: events.slice(0, 3).join('') },
        { waitFor: 'the signal was sent' },
        ...events.slice(3).map((chunk) => ({ chunk })),
      ]);
      const readers = await Promise.all(Array.from({ length: STREAMS }, async () => readerOf(await post(serving.url))));
      for (const reader of readers) await reader.until('Finished');
      serving.signal('SIGTERM');
      await serving.logged(/"why":"SIGTERM","inFlight":20/);
      const ready = await fetch(`${serving.url}/readyz`);
      expect(ready.status).toBe(503);
      const refused = await post(serving.url);
      expect([refused.status, refused.headers.get('x-anvil-reason')]).toEqual([503, 'draining']);
      fast.release('the signal was sent');
      for (const reader of readers)
        expect(chatSeen(await reader.rest())).toMatchObject({ text: TEXT, terminal: true, error: undefined });
      expect(await serving.exited).toBe(0);
      expect(serving.err()).toContain('"reason":"drained"');
      expect(serving.out()).toBe('');
    }, 60_000);

    test('an idle process leaves at once, although clients keep their connections', async () => {
      await using world = await startWorld({ program });
      world.fast.always(answerSteps('openai-chat', false, ANSWER));
      await using kept = await rawConnection(world.serving.url);
      await kept.send(rawRequest('POST', CHAT, { body: JSON.stringify(chatRequest({ stream: false })) }));
      expect((await kept.response())?.status).toBe(200);
      world.serving.signal('SIGINT');
      expect(await world.serving.exited).toBe(0);
      await kept.closed;
    }, 60_000);
  });
}

test('a reader of the event feed keeps nobody from leaving', async () => {
  await using world = await startWorld();
  const feed = readerOf(await fetch(`${world.serving.url}/v1/events`));
  await feed.until('event: config');
  world.serving.signal('SIGTERM');
  expect(await feed.rest()).toContain('"state":"draining"');
  expect(await world.serving.exited).toBe(0);
}, 60_000);

test('asked a second time, it leaves at once: streams are cut, exit code 1', async () => {
  await using world = await startWorld({ config: { tables: '[router.hold]\nallow = "none"\n' } });
  world.fast.always([sseHead(), { chunk: eventsFor('openai-chat', ANSWER).slice(0, 3).join('') }, { hang: true }]);
  const reader = readerOf(await post(world.serving.url));
  await reader.until('Finished');
  world.serving.signal('SIGTERM');
  await world.serving.logged(/"leaving"/);
  world.serving.signal('SIGTERM');
  expect(await world.serving.exited).toBe(1);
  expect(world.serving.err()).toContain('requests were cut');
  await world.fast.callerClosed(0);
  await reader.rest().catch(() => undefined);
}, 60_000);

test('the drain deadline ends what will not end: exit code 1', async () => {
  await using world = await startWorld({ config: { tables: '[router.limits]\ndrain_seconds = 0.5\n' } });
  world.fast.always([{ hang: true }]);
  const pending = post(world.serving.url).catch(() => undefined);
  await world.fast.nextRequest();
  world.serving.signal('SIGTERM');
  expect(await world.serving.exited).toBe(1);
  expect(world.serving.err()).toContain('drain-deadline');
  await pending;
}, 60_000);

test('half a request head is waited for a few seconds, not for ever', async () => {
  await using world = await startWorld();
  await using half = await rawConnection(world.serving.url);
  await half.send('POST /v1/chat/completions HTTP/1.1\r\nhos');
  // The server has seen the half head once a later connection was answered.
  expect((await fetch(`${world.serving.url}/healthz`)).status).toBe(200);
  world.serving.signal('SIGTERM');
  expect(await world.serving.exited).toBe(0);
  await half.closed;
}, 60_000);
