/** Is a name that means one tier served by that tier or by nobody, its stream untouched? */
import { describe, expect, test } from 'bun:test';
import { answerOf, projectFile, startConfigured } from '#tests/server/configured';
import { CHAT, errorIn, MESSAGES } from '#tests/server/said';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { json, sse } from '#tests/support/fake-tier-steps';
import { refusedPort } from '#tests/support/ports';
import { chatRequest, messagesRequest, READ_FILE, startTwoTiers } from '#tests/support/two-tiers';

const ALIASES = '[router.aliases]\nQwen = "heavy-local"\nsmall = "fast-local"\n';
const idOf = (response: Response): string => response.headers.get('x-anvil-decision') ?? '';
const whole = (model: string, content = 'hello there') =>
  chatRequest({ model, stream: false, messages: [{ role: 'user', content }] });

describe('aliases', () => {
  for (const model of ['qwen', 'QWEN', ' Qwen ', 'anvil/qwen', 'anvil:QWEN'])
    test(`${JSON.stringify(model)} is served by its tier, whatever the profile says`, async () => {
      await using two = await startTwoTiers({ tables: ALIASES });
      two.heavy.always(answerSteps('openai-chat', false, plainAnswer('Hello!')));
      const response = await two.server.post(CHAT, whole(model, 'Please plan the migration, step by step.'));
      expect(response.status).toBe(200);
      expect(response.headers.get('x-anvil-tier')).toBe('heavy-local');
      expect(response.headers.get('x-anvil-intent')).toBe('pinned');
      expect(two.fast.requests.length).toBe(0);
    });

  test('the stream is untouched: bad answers too, byte for byte but for the model’s name', async () => {
    for (const answer of [BAD_ANSWERS.truncated.answer, BAD_ANSWERS['tool arguments cut off'].answer]) {
      await using two = await startTwoTiers({ tables: ALIASES, router: 'response_model = "served"' });
      const events = eventsFor('openai-chat', { ...answer, model: 'heavy' });
      two.heavy.always(sse(events));
      const request = chatRequest({ model: 'qwen', tools: [READ_FILE], stream_options: { include_usage: true } });
      const response = await two.server.post(CHAT, request);
      expect((await response.text()).replace(/: anvil [^\n]*\n\n$/, '')).toBe(events.join(''));
      expect((await two.server.record(idOf(response))).attempts).toMatchObject([{ hold: 'none', verifiers: [] }]);
    }
  });

  test('a tier that is down is an error that says so, and no other tier is asked', async () => {
    await using refused = await refusedPort();
    await using two = await startTwoTiers({ tables: ALIASES, fastUrl: `${refused.url}/v1` });
    for (const [path, body, dialect] of [
      [CHAT, whole('small'), 'openai-chat'],
      [MESSAGES, messagesRequest({ model: 'small' }), 'anthropic-messages'],
    ] as const) {
      const response = await two.server.post(path, body);
      expect([response.status, response.headers.get('x-anvil-reason')]).toEqual([503, 'pin-unavailable']);
      expect(response.headers.get('x-should-retry')).toBe('false');
      const { message } = errorIn(dialect, await response.text());
      expect(message).toContain('fast-local');
      expect(message).not.toContain(String(refused.port));
    }
    expect(two.heavy.requests.length).toBe(0);
  });

  test('a tier that fails is an error that says so', async () => {
    for (const [status, kind] of [
      [500, 'server-error'],
      [429, 'rate-limited'],
      [401, 'unauthorized'],
    ] as const) {
      await using two = await startTwoTiers({ tables: ALIASES });
      two.fast.always(json(status, { error: { message: 'the key sk-123 of the tier is wrong' } }));
      const response = await two.server.post(CHAT, whole('small'));
      expect(response.status).toBe(503);
      const body = await response.text();
      expect(errorIn('openai-chat', body).message).toContain(kind);
      expect(body).not.toContain('sk-123');
      expect(two.heavy.requests.length).toBe(0);
    }
  });

  test('a prompt that cannot fit its window is a 413 that names the tier, and nobody else is asked', async () => {
    await using two = await startTwoTiers({ tables: ALIASES });
    const response = await two.server.post(CHAT, whole('small', `hello ${'word '.repeat(60_000)}`));
    expect([response.status, response.headers.get('x-anvil-reason')]).toEqual([413, 'over-context']);
    expect(errorIn('openai-chat', await response.text())).toMatchObject({
      code: 'context_length_exceeded',
      message: expect.stringContaining('fast-local'),
    });
    expect([two.fast.requests.length, two.heavy.requests.length]).toEqual([0, 0]);
  });

  test('an alias opens a metered tier: the operator named it', async () => {
    const toml = (await projectFile('tests/fixtures/configs/v09-example-with-cloud.toml')).replace(
      '[router.presets]',
      '[router.aliases]\nclaude = "cloud"\n[router.presets]',
    );
    await using configured = await startConfigured(toml, { env: { ANTHROPIC_API_KEY: 'key' } });
    const response = await configured.server.post(CHAT, whole('claude'));
    expect(response.headers.get('x-anvil-tier')).toBe('cloud');
  });
});

describe('pins', () => {
  const start = async () =>
    startConfigured(await projectFile('tests/fixtures/configs/v09-example-with-cloud.toml'), {
      env: { ANTHROPIC_API_KEY: 'key' },
    });

  test('a tier’s own id pins it', async () => {
    await using configured = await start();
    for (const model of ['heavy-local', 'HEAVY-LOCAL', 'anvil/heavy-local']) {
      const response = await configured.server.post(CHAT, whole(model));
      expect(response.headers.get('x-anvil-intent')).toBe('pinned');
      expect(await response.json()).toMatchObject({
        model,
        choices: [{ message: { content: answerOf('heavy-local') } }],
      });
    }
    expect(configured.asked()).toEqual(['heavy-local']);
  });

  test('a pin that the profile denies for this work is served by the gated pool, and the record says why', async () => {
    await using configured = await start();
    const response = await configured.server.post(CHAT, whole('fast-local', 'Please plan this.'));
    expect([response.headers.get('x-anvil-tier'), response.headers.get('x-anvil-intent')]).toEqual(['cloud', 'pinned']);
    const record = await configured.server.record(idOf(response));
    expect(record.intent?.note).toBe('pin fast-local denied for planning; routed via gated pool');
    expect(configured.asked()).toEqual(['cloud']);
  });

  test('a pin of a metered tier is refused where its class is not opened', async () => {
    await using configured = await start();
    const response = await configured.server.post(CHAT, whole('cloud', 'hello there'));
    expect([response.status, response.headers.get('x-anvil-reason')]).toEqual([503, 'metered']);
    expect(configured.asked()).toEqual([]);
  });
});
