/** What do callers hear while their model loads, and when their answer has to make room for another model? */
import { describe, expect, test } from 'bun:test';
import { CUT } from '#server/multiplexer/trouble';
import { chatTo, startHouse } from '#tests/server/multiplexer-house';
import { until } from '#tests/server/quiet';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps, bytesOf, eventsFor } from '#tests/support/answers';
import { createSimulatedClock } from '#tests/support/clock';
import { json, sseHead } from '#tests/support/fake-tier-steps';
import { parseSse, readerOf } from '#tests/support/sse';

const CHAT = '/v1/chat/completions';

const DIALECTS = [
  ['openai-chat', CHAT, ': keep-alive\n\n'],
  ['openai-responses', '/v1/responses', ': keep-alive\n\n'],
  ['anthropic-messages', '/v1/messages', 'event: ping\ndata: {"type":"ping"}\n\n'],
] as const;

/** A house whose leases wait, on a clock that stands still. */
const waitingHouse = async () => {
  const clock = createSimulatedClock();
  const house = await startHouse({ effects: { clock } });
  house.multiplexer.holdBack();
  return { clock, house };
};

describe('while a model loads', () => {
  for (const [name, path, keepalive] of DIALECTS)
    test(`a streaming caller of ${name} gets 200 after ten seconds, keepalives, then the answer untouched`, async () => {
      const { clock, house: opened } = await waitingHouse();
      await using house = opened;
      const answer = plainAnswer('There you are.');
      house.alpha.always(answerSteps(name, true, answer));
      const asking = house.post(path, chatTo('alpha', { stream: true }));
      await until('asked', () => house.multiplexer.asked.length === 1);
      await clock.advance(10_000);
      const response = await asking;
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
      const reader = readerOf(response);
      await reader.until(keepalive);
      await clock.advance(15_000);
      await reader.until(keepalive.repeat(2));
      await clock.advance(15_000);
      await reader.until(keepalive.repeat(3));
      house.multiplexer.asked[0]?.answer();
      expect(await reader.rest()).toBe(keepalive.repeat(3) + bytesOf(eventsFor(name, answer)).toString());
      await until('the lease is back', () => house.multiplexer.out === 0);
      expect([clock.pending, house.front.visits.count, house.bugs]).toEqual([0, 0, []]);
    });

  test('keepalives go on until the server says something, and stop then', async () => {
    const { clock, house: opened } = await waitingHouse();
    await using house = opened;
    house.alpha.always([sseHead(), { waitFor: 'prefill' }, { chunk: 'data: {"a":1}\n\n' }, { waitFor: 'more' }]);
    const asking = house.post(CHAT, chatTo('alpha', { stream: true }));
    await until('asked', () => house.multiplexer.asked.length === 1);
    await clock.advance(10_000);
    const reader = readerOf(await asking);
    house.multiplexer.asked[0]?.answer();
    await house.alpha.nextRequest();
    await clock.advance(15_000);
    await reader.until(': keep-alive\n\n'.repeat(2));
    house.alpha.release('prefill');
    await reader.until('"a":1');
    await clock.advance(60_000);
    house.alpha.release('more');
    expect(parseSse(await reader.rest()).items.filter(({ kind }) => kind === 'comment')).toHaveLength(2);
  });

  test('a lease within ten seconds leaves head and status to the server', async () => {
    const { clock, house: opened } = await waitingHouse();
    await using house = opened;
    house.alpha.always(json(400, { error: { message: 'bad' } }));
    const asking = house.post(CHAT, chatTo('alpha', { stream: true }));
    await until('asked', () => house.multiplexer.asked.length === 1);
    await clock.advance(9_999);
    house.multiplexer.asked[0]?.answer();
    expect((await asking).status).toBe(400);
    await until('nothing is left behind', () => clock.pending === 0);
  });

  test('a caller that does not stream waits for the status', async () => {
    const { clock, house: opened } = await waitingHouse();
    await using house = opened;
    const asking = house.post(CHAT, chatTo('alpha'));
    await until('asked', () => house.multiplexer.asked.length === 1);
    await clock.advance(300_000);
    house.multiplexer.asked[0]?.answer({ refused: 'load-failed', message: 'exited with 1' });
    expect((await asking).status).toBe(503);
  });

  for (const [name, path] of DIALECTS)
    test(`a load that fails after the 200 is told ${name} in the stream`, async () => {
      const { clock, house: opened } = await waitingHouse();
      await using house = opened;
      const asking = house.post(path, chatTo('alpha', { stream: true }));
      await until('asked', () => house.multiplexer.asked.length === 1);
      await clock.advance(10_000);
      const response = await asking;
      house.multiplexer.asked[0]?.answer({ refused: 'load-failed', message: 'exited with 1' });
      const text = await response.text();
      expect(text).toContain('backend failed to start: exited with 1');
      expect(text).toContain(name === 'openai-responses' ? 'event: response.failed' : '"error"');
      expect(parseSse(text).unfinished).toBe('');
      expect([clock.pending, house.front.visits.count]).toEqual([0, 0]);
    });

  test('what passes by itself is told in words that make clients ask again, and a failed load in words that do not', async () => {
    const cases = [
      [{ refused: 'wait-limit', message: 'too long' }, 'service_unavailable'],
      [{ refused: 'unavailable', message: 'it leaves' }, 'service_unavailable'],
      [{ refused: 'load-failed', message: 'exited' }, 'invalid_request_error'],
    ] as const;
    for (const [refusal, type] of cases) {
      const { clock, house: opened } = await waitingHouse();
      await using house = opened;
      const asking = house.post(CHAT, chatTo('alpha', { stream: true }));
      await until('asked', () => house.multiplexer.asked.length === 1);
      await clock.advance(10_000);
      const response = await asking;
      house.multiplexer.asked[0]?.answer(refusal);
      expect(await response.text()).toContain(`"type":"${type}"`);
    }
  });

  test("a server's error after the 200 is told in the stream, with its words", async () => {
    const { clock, house: opened } = await waitingHouse();
    await using house = opened;
    house.alpha.always(json(400, { error: { message: 'max_tokens is too large', type: 'BadRequestError' } }));
    const asking = house.post(CHAT, chatTo('alpha', { stream: true }));
    await until('asked', () => house.multiplexer.asked.length === 1);
    await clock.advance(10_000);
    const response = await asking;
    house.multiplexer.asked[0]?.answer();
    const items = parseSse(await response.text()).items.filter(({ kind }) => kind === 'event');
    expect(items).toHaveLength(1);
    const { error } = JSON.parse((items[0] as { data: string }).data) as { error: { message: string } };
    expect(error.message).toBe('max_tokens is too large');
    await until('the lease is back', () => house.multiplexer.out === 0);
  });

  test('a caller that leaves after the 200 ends its wait', async () => {
    const { clock, house: opened } = await waitingHouse();
    await using house = opened;
    const asking = house.post(CHAT, chatTo('alpha', { stream: true }));
    await until('asked', () => house.multiplexer.asked.length === 1);
    await clock.advance(10_000);
    const reader = readerOf(await asking);
    await reader.until(': keep-alive');
    await reader.cancel();
    await until('the wait has ended', () => house.multiplexer.asked[0]?.wish.signal.aborted === true);
    await until('nothing is left behind', () => clock.pending === 0 && house.front.visits.count === 0);
  });
});

describe('an answer that is cut', () => {
  for (const [name, path] of DIALECTS)
    test(`in the middle ends with the error event of ${name}`, async () => {
      await using house = await startHouse();
      const [first = ''] = eventsFor(name, plainAnswer('A long story.'));
      house.alpha.always([sseHead(), { chunk: `${first}data: {"half` }, { hang: true }]);
      const reader = readerOf(await house.post(path, chatTo('alpha', { stream: true })));
      await reader.until(first.trimEnd());
      house.multiplexer.asked[0]?.cut();
      const text = await reader.rest();
      expect(text).toStartWith(first);
      expect(text).toContain('the answer was cut');
      expect(parseSse(text).unfinished).toBe('');
      await house.alpha.callerClosed(0);
      expect([house.multiplexer.out, house.multiplexer.released]).toEqual([0, 1]);
    });

  test('before its head is a 503 that says when to ask again', async () => {
    await using house = await startHouse();
    house.alpha.always([{ hang: true }]);
    const asking = house.post(CHAT, chatTo('alpha'));
    await house.alpha.nextRequest();
    house.multiplexer.asked[0]?.cut();
    const response = await asking;
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toMatchObject([
      503,
      '1',
      { error: { type: 'backend_unavailable', code: 'cut', message: CUT.message } },
    ]);
    await house.alpha.callerClosed(0);
    expect(house.multiplexer.out).toBe(0);
  });

  test('is every one of them when the operator will not wait: those that answer and those that wait', async () => {
    await using house = await startHouse();
    house.alpha.always([sseHead(), { chunk: 'data: {"a":1}\n\n' }, { hang: true }]);
    const reader = readerOf(await house.post(CHAT, chatTo('alpha', { stream: true })));
    await reader.until('"a":1');
    house.multiplexer.holdBack();
    const waiting = house.post(CHAT, chatTo('org/beta'));
    await until('both are in', () => house.front.visits.count === 2);
    house.front.visits.cutAll();
    expect(await reader.rest()).toContain('the answer was cut');
    expect((await waiting).status).toBe(503);
    expect([house.multiplexer.out, house.front.visits.count]).toEqual([0, 0]);
  });
});
