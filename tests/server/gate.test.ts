/** Where v0.9’s gate went astray (its weak points W6, W7, W15, W18), what does a caller get now? */
import { describe, expect, test } from 'bun:test';
import { answerOf, type Configured, projectFile, startConfigured } from '#tests/server/configured';
import { CHAT, errorIn, MESSAGES } from '#tests/server/said';
import { BAD_ANSWERS } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatSeen } from '#tests/support/sse';
import { chatRequest, messagesRequest, startTwoTiers } from '#tests/support/two-tiers';

const ENV = { ANTHROPIC_API_KEY: 'cloud-key' };
const withCloud = async (env: Record<string, string> = ENV): Promise<Configured> =>
  startConfigured(await projectFile('tests/fixtures/configs/v09-example-with-cloud.toml'), { env });

const says = (content: string, fields: Record<string, unknown> = {}) =>
  chatRequest({ stream: false, messages: [{ role: 'user', content }], ...fields });
const tierOf = async ({ server }: Configured, body: unknown): Promise<string | null> => {
  const response = await server.post(CHAT, body);
  await response.text();
  return response.headers.get('x-anvil-tier');
};

describe('W6: an unclear request is served by the safest tier that may, never refused for being unclear', () => {
  for (const text of ['hello there', 'review and fix this', 'can you plan the fix', 'asdf', ''])
    test(`${JSON.stringify(text)} under a name nobody knows`, async () => {
      await using configured = await withCloud();
      const response = await configured.server.post(CHAT, says(text, { model: 'gpt-9-turbo' }));
      expect(response.status).toBe(200);
      expect(response.headers.get('x-anvil-intent')).toBe('inferred');
    });

  test('ambiguity tightens the checks: the whole answer is judged before a byte leaves', async () => {
    await using configured = await withCloud();
    const response = await configured.server.post(CHAT, says('hello there', { model: 'gpt-9-turbo' }));
    const record = await configured.server.record(response.headers.get('x-anvil-decision') ?? '');
    expect(record.intent?.ambiguous).toBe(true);
    expect(record.attempts).toMatchObject([{ verdict: 'allow-with-verify', hold: 'all', outcome: 'served' }]);
  });
});

describe('W7: what served last does not decide who serves next', () => {
  test('a review on heavy leaves chat on fast', async () => {
    await using configured = await withCloud();
    expect(await tierOf(configured, says('Please review this.', { model: 'review' }))).toBe('heavy-local');
    for (let turn = 0; turn < 3; turn++)
      expect(await tierOf(configured, says(`hello ${turn}`, { model: 'chat' }))).toBe('fast-local');
  });

  test('no metered tier ever comes before a free one', async () => {
    const toml = (await projectFile('tests/fixtures/configs/v09-example-with-cloud.toml')).replace(
      'metered_cloud = ["planning"]',
      'metered_cloud = ["planning", "chat", "quick-edit", "review", "long-context"]',
    );
    await using configured = await startConfigured(toml, { env: ENV });
    expect(await tierOf(configured, says('Please review this.', { model: 'review' }))).toBe('heavy-local');
    for (const model of ['chat', 'quick-edit', 'review', 'long-context'])
      expect(await tierOf(configured, says('hello', { model }))).not.toBe('cloud');
  });
});

describe('W15: without a model the request itself decides, on every route', () => {
  const plan = 'Please plan the migration to the new database, step by step.';
  for (const model of [undefined, null, '', '  '])
    test(`model ${JSON.stringify(model)}`, async () => {
      await using configured = await withCloud();
      const messages = [{ role: 'user', content: plan }];
      for (const [path, body] of [
        [CHAT, says(plan, { model })],
        [MESSAGES, messagesRequest({ model, stream: false, messages })],
      ] as const) {
        const response = await configured.server.post(path, body);
        expect([path, response.status, response.headers.get('x-anvil-work-class')]).toEqual([path, 200, 'planning']);
        expect(response.headers.get('x-anvil-intent')).toBe('inferred');
        expect(response.headers.get('x-anvil-tier')).toBe('cloud');
      }
      const decided = (await (await configured.server.post('/v1/route', { model, messages })).json()) as object;
      expect(decided).toMatchObject({ provider: 'cloud', work_class: 'planning', confidence: 0.8 });
    });
});

describe('W18: a preset is a promise about the work, and the caller’s own words may only make it stricter', () => {
  test('chat that asks for a plan is judged as strictly as planning where nobody better may serve', async () => {
    await using configured = await withCloud();
    const response = await configured.server.post(CHAT, says('Please plan the migration, step by step.'));
    expect(response.headers.get('x-anvil-work-class')).toBe('chat');
    const record = await configured.server.record(response.headers.get('x-anvil-decision') ?? '');
    expect(record.intent).toMatchObject({ preset: 'chat', gateClass: 'planning' });
    expect(record.attempts).toMatchObject([{ tier: 'fast-local', verdict: 'allow-with-verify', hold: 'all' }]);
  });

  test('planning that only says hello stays planning', async () => {
    await using configured = await withCloud();
    const response = await configured.server.post(CHAT, says('hello', { model: 'planning' }));
    expect(response.headers.get('x-anvil-tier')).toBe('cloud');
  });
});

describe('when nobody is proven', () => {
  const planning = { model: 'planning' };

  test('refuse: 503, and the record names every tier and the ways out', async () => {
    await using two = await startTwoTiers({ router: 'when_unproven = "refuse"' });
    const response = await two.server.post(CHAT, chatRequest(planning));
    expect(response.status).toBe(503);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'retry-after': '120',
      'x-should-retry': 'false',
      'x-anvil-reason': 'denied',
    });
    expect(errorIn('openai-chat', await response.text()).code).toBe('denied');
    const record = await two.server.record(response.headers.get('x-anvil-decision') ?? '');
    expect(record).toMatchObject({
      outcome: 'refused',
      failure: 'denied',
      exclusions: [{ tier: 'heavy-local', kind: 'denied' }],
    });
    expect(record.detail).toContain('when_unproven');
    expect(two.heavy.requests.length).toBe(0);
  });

  test('verify: a bad answer is still refused, and the next denied tier is tried', async () => {
    await using two = await startTwoTiers({ router: 'when_unproven = "verify"' });
    await two.server.reload(two.toml.replace('planning = ["heavy-local"]', 'planning = ["fast-local", "heavy-local"]'));
    two.heavy.always(answerSteps('openai-chat', true, BAD_ANSWERS.truncated.answer));
    two.fast.always(answerSteps('openai-chat', true, { blocks: [{ kind: 'text', text: answerOf('fast-local') }] }));
    const response = await two.server.post(CHAT, chatRequest(planning));
    expect(response.headers.get('x-anvil-unproven')).toBe('true');
    expect(chatSeen(await response.text()).text).toBe(answerOf('fast-local'));
    const record = await two.server.record(response.headers.get('x-anvil-decision') ?? '');
    expect(record.attempts.map(({ tier, outcome, hold }) => [tier, outcome, hold])).toEqual([
      ['heavy-local', 'rejected', 'all'],
      ['fast-local', 'served', 'all'],
    ]);
  });

  test('verify: a proven tier that is merely down keeps the gate shut', async () => {
    const toml = (await projectFile('tests/fixtures/configs/v09-example-with-cloud.toml'))
      .replace('[router]', '[router]\nwhen_unproven = "verify"')
      .replace('planning     = ["cloud"]', 'planning     = ["heavy-local", "cloud"]')
      .concat('\n[router.breaker]\navailability_failures = 1\n');
    await using configured = await startConfigured(toml, { env: ENV });
    configured.tier('cloud').always([{ status: 500, headers: { 'content-length': '0' } }]);
    for (let turn = 0; turn < 3; turn++) {
      const response = await configured.server.post(CHAT, says('hello', planning));
      expect(response.status).toBe(503);
      expect(response.headers.get('x-anvil-unproven')).toBeNull();
    }
    expect(configured.tier('heavy-local').requests.length).toBe(0);
  });
});
