/** Does a held turn stay alive, and what ends it when every tier has failed after the 200 left? */
import { expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { quiet, until } from '#tests/server/quiet';
import { PATH } from '#tests/server/said';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { createSimulatedClock } from '#tests/support/clock';
import { type Step, sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen, eventsOf, messagesSeen, readerOf } from '#tests/support/sse';
import { responsesSeen } from '#tests/support/sse-responses';
import { chatRequest, messagesRequest, responsesRequest, startTwoTiers } from '#tests/support/two-tiers';

const TABLES = '[router.hold]\nallow = "all"\nkeepalive_after_seconds = 10\nkeepalive_every_seconds = 4\n';
const ANSWER = plainAnswer('The held answer, whole.');

const KEEPALIVE: Record<DialectName, string> = {
  'openai-chat': ': keep-alive\n\n',
  'anthropic-messages': 'event: ping\ndata: {"type":"ping"}\n\n',
  'openai-responses': ': keep-alive\n\n',
};
const seenIn = { 'openai-chat': chatSeen, 'anthropic-messages': messagesSeen, 'openai-responses': responsesSeen };
const request = {
  'openai-chat': chatRequest,
  'anthropic-messages': messagesRequest,
  'openai-responses': responsesRequest,
};
const ERROR_EVENT = {
  'openai-chat': undefined,
  'anthropic-messages': 'error',
  'openai-responses': 'response.failed',
};
const idOf = (response: Response): string => response.headers.get('x-anvil-decision') ?? '';

/** The answer up to its middle, then the gate `more`, then the rest. */
const halting = (events: readonly string[]): Step[] => [
  sseHead(),
  ...events.slice(0, 3).map((chunk) => ({ chunk })),
  { waitFor: 'more' },
  ...events.slice(3).map((chunk) => ({ chunk })),
];

for (const dialect of ['openai-chat', 'anthropic-messages', 'openai-responses'] as const) {
  test(`${dialect}: after the set time the 200 leaves, then keepalives at their gap, then the answer`, async () => {
    const clock = createSimulatedClock();
    await using two = await startTwoTiers({ tables: TABLES, effects: { clock } });
    two.fast.always(halting(eventsFor('openai-chat', ANSWER)));
    const pending = two.server.post(PATH[dialect], request[dialect]());
    await two.fast.nextRequest();
    await clock.advance(9_999);
    expect(two.server.assembly.router.admission.inFlight()).toBe(1);
    await clock.advance(1);
    const response = await pending;
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(response.headers.get('x-anvil-tier')).toBeNull();
    const reader = readerOf(response);
    await reader.until(KEEPALIVE[dialect]);
    for (let turn = 2; turn <= 4; turn++) {
      await clock.advance(4_000);
      expect(await reader.until(KEEPALIVE[dialect].repeat(turn))).toBe(KEEPALIVE[dialect].repeat(turn));
    }
    two.fast.release('more');
    const seen = seenIn[dialect](await reader.rest());
    expect([seen.text, seen.terminal, seen.error]).toEqual(['The held answer, whole.', true, undefined]);
    expect((await two.server.record(idOf(response))).outcome).toBe('finished');
    await quiet(two.server);
    await until('no timer is left', () => clock.pending === 0);
  });

  test(`${dialect}: exhaustion after the 200 is an error event, never a clean stop`, async () => {
    const clock = createSimulatedClock();
    await using two = await startTwoTiers({ tables: TABLES, effects: { clock } });
    two.fast.always(halting(eventsFor('openai-chat', BAD_ANSWERS.truncated.answer)));
    two.heavy.always(answerSteps('openai-chat', true, BAD_ANSWERS.empty.answer));
    const pending = two.server.post(PATH[dialect], request[dialect]());
    await two.fast.nextRequest();
    await clock.advance(10_000);
    const response = await pending;
    two.fast.release('more');
    const body = await response.text();
    const seen = seenIn[dialect](body);
    expect([seen.text, seen.terminal, seen.finish]).toEqual(['', false, undefined]);
    expect(seen.error).toMatchObject({ message: 'no quality-gated tier is available for this request' });
    expect(eventsOf(body).at(-1)?.event).toBe(ERROR_EVENT[dialect]);
    const record = await two.server.record(idOf(response));
    expect(record).toMatchObject({ outcome: 'exhausted', status: 200, failure: 'exhausted' });
    expect(record.attempts.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected']);
  });

  test(`${dialect}: an answer that escalates behind keepalives arrives whole`, async () => {
    const clock = createSimulatedClock();
    await using two = await startTwoTiers({ tables: TABLES, effects: { clock } });
    two.fast.always(halting(eventsFor('openai-chat', BAD_ANSWERS.truncated.answer)));
    two.heavy.always(answerSteps('openai-chat', true, ANSWER));
    const pending = two.server.post(PATH[dialect], request[dialect]());
    await two.fast.nextRequest();
    await clock.advance(10_000);
    const response = await pending;
    two.fast.release('more');
    const body = await response.text();
    expect(seenIn[dialect](body)).toMatchObject({ text: 'The held answer, whole.', terminal: true });
    // What the headers could not know any more is in the closing comment.
    expect(body).toMatch(/: anvil decision=dec_[a-p]{24} tier=heavy-local attempts=2 /);
  });
}

test('a caller that does not stream gets no early 200: its status stays open to the verdict', async () => {
  const clock = createSimulatedClock();
  await using two = await startTwoTiers({ tables: TABLES, effects: { clock } });
  two.fast.always([{ waitFor: 'more' }, ...answerSteps('openai-chat', true, BAD_ANSWERS.truncated.answer)]);
  two.heavy.always(answerSteps('openai-chat', true, BAD_ANSWERS.empty.answer));
  const pending = two.server.post(PATH['openai-chat'], chatRequest({ stream: false }));
  await two.fast.nextRequest();
  await clock.advance(30_000);
  two.fast.release('more');
  expect((await pending).status).toBe(503);
});

test('without the option nothing leaves before the verdict, however long it takes', async () => {
  const clock = createSimulatedClock();
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "all"\n', effects: { clock } });
  two.fast.always(halting(eventsFor('openai-chat', BAD_ANSWERS.truncated.answer)));
  two.heavy.always(answerSteps('openai-chat', true, BAD_ANSWERS.empty.answer));
  const pending = two.server.post(PATH['openai-chat'], chatRequest());
  await two.fast.nextRequest();
  await clock.advance(50_000);
  two.fast.release('more');
  expect((await pending).status).toBe(503);
});

test('a caller that leaves between keepalives ends the attempt', async () => {
  const clock = createSimulatedClock();
  await using two = await startTwoTiers({ tables: TABLES, effects: { clock } });
  two.fast.always(halting(eventsFor('openai-chat', ANSWER)));
  const leaving = new AbortController();
  const pending = two.server.post(PATH['openai-chat'], chatRequest(), { signal: leaving.signal });
  await two.fast.nextRequest();
  await clock.advance(14_000);
  const response = await pending;
  leaving.abort();
  await two.fast.callerClosed(0);
  expect(await two.server.record(idOf(response))).toMatchObject({ outcome: 'cancelled' });
  await quiet(two.server);
  await until('no timer is left', () => clock.pending === 0);
});
