/** May one listener serve clients that need different answers? Rules by access token, dialect and outcome, over sockets. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { CHAT, errorIn, MESSAGES } from '#tests/server/said';
import { json } from '#tests/support/fake-tier-steps';
import { chatRequest, messagesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const ENV = { TEST_MAIN: 'secret-main', TEST_OPENCODE: 'secret-opencode', TEST_OPENCLAW: 'secret-openclaw' };

const TABLES = `
[server]
auth_env = "TEST_MAIN"
[[server.tokens]]
name = "opencode"
env = "TEST_OPENCODE"
error_profile = "impatient"
[[server.tokens]]
name = "openclaw"
env = "TEST_OPENCLAW"
[[router.errors]]
outcome = "exhausted"
profile = "impatient"
dialect = "openai-chat"
status = 422
retry_after_seconds = 0
[[router.errors]]
outcome = "exhausted"
profile = "impatient"
text = "No model is free just now."
[[router.errors]]
outcome = "not-found"
text = "Nothing here."
[[router.errors]]
outcome = "unauthorized"
status = 403
text = "Ask the house for a key."
`;

let two: TwoTiers;
beforeAll(async () => {
  two = await startTwoTiers({ tables: TABLES, env: ENV });
  for (const tier of [two.fast, two.heavy]) tier.always(json(500, { error: { message: 'boom' } }));
});
afterAll(() => two[Symbol.asyncDispose]());

const as = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

describe('exhaustion', () => {
  test('stops opencode at once, and sends OpenClaw to its fallback model, on the same listener', async () => {
    const impatient = await two.server.post(CHAT, chatRequest(), as(ENV.TEST_OPENCODE));
    expect([impatient.status, impatient.headers.get('retry-after')]).toEqual([422, null]);
    expect(impatient.headers.get('x-anvil-reason')).not.toBeNull();
    expect(errorIn('openai-chat', await impatient.text()).message).toBe('No model is free just now.');
    for (const secret of [ENV.TEST_MAIN, ENV.TEST_OPENCLAW]) {
      const patient = await two.server.post(CHAT, chatRequest(), as(secret));
      expect([patient.status, patient.headers.get('retry-after')]).toEqual([503, '120']);
    }
  });

  test('keeps the rest of the row where only the text is another', async () => {
    const response = await two.server.post(MESSAGES, messagesRequest(), as(ENV.TEST_OPENCODE));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '120']);
    expect(errorIn('anthropic-messages', await response.text())).toMatchObject({
      type: 'overloaded_error',
      message: 'No model is free just now.',
    });
  });
});

test('a rule for all holds on the routes for people as well, and for callers without a token', async () => {
  const missing = await two.server.get('/v1/models/none', { authorization: `Bearer ${ENV.TEST_OPENCLAW}` });
  expect([missing.status, errorIn('openai-chat', await missing.text()).message]).toEqual([404, 'Nothing here.']);
  const stranger = await two.server.post(CHAT, chatRequest());
  expect([stranger.status, errorIn('openai-chat', await stranger.text()).message]).toEqual([
    403,
    'Ask the house for a key.',
  ]);
});

test('a reload changes what is said from then on', async () => {
  await using own = await startTwoTiers();
  const ask = async () => (await own.server.post(CHAT, chatRequest({ model: 'planning' }))).status;
  expect(await ask()).toBe(503);
  await own.server.reload(`${own.toml}\n[[router.errors]]\noutcome = "exhausted"\nstatus = 529\n`);
  expect(await ask()).toBe(529);
});
