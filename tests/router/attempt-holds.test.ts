/** How much of an answer is kept back, and what happens when that is too much? */
import { expect, test } from 'bun:test';
import { ask, CHAT, GREETING, openSmallHouse, play } from '#tests/router/small-house';
import { hugeAnswer, plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { json, sse, sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

const hold = (mode: string, bytes: number): string => `[router.hold]\nallow = "${mode}"\nbytes_max = ${bytes}\n`;
const HUGE = hugeAnswer(200_000);

test('hold all: an answer that outgrows the limit is given up, the next tier is asked', async () => {
  const house = await openSmallHouse({
    tables: hold('all', 65_536),
    scripts: { 'fast-local': () => play(answerSteps('openai-chat', true, HUGE)) },
  });
  const { body, record } = await ask(house, CHAT, chatRequest());
  expect(chatSeen(body).text).toBe(GREETING);
  expect(record.attempts).toMatchObject([
    { tier: 'fast-local', outcome: 'overflow', failure: 'overflow', detail: 'more than 65536 bytes held back' },
    { tier: 'heavy-local', outcome: 'served' },
  ]);
  expect(record.attempts[0]?.bytesHeldMax).toBeWithin(65_537, 2 * 65_536);
  expect(house.calls[0]?.ended).toBe('aborted');
});

test('the same answer flows through where nothing is held', async () => {
  const house = await openSmallHouse({
    tables: hold('none', 65_536),
    scripts: { 'fast-local': () => play(answerSteps('openai-chat', true, HUGE)) },
  });
  const { body, record } = await ask(house, CHAT, chatRequest());
  expect(chatSeen(body).text.length).toBe(200_000);
  expect(record.attempts[0]?.bytesHeldMax).toBeLessThan(1_000);
});

for (const mode of ['all', 'block', 'none']) {
  test(`hold ${mode}: one event larger than the limit ends the attempt`, async () => {
    const events = eventsFor('openai-chat', { ...plainAnswer('x'.repeat(90_000)), pieceChars: 90_000 });
    const house = await openSmallHouse({
      tables: hold(mode, 65_536),
      scripts: { 'fast-local': () => play(sse(events)) },
    });
    const { body, record } = await ask(house, CHAT, chatRequest());
    expect(chatSeen(body).text).toBe(GREETING);
    expect(record.attempts[0]).toMatchObject({ outcome: 'overflow', detail: 'one event larger than 65536 bytes' });
  });
}

test('a whole reply larger than the limit is given up while it is read', async () => {
  const house = await openSmallHouse({
    tables: hold('none', 65_536),
    scripts: { 'fast-local': () => play(answerSteps('openai-chat', false, HUGE)) },
  });
  const { record } = await ask(house, CHAT, chatRequest({ stream: false }));
  expect(record.attempts).toMatchObject([
    { outcome: 'overflow', detail: 'reply larger than 65536 bytes' },
    { outcome: 'served' },
  ]);
});

test('a caller that does not stream is bounded by the same limit, however the tier answers', async () => {
  const house = await openSmallHouse({
    tables: hold('block', 65_536),
    scripts: { 'fast-local': () => play(answerSteps('openai-chat', true, HUGE)) },
  });
  const { body, record } = await ask(house, CHAT, chatRequest({ stream: false }));
  expect(body).toContain(GREETING);
  expect(record.attempts[0]).toMatchObject({ outcome: 'overflow' });
});

test('an error reply is read no further than 64 KiB', async () => {
  const endless = (function* () {
    yield { status: 500, headers: { 'content-type': 'application/json' } };
    for (;;) yield { chunk: new Uint8Array(16_384).fill(120) };
  })();
  const house = await openSmallHouse({ scripts: { 'fast-local': () => play(endless) } });
  const { record } = await ask(house, CHAT, chatRequest());
  expect(record.attempts[0]).toMatchObject({ failure: 'server-error', upstreamStatus: 500 });
  expect(house.calls[0]).toMatchObject({ ended: 'aborted', bytes: 65_536 });
});

test('what a tier says behind its terminal marker is read for a second at most, and reaches nobody', async () => {
  const chatter = (function* () {
    yield sseHead();
    yield { chunk: eventsFor('openai-chat', plainAnswer(GREETING)).join('') };
    for (;;) yield { chunk: ': still here\n\n' };
  })();
  const house = await openSmallHouse({ scripts: { 'fast-local': () => play(chatter, { chunkMs: () => 300 }) } });
  const { body, record } = await ask(house, CHAT, chatRequest());
  expect(record.outcome).toBe('finished');
  expect(body).not.toContain('still here');
  await house.clock.advance(1_000);
  expect(house.calls[0]?.ended).toBe('aborted');
});

test('a reply that is neither a stream nor JSON is malformed', async () => {
  const house = await openSmallHouse({
    scripts: {
      'fast-local': () => play([{ status: 200, headers: { 'content-type': 'text/html' } }, { chunk: '<html>' }]),
    },
  });
  const { record } = await ask(house, CHAT, chatRequest());
  expect(record.attempts[0]).toMatchObject({ outcome: 'error', failure: 'malformed' });
});

test('an error document with status 200 is no answer', async () => {
  const house = await openSmallHouse({
    scripts: { 'fast-local': () => play(json(200, { error: { message: 'boom', type: 'server_error' } })) },
  });
  const { body, record } = await ask(house, CHAT, chatRequest({ stream: false }));
  expect(body).toContain(GREETING);
  expect(record.attempts[0]).toMatchObject({ outcome: 'error', failure: 'server-error' });
});
