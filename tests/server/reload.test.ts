/** Does a new configuration take over between two requests, and leave the ones under way alone? */
import { expect, test } from 'bun:test';
import { quiet } from '#tests/server/quiet';
import { CHAT } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { startFakeTier } from '#tests/support/fake-tier';
import { sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen, readerOf } from '#tests/support/sse';
import { chatRequest, startTwoTiers, twoTiersToml } from '#tests/support/two-tiers';

const OLD = plainAnswer('The answer of the old tier, which was asked before.');
const NEW = plainAnswer('The answer of the new tier.');
const whole = chatRequest({ stream: false });

test('a stream under way ends on the tier, the mapping and the hold it began with; the next request is on the new ones', async () => {
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "none"\n' });
  await using other = await startFakeTier();
  const events = eventsFor('openai-chat', OLD);
  two.fast.always([
    sseHead(),
    ...events.slice(0, 3).map((chunk) => ({ chunk })),
    { waitFor: 'reloaded' },
    ...events.slice(3).map((chunk) => ({ chunk })),
  ]);
  other.always(answerSteps('openai-chat', true, NEW));
  const before = await two.server.post(CHAT, chatRequest());
  const reader = readerOf(before);
  await reader.until('answer');

  await two.server.reload(twoTiersToml(other.url, two.heavy.url).replace('test.1', 'test.2'));
  const after = await two.server.post(CHAT, chatRequest({ messages: [{ role: 'user', content: 'new here' }] }));
  expect(chatSeen(await after.text()).text).toBe('The answer of the new tier.');
  expect([before.headers.get('x-anvil-mapping'), after.headers.get('x-anvil-mapping')]).toEqual(['test.1', 'test.2']);

  two.fast.release('reloaded');
  expect(chatSeen(await reader.rest())).toMatchObject({
    text: 'The answer of the old tier, which was asked before.',
    terminal: true,
  });
  const [first, second] = await Promise.all(
    [before, after].map((response) => two.server.record(response.headers.get('x-anvil-decision') ?? '')),
  );
  expect(first?.config).not.toBe(second?.config ?? '');
  await quiet(two.server);
});

test('a request that is held escalates within the configuration it began with', async () => {
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "all"\n' });
  await using other = await startFakeTier();
  two.fast.always([{ waitFor: 'reloaded' }, { reset: true }]);
  two.heavy.always(answerSteps('openai-chat', false, OLD));
  const pending = two.server.post(CHAT, whole);
  await two.fast.nextRequest();
  await two.server.reload(twoTiersToml(other.url, other.url).replace('test.1', 'test.2'));
  two.fast.release('reloaded');
  const response = await pending;
  expect([response.status, response.headers.get('x-anvil-tier')]).toEqual([200, 'heavy-local']);
  expect(other.requests.length).toBe(0);
});

test('a tier that the new configuration does not know serves its last request to the end', async () => {
  await using two = await startTwoTiers();
  two.fast.always([{ waitFor: 'gone' }, ...answerSteps('openai-chat', false, OLD)]);
  const pending = two.server.post(CHAT, whole);
  await two.fast.nextRequest();
  const toml = two.toml
    .replace(/\[\[router\.tiers\]\]\nid = "fast-local"[\s\S]*?(?=\[\[)/, '')
    .replaceAll('"fast-local", ', '');
  await two.server.reload(toml);
  expect(await (await two.server.get('/v1/models/chat')).json()).toMatchObject({ context_window: 131_072 });
  two.fast.release('gone');
  expect((await pending).status).toBe(200);
  await quiet(two.server);
});

test('new tokens count at once, old ones no longer', async () => {
  await using two = await startTwoTiers({
    tables: '[server]\nauth_env = "TOKEN_OLD"\n',
    env: { TOKEN_OLD: 'old-token', TOKEN_NEW: 'new-token' },
  });
  const status = async (token: string): Promise<number> =>
    (await two.server.get('/v1/models', { authorization: `Bearer ${token}` })).status;
  expect([await status('old-token'), await status('new-token')]).toEqual([200, 401]);
  await two.server.reload(two.toml.replace('TOKEN_OLD', 'TOKEN_NEW'));
  expect([await status('old-token'), await status('new-token')]).toEqual([401, 200]);
});

test('new limits and presets count at once', async () => {
  await using two = await startTwoTiers();
  two.heavy.always(answerSteps('openai-chat', false, NEW));
  await two.server.reload(
    `${two.toml.replace('chat = ["fast-local", "heavy-local"]', 'chat = ["heavy-local"]')}[router.limits]\nbody_bytes_max = 200\n`,
  );
  expect((await two.server.post(CHAT, whole)).headers.get('x-anvil-tier')).toBe('heavy-local');
  expect((await two.server.post(CHAT, { ...whole, user: 'x'.repeat(200) })).status).toBe(413);
});

for (const [name, change, reason] of [
  ['an unknown key', (toml: string) => toml.replace('[router]', '[router]\nmaping = 1'), 'maping'],
  ['no TOML', (toml: string) => `${toml}\n= =`, 'line'],
  [
    'a preset over a tier that is none',
    (toml: string) => toml.replace('review = ["heavy-local"]', 'review = ["x"]'),
    'x',
  ],
  ['a token without a value', (toml: string) => `${toml}\n[server]\nauth_env = "UNSET_TOKEN"\n`, 'UNSET_TOKEN'],
] as const)
  test(`a configuration with ${name} is refused with the reason, and the old one serves on`, async () => {
    await using two = await startTwoTiers();
    two.fast.always(answerSteps('openai-chat', false, OLD));
    const problem = await two.server.reload(change(two.toml)).then(
      () => 'none',
      (error: Error) => error.message,
    );
    expect(problem).toContain(reason);
    const response = await two.server.post(CHAT, whole);
    expect([response.status, response.headers.get('x-anvil-mapping')]).toEqual([200, 'test.1']);
  });
