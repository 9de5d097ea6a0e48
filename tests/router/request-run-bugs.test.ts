/** A bug of ours in the middle of a request: who is told what, and is everything still given back? */
import { expect, test } from 'bun:test';
import { NOTHING } from '#core/cost';
import type { DecisionRecord } from '#core/decision';
import type { Dialect } from '#core/dialect';
import { anthropicMessages } from '#dialects/anthropic-messages/dialect';
import { openaiChat } from '#dialects/openai-chat/dialect';
import { openaiResponses } from '#dialects/openai-responses/dialect';
import { createFeed } from '#router/events';
import { Router } from '#router/router';
import { configure } from '#server/configuration';
import { answering, smallToml } from '#tests/router/small-house';
import { createScriptedHosts } from '#tests/simulation/scripted-hosts';
import { createSimulatedClock } from '#tests/support/clock';
import { simulatedEffects } from '#tests/support/effects';
import { chatSeen } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

/** A decoder that fails on its n-th event. */
const brokenAt = (nth: number): Dialect => ({
  ...openaiChat,
  decoder: () => {
    const sound = openaiChat.decoder();
    let events = 0;
    return {
      event(event) {
        if (++events === nth) throw new Error('a bug in the decoder');
        return sound.event(event);
      },
      whole: (reply) => sound.whole(reply),
      close: () => sound.close(),
      ended: () => sound.ended(),
      losses: () => sound.losses(),
    };
  },
});

const KEEPALIVES = 'keepalive_after_seconds = 1\nkeepalive_every_seconds = 1\n';

const runWith = async (dialect: Dialect, hold: string) => {
  const clock = createSimulatedClock();
  const hosts = createScriptedHosts(clock, answering(undefined, { chunkMs: () => 100 }));
  const effects = simulatedEffects({ clock, fetch: hosts.fetch });
  const toml = smallToml({ tables: `[router.hold]\nallow = "${hold}"\n${KEEPALIVES}` });
  const configured = await configure({ kind: 'text', text: toml }, effects);
  if (!configured.ok) throw new Error(configured.reason);
  const records: DecisionRecord[] = [];
  const bugs: unknown[] = [];
  const router = new Router({
    effects,
    generation: configured.generation,
    dialects: { 'openai-chat': dialect, 'anthropic-messages': anthropicMessages, 'openai-responses': openaiResponses },
    compileSchema: () => undefined,
    feed: createFeed(clock.wall),
    spentToday: NOTHING,
    onRecord: (record) => records.push(record),
    onUnauthorized: () => undefined,
    onBug: (_where, error) => bugs.push(error),
  });
  const raw = chatRequest();
  const read = openaiChat.readRequest(raw, JSON.stringify(raw));
  const lease = router.admission.enter();
  if (!('facts' in read) || lease === 'overloaded') throw new Error('the request of this test is not sound');
  let body: Promise<string> | undefined;
  const response = router.serve({
    id: 'dec_000000000000000000000001',
    route: openaiChat.path,
    caller: dialect,
    request: read,
    headers: new Headers(),
    signal: new AbortController().signal,
    arrivedAt: 0,
    arrivedWall: clock.wall(),
    token: undefined,
    lease,
  });
  response.then((answered) => {
    body = answered.text();
  });
  await clock.advance(10_000);
  return { clock, router, records, bugs, hosts, response: await response, body: (await body) ?? '' };
};

test('before anything left the caller gets an internal error without its cause', async () => {
  const { response, body, records, bugs } = await runWith(brokenAt(2), 'all');
  expect(response.status).toBe(500);
  expect(JSON.parse(body)).toMatchObject({ error: { message: 'internal error' } });
  expect(body).not.toContain('decoder');
  expect(bugs).toMatchObject([{ message: 'a bug in the decoder' }]);
  expect(records).toMatchObject([{ outcome: 'exhausted', failure: 'internal', attempts: [{ outcome: 'cancelled' }] }]);
});

test('after the head the error comes in the stream, and the record says that it broke', async () => {
  const { response, body, records, bugs } = await runWith(brokenAt(4), 'block');
  expect(response.status).toBe(200);
  expect(chatSeen(body)).toMatchObject({
    text: 'Hello! What can I do for',
    terminal: false,
    error: { message: 'internal error' },
  });
  expect(bugs.length).toBe(1);
  expect(records).toMatchObject([{ outcome: 'broken', failure: 'internal' }]);
});

for (const [hold, nth] of [
  ['all', 1],
  ['block', 4],
] as const) {
  test(`hold ${hold}: nothing is left behind, no timer, no place, no call, no probe`, async () => {
    const { clock, router, hosts, records } = await runWith(brokenAt(nth), hold);
    expect(records.length).toBe(1);
    expect(router.status().inFlight).toBe(0);
    expect(router.admission.loadOf('fast-local')).toEqual({ inFlight: 0, waiting: 0 });
    expect(hosts.calls.map(({ ended }) => ended)).toEqual(['aborted']);
    expect(clock.pending).toBe(0);
    expect(await router.drain()).toBe('drained');
  });
}

test('a body that cannot even be built for the tier is a bug as well, not a silence', async () => {
  const { response, records, bugs, router } = await runWith(
    {
      ...openaiChat,
      forward: () => {
        throw new Error('a bug in forward');
      },
    },
    'all',
  );
  expect(response.status).toBe(500);
  expect(bugs).toMatchObject([{ message: 'a bug in forward' }]);
  expect(records).toMatchObject([{ failure: 'internal', attempts: [] }]);
  expect(router.admission.loadOf('fast-local').inFlight).toBe(0);
});
