/** How much may a Messages tier write for a caller that set no limit? What an agent needs, within what the window leaves. */
import { expect, test } from 'bun:test';
import { at } from '#tests/dialects/support';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, startTwoTiers } from '#tests/support/two-tiers';

const capOn = async (contextLimit: number, fast = ''): Promise<number> => {
  await using two = await startTwoTiers({ dialect: 'anthropic-messages', fast });
  await two.server.reload(two.toml.replace('context_limit = 32768', `context_limit = ${contextLimit}`));
  two.fast.always(answerSteps('anthropic-messages', true, plainAnswer('Hello! What can I do for you today?')));
  const response = await two.server.post('/v1/chat/completions', chatRequest());
  await response.text();
  expect(response.headers.get('x-anvil-tier')).toBe('fast-local');
  return Number(at(two.fast.requests[0]?.json, 'max_tokens'));
};

test('a large window leaves room for a turn that writes whole files', async () => {
  expect(await capOn(131_072)).toBe(32_000);
});

test('a small window leaves what the prompt does not take', async () => {
  const cap = await capOn(8_192);
  expect(cap).toBeGreaterThan(7_000);
  expect(cap).toBeLessThan(8_192);
});

test('the limit of the tier holds', async () => {
  expect(await capOn(131_072, 'max_output_tokens = 500')).toBe(500);
});
