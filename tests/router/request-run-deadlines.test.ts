/** What ends a request that no tier answers in time, and with which words? */
import { expect, test } from 'bun:test';
import { answering, ask, CHAT, GREETING, openSmallHouse, play } from '#tests/router/small-house';
import { plainAnswer } from '#tests/support/answer';
import { eventsFor } from '#tests/support/answers';
import { sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

const EXACT = '[router.aliases]\nexact = "fast-local"\n';
const silent = () => play([{ hang: true }]);
const deadlines = (lines: string): string => `[router.deadlines]\n${lines}\n`;

test('a tier that says nothing is left after its first-byte deadline, for the next one', async () => {
  const house = await openSmallHouse({
    tables: deadlines('first_byte_seconds = 3\nfirst_byte_per_1k_tokens_seconds = 0'),
    scripts: { 'fast-local': silent },
  });
  const { body, record } = await ask(house, CHAT, chatRequest());
  expect(chatSeen(body).text).toBe(GREETING);
  expect(record.attempts[0]).toMatchObject({
    failure: 'timeout',
    detail: 'first byte deadline of 3 s passed',
    endedMs: 3_000,
  });
  expect(house.calls[0]?.ended).toBe('aborted');
});

test('a long prompt is given more time for its first byte', async () => {
  const house = await openSmallHouse({
    tables: deadlines('first_byte_seconds = 3\nfirst_byte_per_1k_tokens_seconds = 2'),
    scripts: { 'fast-local': silent, 'heavy-local': silent },
  });
  const { record } = await ask(house, CHAT, chatRequest({ messages: [{ role: 'user', content: 'x '.repeat(9_000) }] }));
  // 18,000 characters are 5,000 tokens and 4 of the template.
  expect(record.attempts[0]).toMatchObject({ detail: 'first byte deadline of 13 s passed' });
});

test('a head without a body does not count as the first byte', async () => {
  const house = await openSmallHouse({
    tables: deadlines('first_byte_seconds = 3\nfirst_byte_per_1k_tokens_seconds = 0'),
    scripts: { 'fast-local': () => play([sseHead(), { hang: true }]) },
  });
  const { record } = await ask(house, CHAT, chatRequest());
  expect(record.attempts[0]).toMatchObject({ detail: 'first byte deadline of 3 s passed', upstreamStatus: 200 });
});

test('silence within an answer is bounded by the idle deadline', async () => {
  const events = eventsFor('openai-chat', plainAnswer(GREETING));
  const house = await openSmallHouse({
    tables: `${deadlines('idle_seconds = 4')}[router.hold]\nallow = "all"\n`,
    scripts: { 'fast-local': () => play([sseHead(), { chunk: events[0] ?? '' }, { hang: true }]) },
  });
  const { record } = await ask(house, CHAT, chatRequest());
  expect(record.attempts).toMatchObject([
    { failure: 'timeout', detail: 'idle deadline of 4 s passed', endedMs: 4_000 },
    { outcome: 'served' },
  ]);
});

test('a tier that dribbles for ever is bounded by the total of one attempt', async () => {
  const dribble = (function* () {
    yield sseHead();
    for (;;) yield { chunk: ': wait\n\n' };
  })();
  const house = await openSmallHouse({
    tables: deadlines('idle_seconds = 4\ntotal_seconds = 20'),
    scripts: { 'fast-local': () => play(dribble, { chunkMs: () => 1_500 }) },
  });
  const { record } = await ask(house, CHAT, chatRequest());
  expect(record.attempts[0]).toMatchObject({ detail: 'total deadline of 20 s passed', endedMs: 20_000 });
});

test('a request that does not stream waits as long as the total allows', async () => {
  const house = await openSmallHouse({
    tables: `${deadlines('first_byte_seconds = 3\ntotal_seconds = 60')}[router.hold]\nallow = "none"\n`,
    fast: 'upstream_stream = "as-caller"',
    scripts: { 'fast-local': answering(undefined, { chunkMs: () => 50_000 }) },
  });
  const { record } = await ask(house, CHAT, chatRequest({ stream: false }));
  expect(record).toMatchObject({ outcome: 'finished', servedTier: 'fast-local', stages: { endedMs: 50_000 } });
});

test('the total of a request ends all attempts together', async () => {
  const house = await openSmallHouse({
    tables: '[router.attempts]\ntotal_seconds = 10\n',
    scripts: { 'fast-local': silent, 'heavy-local': silent },
  });
  const { status, headers, record } = await ask(house, CHAT, chatRequest());
  expect(status).toBe(504);
  expect(headers.get('x-anvil-reason')).toBe('deadline');
  expect(record).toMatchObject({ outcome: 'exhausted', failure: 'deadline', stages: { endedMs: 10_000 } });
  expect(house.calls.map(({ ended }) => ended)).toEqual(['aborted']);
});

test('the total of a request does not cut an answer that has begun to leave', async () => {
  const house = await openSmallHouse({
    tables: '[router.attempts]\ntotal_seconds = 10\n[router.hold]\nallow = "none"\n',
    scripts: { 'fast-local': answering(plainAnswer('word '.repeat(60)), { chunkMs: () => 1_000 }) },
  });
  const { record } = await ask(house, CHAT, chatRequest());
  expect(record.outcome).toBe('finished');
  expect(record.stages.endedMs).toBeGreaterThan(20_000);
});

test('a request that waits for a place is not kept beyond its own total', async () => {
  const house = await openSmallHouse({
    tables: `[router.attempts]\ntotal_seconds = 10\n[router.limits]\nqueue_wait_seconds = 40\n${EXACT}`,
    fast: 'max_concurrency = 1',
    scripts: { 'fast-local': answering(undefined, { chunkMs: () => 40_000 }) },
  });
  house
    .post(CHAT, JSON.stringify(chatRequest({ model: 'exact' })))
    .response.then((answered) => answered.text())
    .catch(() => undefined);
  await house.clock.advance(10);
  const { status, record } = await ask(house, CHAT, chatRequest({ model: 'exact' }));
  expect([status, record.failure]).toEqual([504, 'deadline']);
  expect(record.stages.endedMs).toBe(10_000);
});
