/** What keeps a held turn alive: the early head, keepalives at their gap, and how the end arrives then. */
import { expect, test } from 'bun:test';
import { answering, CHAT, GREETING, MESSAGES, openSmallHouse, passTime, play } from '#tests/router/small-house';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { json } from '#tests/support/fake-tier-steps';
import { chatSeen, messagesSeen } from '#tests/support/sse';
import { chatRequest, messagesRequest } from '#tests/support/two-tiers';

const HOLD = '[router.hold]\nallow = "all"\nkeepalive_after_seconds = 2\nkeepalive_every_seconds = 5\n';

/** Everything that has left so far, read without letting time pass. */
const readerOf = (response: Response) => {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let ended = false;
  const pump = async (): Promise<void> => {
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read())
      text += decoder.decode(step.value, { stream: true });
    ended = true;
  };
  const done = pump();
  return { done, text: () => text, ended: () => ended };
};

const headOf = (response: Promise<Response>): { readonly seen: () => boolean } => {
  let seen = false;
  response.then(() => {
    seen = true;
  });
  return { seen: () => seen };
};

test('nothing leaves before the set time, then a head and a keepalive, then keepalives at the gap', async () => {
  const house = await openSmallHouse({
    tables: HOLD,
    scripts: { 'fast-local': answering(undefined, { chunkMs: () => 3_000 }) },
  });
  const { response } = house.post(CHAT, JSON.stringify(chatRequest()));
  const head = headOf(response);
  await house.clock.advance(1_999);
  expect(head.seen()).toBe(false);
  await house.clock.advance(1);
  expect(head.seen()).toBe(true);
  const answered = await response;
  expect(answered.status).toBe(200);
  expect(answered.headers.get('x-anvil-decision')).toStartWith('dec_');
  expect(answered.headers.get('x-anvil-tier')).toBeNull();
  const reader = readerOf(answered);
  const leftAt: Record<number, number> = {};
  for (const at of [2_000, 6_999, 7_000, 11_999, 12_000]) {
    await house.clock.advance(at - house.clock.now());
    leftAt[at] = reader.text().split(': keep-alive\n\n').length - 1;
  }
  expect(leftAt).toEqual({ 2000: 1, 6999: 1, 7000: 2, 11999: 2, 12000: 3 });
  await passTime(house, reader.done);
  const seen = chatSeen(reader.text());
  expect(seen).toMatchObject({ text: GREETING, terminal: true });
  expect(seen.comments.at(-1)).toContain('tier=fast-local');
});

test('an answer that comes in time has no keepalive and its whole receipt in the head', async () => {
  const house = await openSmallHouse({ tables: HOLD });
  const answered = await passTime(house, house.post(CHAT, JSON.stringify(chatRequest())).response);
  expect(answered.headers.get('x-anvil-tier')).toBe('fast-local');
  expect(await passTime(house, answered.text())).not.toContain('keep-alive');
});

test('the Messages dialect has pings, and an exhaustion arrives as its error event', async () => {
  const house = await openSmallHouse({
    tables: HOLD,
    scripts: {
      'fast-local': () =>
        play(answerSteps('openai-chat', true, BAD_ANSWERS.truncated.answer), { chunkMs: () => 1_000 }),
      'heavy-local': () => play(json(500, { error: { message: 'boom' } })),
    },
  });
  const { decision, response } = house.post(MESSAGES, JSON.stringify(messagesRequest()));
  const answered = await passTime(house, response);
  expect(answered.status).toBe(200);
  const body = await passTime(house, answered.text());
  expect(body).toStartWith('event: ping\n');
  expect(messagesSeen(body)).toMatchObject({ text: '', terminal: false, error: { type: expect.any(String) } });
  const record = await house.recorded(decision);
  expect(record).toMatchObject({ outcome: 'exhausted', status: 200, failure: 'exhausted' });
});

test('keepalives fill the pauses of a stream, and only those', async () => {
  let pause = 0;
  const house = await openSmallHouse({
    tables: HOLD.replace('"all"', '"none"'),
    scripts: {
      'fast-local': answering(plainAnswer('word '.repeat(20)), { chunkMs: () => (++pause === 4 ? 12_000 : 1_000) }),
    },
  });
  const answered = await passTime(house, house.post(CHAT, JSON.stringify(chatRequest())).response);
  const body = await passTime(house, answered.text());
  expect(chatSeen(body)).toMatchObject({ text: 'word '.repeat(20), terminal: true });
  expect(body.split(': keep-alive\n\n').length - 1).toBe(2);
});

test('a caller that does not stream gets no early head', async () => {
  const house = await openSmallHouse({
    tables: HOLD,
    scripts: {
      'fast-local': () => play(json(500, { error: { message: 'boom' } }), { chunkMs: () => 30_000 }),
      'heavy-local': () => play(json(500, { error: { message: 'boom' } })),
    },
  });
  const answered = await passTime(house, house.post(CHAT, JSON.stringify(chatRequest({ stream: false }))).response);
  expect(answered.status).toBe(503);
});

test('keepalives end with the request, whoever ends it', async () => {
  const house = await openSmallHouse({
    tables: HOLD,
    scripts: { 'fast-local': answering(undefined, { chunkMs: () => 20_000 }) },
  });
  const controller = new AbortController();
  const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest()), { signal: controller.signal });
  await passTime(house, response);
  controller.abort();
  expect(await passTime(house, house.recorded(decision))).toMatchObject({ outcome: 'cancelled', status: 200 });
  expect(house.clock.pending).toBe(0);
});
