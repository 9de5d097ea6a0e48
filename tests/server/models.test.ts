/** Which names does the router advertise, and does it serve what it advertises? */
import { expect, test } from 'bun:test';
import { CHAT, errorIn } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, startTwoTiers } from '#tests/support/two-tiers';

interface Entry {
  readonly id: string;
  readonly [field: string]: unknown;
}
interface List {
  readonly data: readonly Entry[];
  readonly [field: string]: unknown;
}

const TABLES = '[router.aliases]\nQwen-Direct = "heavy-local"\nsmall = "fast-local"\n';
const CUSTOM = { router: '', tables: TABLES, fast: 'max_output_tokens = 4096' };
const withCustomPreset = (toml: string): string =>
  toml.replace('[router.presets]', '[router.presets]\nNightly-Docs = ["fast-local", "heavy-local"]');

const PRESETS = ['planning', 'quick-edit', 'review', 'chat', 'long-context', 'Nightly-Docs'];

test('presets in canonical order, then custom ones, then aliases, then presets as pickers want them', async () => {
  await using two = await startTwoTiers(CUSTOM);
  await two.server.reload(withCustomPreset(two.toml));
  const response = await two.server.get('/v1/models?limit=1000');
  const list = (await response.json()) as List;
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(list.data.map(({ id }) => id)).toEqual([
    ...PRESETS,
    'qwen-direct',
    'small',
    ...PRESETS.map((name) => `claude-anvil-${name}`),
    ...PRESETS.map((name) => `anthropic/${name}`),
  ]);
  expect(list).toMatchObject({
    object: 'list',
    has_more: false,
    first_id: 'planning',
    last_id: 'anthropic/Nightly-Docs',
  });
  expect(list.data[3]).toEqual({
    id: 'chat',
    object: 'model',
    type: 'model',
    name: 'Chat',
    display_name: 'Chat',
    description: expect.any(String),
    owned_by: 'anvil-serving',
    created: 1_700_000_000,
    created_at: '2023-11-14T22:13:20Z',
    context_window: 131_072,
    max_input_tokens: 131_072,
    max_output_tokens: 4096,
    max_tokens: 4096,
  });
  expect(list.data[7]).toMatchObject({ id: 'small', context_window: 32_768, max_output_tokens: 4096 });
  expect(list.data[6]).not.toHaveProperty('max_output_tokens');
});

test('the list is the same to the byte until the configuration changes', async () => {
  await using two = await startTwoTiers(CUSTOM);
  const first = await (await two.server.get('/v1/models')).text();
  expect(await (await two.server.get('/v1/models')).text()).toBe(first);
  await two.server.reload(withCustomPreset(two.toml));
  expect(await (await two.server.get('/v1/models')).text()).not.toBe(first);
});

test('one entry is found as the generation routes find it, and is that of the list', async () => {
  await using two = await startTwoTiers(CUSTOM);
  const { data } = (await (await two.server.get('/v1/models')).json()) as List;
  const chat = data.find(({ id }) => id === 'chat');
  for (const name of ['chat', 'CHAT', 'anvil/chat', 'anvil%2Fchat', 'Anvil/Chat', 'anvil:chat'])
    expect([name, await (await two.server.get(`/v1/models/${name}`)).json()]).toEqual([name, chat]);
});

test('a name that is none is a 404 that says where the names are', async () => {
  await using two = await startTwoTiers(CUSTOM);
  for (const name of ['gpt-9', 'fast-local', 'anvil/', '%00', 'a'.repeat(3000)]) {
    const response = await two.server.get(`/v1/models/${name}`);
    expect([name.slice(0, 20), response.status]).toEqual([name.slice(0, 20), 404]);
    const { message } = errorIn('openai-chat', await response.text());
    expect(message).toContain('/v1/models');
    expect(message.length).toBeLessThan(300);
  }
});

test('every advertised name is declared or pinned when asked for, in any case and spelling', async () => {
  await using two = await startTwoTiers(CUSTOM);
  for (const tier of [two.fast, two.heavy]) tier.always(answerSteps('openai-chat', false, plainAnswer('Hello!')));
  const { data } = (await (await two.server.get('/v1/models')).json()) as List;
  for (const { id } of data)
    for (const model of [id, `anvil/${id}`, id.toUpperCase()]) {
      const response = await two.server.post('/v1/route', { model, messages: [{ role: 'user', content: 'hello' }] });
      const answer = (await response.json()) as { reason?: string; decision?: { reason: string } };
      expect(answer.reason ?? answer.decision?.reason).toMatch(/^(?:preset='|pinned)/);
    }
  const served = await two.server.post(CHAT, chatRequest({ model: 'QWEN-direct', stream: false }));
  expect(served.headers.get('x-anvil-tier')).toBe('heavy-local');
});
