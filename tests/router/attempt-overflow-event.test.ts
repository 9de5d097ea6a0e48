/** What does an engine get for saying only inside its stream that the prompt does not fit? */
import { expect, test } from 'bun:test';
import { ask, CHAT, GREETING, openSmallHouse, play, smallToml } from '#tests/router/small-house';
import { sse } from '#tests/support/fake-tier-steps';
import { chatSeen } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

const OVERFLOW = `data: ${JSON.stringify({
  error: { message: "This model's maximum context length is 4096 tokens", code: 'context_length_exceeded' },
})}\n\n`;
const overflowing = () => play(sse([OVERFLOW]));

test('the larger window is tried, and no breaker hears of it', async () => {
  const house = await openSmallHouse({ scripts: { 'fast-local': overflowing } });
  for (let turn = 0; turn < 4; turn++) {
    const { body, record } = await ask(house, CHAT, chatRequest(), { 'x-session-id': `session ${turn}` });
    expect(chatSeen(body).text).toBe(GREETING);
    expect(record.attempts[0]).toMatchObject({ tier: 'fast-local', failure: 'context-overflow' });
  }
  expect(house.assembly.router.breakers.peek('fast-local', 'chat').state).toBe('closed');
});

test('with no larger window left the caller hears that the request is too large', async () => {
  const house = await openSmallHouse({ scripts: { 'fast-local': overflowing, 'heavy-local': overflowing } });
  const { status, headers } = await ask(house, CHAT, chatRequest());
  expect(status).toBe(413);
  expect(headers.get('x-anvil-reason')).toBe('over-context');
});

test('a smaller window is not even asked', async () => {
  const house = await openSmallHouse({ scripts: { 'heavy-local': overflowing } });
  await house.reload(
    smallToml().replace('chat = ["fast-local", "heavy-local"]', 'chat = ["heavy-local", "fast-local"]'),
  );
  const { status, record } = await ask(house, CHAT, chatRequest());
  expect(record.attempts.map(({ tier, outcome }) => [tier, outcome])).toEqual([
    ['heavy-local', 'error'],
    ['fast-local', 'skipped-window'],
  ]);
  expect(status).toBe(413);
});
