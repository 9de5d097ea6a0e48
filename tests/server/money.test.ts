/** Is money spent only where the operator opened it, and not beyond the caps? */
import { describe, expect, test } from 'bun:test';
import { projectFile, startConfigured } from '#tests/server/configured';
import { CHAT, errorIn, MESSAGES } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { createSimulatedClock } from '#tests/support/clock';
import { chatRequest, messagesRequest } from '#tests/support/two-tiers';

const KEY = { ANTHROPIC_API_KEY: 'cloud-key' };
const withBudgets = async (budgets: string): Promise<string> =>
  `${await projectFile('tests/fixtures/configs/v09-example-with-cloud.toml')}\n[router.budgets]\n${budgets}\n`;
const plan = (session: string, fields: Record<string, unknown> = {}) =>
  chatRequest({ model: 'planning', stream: false, max_tokens: 100, prompt_cache_key: session, ...fields });
const idOf = (response: Response): string => response.headers.get('x-anvil-decision') ?? '';
/** A reply that reports a million prompt tokens, which cost 3 USD here, and one of output. */
const EXPENSIVE = answerSteps('anthropic-messages', false, {
  ...plainAnswer('Step one. Step two.'),
  usage: { input: 1_000_000, output: 1 },
});

describe('the metered gate', () => {
  test('a class that is not opened never reaches the cloud, however the local tiers fail', async () => {
    await using configured = await startConfigured(await withBudgets(''), { env: KEY });
    for (const id of ['fast-local', 'heavy-local']) configured.tier(id).always([{ reset: true }]);
    for (const model of ['chat', 'quick-edit', 'review', 'long-context', 'gpt-9']) {
      const response = await configured.server.post(CHAT, chatRequest({ model, stream: false }));
      expect([model, response.status]).toEqual([model, 503]);
    }
    expect(configured.tier('cloud').requests.length).toBe(0);
  });

  test('without its key the cloud tier is left out, and the reason is told apart for the operator', async () => {
    await using configured = await startConfigured(await withBudgets(''));
    const response = await configured.server.post(MESSAGES, messagesRequest({ model: 'planning' }));
    expect([response.status, response.headers.get('x-anvil-reason')]).toEqual([503, 'uncredentialed']);
    expect(errorIn('anthropic-messages', await response.text()).message).not.toContain('ANTHROPIC_API_KEY');
    const record = await configured.server.record(idOf(response));
    expect(record.exclusions).toMatchObject([
      { tier: 'cloud', kind: 'uncredentialed', detail: expect.stringContaining('ANTHROPIC_API_KEY') },
    ]);
  });
});

describe('caps', () => {
  test('a session’s cap ends that session only; a Chat caller hears 400, which nobody repeats, and how it came', async () => {
    await using configured = await startConfigured(await withBudgets('session_usd = 2.0'), { env: KEY });
    configured.tier('cloud').always(EXPENSIVE);
    expect((await configured.server.post(CHAT, plan('session-a'))).status).toBe(200);
    const refused = await configured.server.post(CHAT, plan('session-a'));
    expect([refused.status, refused.headers.get('x-anvil-reason')]).toEqual([400, 'budget-spent']);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(errorIn('openai-chat', await refused.text()).code).toBe('budget_spent');
    const record = await configured.server.record(idOf(refused));
    expect(record.detail).toContain('session cap 2.00 USD, 3.00 spent');
    expect((await configured.server.post(CHAT, plan('session-b'))).status).toBe(200);
  });

  test('a day’s cap ends for everybody until midnight UTC, and says when', async () => {
    const clock = createSimulatedClock({ wall: Date.UTC(2026, 5, 1, 23, 0, 0) });
    await using configured = await startConfigured(await withBudgets('day_usd = 2.0'), {
      env: KEY,
      effects: { clock },
    });
    configured.tier('cloud').always(EXPENSIVE);
    expect((await configured.server.post(CHAT, plan('session-a'))).status).toBe(200);
    const refused = await configured.server.post(CHAT, plan('session-b'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([400, '3600']);
    await clock.advance(3_600_000);
    expect((await configured.server.post(CHAT, plan('session-b'))).status).toBe(200);
  });

  test('requests in flight count: together they cannot pass a cap that each alone would keep', async () => {
    await using configured = await startConfigured(await withBudgets('day_tokens = 150'), { env: KEY });
    configured.tier('cloud').reply([{ waitFor: 'go' }, ...EXPENSIVE]);
    const first = configured.server.post(CHAT, plan('session-a'));
    await configured.tier('cloud').nextRequest();
    expect((await configured.server.post(CHAT, plan('session-b'))).status).toBe(400);
    configured.tier('cloud').release('go');
    expect((await first).status).toBe(200);
  });

  test('a cap keeps no free tier from serving', async () => {
    await using configured = await startConfigured(await withBudgets('day_usd = 0.0'), { env: KEY });
    expect((await configured.server.post(CHAT, plan('a'))).status).toBe(400);
    expect((await configured.server.post(CHAT, chatRequest())).status).toBe(200);
  });
});

test('what was spent is in the record, by the tier’s own prices and the tier’s own count', async () => {
  await using configured = await startConfigured(await withBudgets(''), { env: KEY });
  configured.tier('cloud').always(
    answerSteps('anthropic-messages', false, {
      ...plainAnswer('Step one.'),
      usage: { input: 10_000, output: 2_000, cacheRead: 4_000 },
    }),
  );
  const response = await configured.server.post(CHAT, plan('a'));
  const record = await configured.server.record(idOf(response));
  expect(record.usage).toMatchObject({ input: 10_000, output: 2_000, cacheRead: 4_000 });
  expect(record.costUsd).toBeCloseTo(10_000 * 3e-6 + 2_000 * 15e-6, 9);
  expect(await response.json()).toMatchObject({ usage: { prompt_tokens: 10_000, completion_tokens: 2_000 } });
});
