/** What does a caller cost that stays connected and never reads? Its deadlines end it like any other. */
import { expect, test } from 'bun:test';
import { answering, CHAT, openSmallHouse, passTime } from '#tests/router/small-house';
import { plainAnswer } from '#tests/support/answer';
import { chatSeen } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

const LONG = plainAnswer('word '.repeat(400));
const NONE = '[router.hold]\nallow = "none"\n';
const deadlines = (idle: number, total: number): string =>
  `[router.tiers.deadlines]\nidle_seconds = ${idle}\ntotal_seconds = ${total}\n`;

test('a caller who never reads gives its place back when the attempt is over its total', async () => {
  const house = await openSmallHouse({
    tables: NONE,
    fast: deadlines(5, 30),
    scripts: { 'fast-local': answering(LONG) },
  });
  const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest()));
  const { body } = await passTime(house, response);
  const record = await passTime(house, house.recorded(decision));
  expect(record).toMatchObject({
    outcome: 'broken',
    attempts: [{ outcome: 'broken', failure: 'timeout', detail: 'total deadline of 30 s passed' }],
  });
  expect(house.clock.now()).toBe(30_000);
  expect(house.assembly.router.status().inFlight).toBe(0);
  expect(house.assembly.router.admission.loadOf('fast-local').inFlight).toBe(0);
  expect(house.calls[0]?.ended).toBe('aborted');
  await body?.cancel();
});

test('when it reads after all, it finds what had left and a clean error', async () => {
  const house = await openSmallHouse({
    tables: NONE,
    fast: deadlines(5, 30),
    scripts: { 'fast-local': answering(LONG) },
  });
  const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest()));
  const answered = await passTime(house, response);
  await passTime(house, house.recorded(decision));
  const seen = chatSeen(await passTime(house, answered.text()));
  expect('word '.repeat(400)).toStartWith(seen.text);
  expect(seen).toMatchObject({ terminal: false, error: expect.anything() });
});

test('a caller who rests for longer than the idle deadline is served to the end', async () => {
  const house = await openSmallHouse({
    tables: NONE,
    fast: deadlines(5, 100),
    scripts: { 'fast-local': answering(LONG) },
  });
  const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest()));
  const reader = (await passTime(house, response)).body?.getReader();
  const decoder = new TextDecoder();
  let body = '';
  for (let rests = 0; ; rests++) {
    if (rests < 4) await house.clock.advance(20_000);
    const step = await reader?.read();
    if (!step || step.done) break;
    body += decoder.decode(step.value, { stream: true });
  }
  expect(chatSeen(body)).toMatchObject({ text: 'word '.repeat(400), terminal: true });
  expect((await house.recorded(decision)).outcome).toBe('finished');
});
