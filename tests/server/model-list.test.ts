/** Do readers of both list shapes, official clients and pickers find what they look for in GET /v1/models? */
import { expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { errorIn } from '#tests/server/said';
import { startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

interface List {
  readonly data: readonly { readonly id: string; readonly context_window: number }[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

const start = () => startTwoTiers({ tables: '[router.aliases]\nqwen = "heavy-local"\nsmall = "fast-local"\n' });
const list = async (two: TwoTiers, query = ''): Promise<List> =>
  (await (await two.server.get(`/v1/models${query}`)).json()) as List;
const idsOf = ({ data }: List): readonly string[] => data.map(({ id }) => id);

test('both official clients list the same names and find each of them', async () => {
  await using two = await start();
  const expected = idsOf(await list(two));
  const openai = new OpenAI({ baseURL: `${two.server.url}/v1`, apiKey: 'key', maxRetries: 0 });
  const anthropic = new Anthropic({ baseURL: two.server.url, apiKey: 'key', maxRetries: 0 });
  const [ofOpenai, ofAnthropic]: [string[], string[]] = [[], []];
  for await (const { id } of openai.models.list()) ofOpenai.push(id);
  // Four at a time: the client turns the pages itself.
  for await (const { id } of anthropic.models.list({ limit: 4 })) ofAnthropic.push(id);
  expect(ofOpenai).toEqual([...expected]);
  expect(ofAnthropic).toEqual([...expected]);
  for (const id of expected) {
    expect((await openai.models.retrieve(id)).id).toBe(id);
    expect(await anthropic.models.retrieve(id)).toMatchObject({
      id,
      type: 'model',
      max_input_tokens: expect.any(Number),
    });
  }
});

test('one entry is found under every spelling that the generation routes take for a listed name', async () => {
  await using two = await start();
  for (const [name, id] of [
    ['anthropic/qwen', 'qwen'],
    ['claude-anvil-QWEN', 'qwen'],
    ['anvil%2Fanthropic%2Fsmall', 'small'],
    ['ANTHROPIC/CHAT', 'anthropic/chat'],
  ] as const) {
    const found = await two.server.get(`/v1/models/${name}`);
    expect([name, found.status, ((await found.json()) as { id: string }).id]).toEqual([name, 200, id]);
  }
  for (const name of ['anthropic/', 'anthropic/anthropic/qwen', 'anthropic/fast-local'])
    expect([name, (await two.server.get(`/v1/models/${name}`)).status]).toEqual([name, 404]);
});

test('a page between two ids is what lies between them, nothing when they are the wrong way round', async () => {
  await using two = await start();
  const all = idsOf(await list(two));
  const between = `after_id=${all[1]}&before_id=${all[4]}`;
  expect(idsOf(await list(two, `?${between}`))).toEqual(all.slice(2, 4));
  expect(await list(two, `?limit=1&${between}`)).toMatchObject({ has_more: true, first_id: all[2] });
  for (const query of [`after_id=${all[4]}&before_id=${all[1]}`, `before_id=${all[0]}`])
    expect(await list(two, `?${query}`)).toMatchObject({ data: [], has_more: false, first_id: null, last_id: null });
});

test('pages follow one another without a gap, forwards and backwards', async () => {
  await using two = await start();
  const all = idsOf(await list(two, '?limit=1000'));
  const forwards: string[] = [];
  for (let query = '?limit=3'; query !== ''; ) {
    const page = await list(two, query);
    forwards.push(...idsOf(page));
    query = page.has_more ? `?limit=3&after_id=${encodeURIComponent(page.last_id ?? '')}` : '';
  }
  expect(forwards).toEqual([...all]);
  const before = await list(two, `?limit=2&before_id=${all[4]}`);
  expect([idsOf(before), before.has_more]).toEqual([all.slice(2, 4), true]);
  expect(await list(two, `?after_id=${encodeURIComponent(all.at(-1) ?? '')}`)).toMatchObject({
    data: [],
    has_more: false,
    first_id: null,
    last_id: null,
  });
});

test('limits are those of the tiers behind the name', async () => {
  await using two = await start();
  const { data } = await list(two);
  const windowOf = (id: string) => data.find((entry) => entry.id === id)?.context_window;
  expect(['chat', 'claude-anvil-chat', 'anthropic/planning', 'small', 'qwen'].map(windowOf)).toEqual([
    131_072, 131_072, 131_072, 32_768, 131_072,
  ]);
});

test('a query that makes no sense is refused with the name of its field', async () => {
  await using two = await start();
  for (const [query, param] of [
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=', 'limit'],
    ['limit=1e2', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=%EF%BC%95', 'limit'],
    [`limit=${'9'.repeat(400)}`, 'limit'],
    ['after_id=CHAT', 'after_id'],
    ['after_id=nobody', 'after_id'],
    ['before_id=', 'before_id'],
  ] as const) {
    const response = await two.server.get(`/v1/models?${query}`);
    expect(response.status).toBe(400);
    expect(errorIn('openai-chat', await response.text()).param).toBe(param);
  }
});
