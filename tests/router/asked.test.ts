/** Do wishes in headers hold through all attempts of a request, on simulated time? */
import { describe, expect, test } from 'bun:test';
import { ask, CHAT, openSmallHouse, play } from '#tests/router/small-house';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest } from '#tests/support/two-tiers';

const budget = (value: string) => ({ 'x-anvil-budget': value });
const latency = (seconds: string) => ({ 'x-anvil-max-latency': seconds });

describe('a cap on one request', () => {
  /** A local tier with a price, whose empty answer is rejected after it cost ten cents. */
  const house = () =>
    openSmallHouse({
      cloud: 'behind',
      fast: 'cost_output_per_mtok = 100',
      scripts: {
        'fast-local': () =>
          play(answerSteps('openai-chat', true, { ...BAD_ANSWERS.empty.answer, usage: { input: 1, output: 1_000 } })),
      },
    });
  const request = chatRequest({ max_tokens: 1_000 });

  test('counts what earlier attempts of the same request have cost', async () => {
    const { record } = await ask(await house(), CHAT, request, budget('request-usd=0.15'));
    expect(record.attempts.map(({ tier, outcome }) => [tier, outcome])).toEqual([
      ['fast-local', 'rejected'],
      ['cloud', 'skipped-budget'],
    ]);
    expect(record.attempts[1]?.detail).toBe('request cap 0.15 USD, 0.10 spent');
    expect(record.costUsd).toBeLessThanOrEqual(0.15);
  });

  test('leaves room for as many attempts as it pays for, and begins anew with the next request', async () => {
    const open = await house();
    for (let turn = 0; turn < 3; turn++) {
      const { record } = await ask(open, CHAT, request, budget('request-usd=0.3'));
      expect([turn, record.outcome, record.servedTier]).toEqual([turn, 'finished', 'cloud']);
    }
  });

  test('in tokens counts the prompt and the answer', async () => {
    const { record } = await ask(await house(), CHAT, request, budget('request-tokens=1500'));
    expect(record.attempts[1]).toMatchObject({
      outcome: 'skipped-budget',
      detail: 'request cap 1500 tokens, 1001 spent',
    });
  });
});

describe('a wish for an early first byte', () => {
  const hanging = () => play([{ hang: true }]);

  test('ends each attempt in time, and what was measured puts the slow tier second', async () => {
    const slow = () =>
      play(answerSteps('openai-chat', true, plainAnswer('Hello there, all is well.')), { chunkMs: () => 2_000 });
    const house = await openSmallHouse({ scripts: { 'fast-local': slow } });
    expect((await ask(house, CHAT, chatRequest())).record.servedTier).toBe('fast-local');
    const second = await ask(house, CHAT, chatRequest(), { ...latency('1'), 'x-session-id': 'another' });
    expect(second.record.attempts.map(({ tier, outcome }) => [tier, outcome])).toEqual([['heavy-local', 'served']]);
    expect(second.record.candidates[1]?.why).toContainEqual(expect.stringMatching(/^slow: its answers began after/));
  });

  test('is no reason to fail: a late answer is better than none', async () => {
    const late = () => play(answerSteps('openai-chat', true, plainAnswer('Late, but here.')), { chunkMs: () => 100 });
    const house = await openSmallHouse({ scripts: { 'fast-local': hanging, 'heavy-local': late } });
    const { record, status } = await ask(house, CHAT, chatRequest(), latency('3'));
    expect([status, record.servedTier]).toEqual([200, 'heavy-local']);
    expect(record.attempts[0]).toMatchObject({ outcome: 'error', failure: 'timeout' });
    expect(record.attempts[0]?.endedMs).toBeWithin(2_900, 3_200);
  });

  test('says nothing against the tier: its breaker stays closed for everybody', async () => {
    const house = await openSmallHouse({
      tables: '[router.breaker]\navailability_failures = 1\n',
      scripts: { 'fast-local': hanging },
    });
    for (let turn = 0; turn < 3; turn++) {
      const wanted = (3 + turn) / 10;
      const { record } = await ask(house, CHAT, chatRequest(), { ...latency(`${wanted}`), 'x-session-id': `${turn}` });
      expect(record.attempts[0]).toMatchObject({
        tier: 'fast-local',
        detail: `first byte deadline of ${wanted} s passed, which the caller asked for`,
      });
    }
    // The next one in the same hurry does not wait for it again.
    const again = await ask(house, CHAT, chatRequest(), { ...latency('0.3'), 'x-session-id': 'again' });
    expect(again.record.attempts).toMatchObject([{ tier: 'heavy-local', outcome: 'served' }]);
    expect(house.assembly.router.breakers.peek('fast-local', undefined)?.state ?? 'closed').toBe('closed');
    // Its own deadline does count.
    await ask(house, CHAT, chatRequest(), { 'x-session-id': 'patient' });
    expect(house.assembly.router.breakers.peek('fast-local', undefined)?.state).toBe('open');
  });

  test('cannot give a tier more time than its own deadline', async () => {
    const house = await openSmallHouse({
      fast: '[router.tiers.deadlines]\nfirst_byte_seconds = 2\nfirst_byte_per_1k_tokens_seconds = 0\n',
      scripts: { 'fast-local': hanging },
    });
    const { record } = await ask(house, CHAT, chatRequest(), latency('600'));
    expect(record.attempts[0]?.endedMs).toBeWithin(1_900, 2_200);
  });
});

test('the request that follows runs under the configuration as it stands', async () => {
  const house = await openSmallHouse({ cloud: 'alone' });
  const refused = await ask(house, CHAT, chatRequest(), budget('request-usd=0'));
  expect(refused.record.failure).toBe('budget-spent');
  expect((await ask(house, CHAT, chatRequest())).record.outcome).toBe('finished');
});
