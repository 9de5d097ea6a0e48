/** Do spending caps hold when several requests reach for the same money at once? */
import { expect, test } from 'bun:test';
import { ask, CHAT, openSmallHouse, passTime, play } from '#tests/router/small-house';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { json, sseHead } from '#tests/support/fake-tier-steps';
import { chatRequest } from '#tests/support/two-tiers';

/** Costs about 10 cents: 1,000 tokens at 100 USD per million. */
const dear = () =>
  play(answerSteps('openai-chat', true, { ...plainAnswer('Dear.'), usage: { input: 1, output: 1_000 } }), {
    chunkMs: () => 100,
  });
const request = JSON.stringify(chatRequest({ max_tokens: 1_000 }));

test('requests that wait for a place on the metered tier cannot pass the cap together', async () => {
  const house = await openSmallHouse({
    cloud: 'alone',
    cloudLines: 'max_concurrency = 1\n',
    tables: '[router.budgets]\nday_usd = 0.25\n',
    scripts: { cloud: dear },
  });
  const posted = Array.from({ length: 6 }, () => house.post(CHAT, request));
  await passTime(house, Promise.all(posted.map(async ({ response }) => (await response).text())));
  const spent = house.records.reduce((sum, { costUsd }) => sum + costUsd, 0);
  expect(house.calls.length).toBe(2);
  expect(spent).toBeLessThanOrEqual(0.25);
  expect(house.records.map(({ outcome, failure }) => failure ?? outcome).sort()).toEqual([
    'budget-spent',
    'budget-spent',
    'budget-spent',
    'budget-spent',
    'finished',
    'finished',
  ]);
});

test('requests that fall back on the metered tier cannot pass the cap together', async () => {
  const house = await openSmallHouse({
    cloud: 'behind',
    tables: '[router.budgets]\nday_usd = 0.25\n[router.breaker]\navailability_failures = 100\n',
    scripts: { cloud: dear, 'fast-local': () => play(json(500, { error: { message: 'boom' } })) },
  });
  const posted = Array.from({ length: 6 }, () => house.post(CHAT, request));
  await passTime(house, Promise.all(posted.map(async ({ response }) => (await response).text())));
  expect(house.calls.filter(({ host }) => host === 'cloud').length).toBe(2);
  expect(house.records.reduce((sum, { costUsd }) => sum + costUsd, 0)).toBeLessThanOrEqual(0.25);
});

test('what an attempt was expected to cost is given back when it cost less', async () => {
  const house = await openSmallHouse({ cloud: 'alone', tables: '[router.budgets]\nday_usd = 0.25\n' });
  for (let turn = 0; turn < 5; turn++) {
    const { record } = await ask(house, CHAT, chatRequest({ max_tokens: 1_000 }));
    expect(record.outcome).toBe('finished');
  }
});

test('an attempt that never reached the tier costs nothing', async () => {
  const house = await openSmallHouse({
    cloud: 'alone',
    tables: '[router.budgets]\nday_usd = 0.15\n[router.breaker]\navailability_failures = 100\n',
    scripts: { cloud: () => play([], { refused: true }) },
  });
  for (let turn = 0; turn < 3; turn++) {
    const { record } = await ask(house, CHAT, chatRequest({ max_tokens: 1_000 }));
    expect(record).toMatchObject({ failure: 'exhausted', costUsd: 0 });
    await house.clock.advance(20_000);
  }
});

test('an answer that breaks off is charged for what came, not for what its opening event announced', async () => {
  const words = 'word '.repeat(200);
  const events = eventsFor('anthropic-messages', plainAnswer(words));
  const house = await openSmallHouse({
    cloud: 'alone',
    dialect: 'anthropic-messages',
    scripts: { cloud: () => play([sseHead(), ...events.slice(0, -4).map((chunk) => ({ chunk })), { reset: true }]) },
  });
  const { record } = await ask(house, CHAT, chatRequest());
  expect(record.outcome).toBe('broken');
  expect(record.attempts[0]?.usage?.output).toBeGreaterThan(200);
});

test('a caller who leaves pays for what was generated until then', async () => {
  const house = await openSmallHouse({ cloud: 'alone', scripts: { cloud: dear } });
  const controller = new AbortController();
  const { decision, response } = house.post(CHAT, request, { signal: controller.signal });
  const { body } = await passTime(house, response);
  controller.abort();
  await body?.cancel();
  const record = await passTime(house, house.recorded(decision));
  expect(record.outcome).toBe('cancelled');
  expect(record.attempts[0]?.usage).toMatchObject({ estimated: true });
  expect(record.costUsd).toBeGreaterThan(0);
});
