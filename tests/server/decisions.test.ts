/** Can an operator look up what happened to a request, page through the past, and find no content in it? */
import { expect, test } from 'bun:test';
import type { DecisionRecord } from '#core/decision';
import { CHAT, errorIn, MESSAGES } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { json } from '#tests/support/fake-tier-steps';
import { chatRequest, messagesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

interface Page {
  readonly object: string;
  readonly data: readonly DecisionRecord[];
  readonly next: string | null;
}

const PROMPT = 'the prompt-text that must stay private';
const REPLY = 'the reply-text that must stay private';

const start = async (): Promise<TwoTiers> => {
  const two = await startTwoTiers({ tables: '[router.aliases]\ndirect = "heavy-local"\n' });
  two.fast.always(answerSteps('openai-chat', false, plainAnswer(REPLY)));
  two.heavy.always(json(429, { error: { message: 'slow down' } }, { 'retry-after': '7' }));
  return two;
};

/** One request of each kind; returns the decision ids in order. */
const traffic = async (two: TwoTiers): Promise<readonly string[]> => {
  const says = { stream: false, messages: [{ role: 'user', content: PROMPT }] };
  const ids: string[] = [];
  for (const [path, body] of [
    [CHAT, chatRequest(says)],
    [MESSAGES, messagesRequest(says)],
    [CHAT, chatRequest({ ...says, model: 'direct' })],
    [CHAT, chatRequest({ ...says, model: 'planning' })],
    [CHAT, `{"model":"chat","messages":"${PROMPT}"`],
  ] as const) {
    const response = await two.server.post(path, body);
    await response.text();
    const id = response.headers.get('x-anvil-decision') ?? '';
    await two.server.record(id);
    ids.push(id);
  }
  return ids;
};

const list = async (two: TwoTiers, query = ''): Promise<Page> =>
  (await (await two.server.get(`/v1/decisions${query}`)).json()) as Page;

test('every request has one record: served, refused by its tier, refused by the gate, unreadable', async () => {
  await using two = await start();
  const ids = await traffic(two);
  const page = await list(two);
  expect(page.data.map(({ id }) => id)).toEqual([...ids].reverse());
  expect(page.data.map(({ outcome, status, failure }) => [outcome, status, failure])).toEqual([
    ['refused', 400, 'bad-json'],
    ['refused', 503, 'denied'],
    ['exhausted', 503, 'pin-unavailable'],
    ['finished', 200, undefined],
    ['finished', 200, undefined],
  ]);
  expect(page.next).toBeNull();
});

test('one record is what the list holds, under the id of the receipt', async () => {
  await using two = await start();
  const [id = ''] = await traffic(two);
  const response = await two.server.get(`/v1/decisions/${id}`);
  const record = (await response.json()) as DecisionRecord;
  expect(record).toEqual((await list(two)).data.at(-1) as DecisionRecord);
  expect(record).toMatchObject({
    id,
    route: CHAT,
    dialect: 'openai-chat',
    modelAsked: 'chat',
    stream: false,
    intent: { source: 'declared', preset: 'chat', workClass: 'chat' },
    servedTier: 'fast-local',
    usage: { input: 25 },
    attempts: [{ tier: 'fast-local', outcome: 'served' }],
  });
});

test('no record holds a word of prompt, answer or address', async () => {
  await using two = await start();
  await traffic(two);
  const text = await (await two.server.get('/v1/decisions')).text();
  for (const secret of [PROMPT, 'prompt-text', REPLY, 'reply-text', two.fast.url, two.heavy.url])
    expect(text).not.toContain(secret);
});

test('pages follow each other without gap or repeat', async () => {
  await using two = await start();
  const ids = await traffic(two);
  const seen: string[] = [];
  let query = '?limit=2';
  for (let page = await list(two, query); ; page = await list(two, query)) {
    seen.push(...page.data.map(({ id }) => id));
    if (page.next === null) break;
    expect(page.data.length).toBe(2);
    query = `?limit=2&before=${encodeURIComponent(page.next)}`;
  }
  expect(seen).toEqual([...ids].reverse());
});

test('filters by tier, class, outcome and session', async () => {
  await using two = await start();
  await traffic(two);
  const count = async (query: string): Promise<number> => (await list(two, query)).data.length;
  expect(await count('?tier=fast-local')).toBe(2);
  expect(await count('?outcome=refused')).toBe(2);
  expect(await count('?work_class=chat')).toBeGreaterThanOrEqual(2);
  expect(await count('?outcome=finished&tier=heavy-local')).toBe(0);
  const [first] = (await list(two, '?outcome=finished')).data;
  expect(await count(`?session=${first?.session}`)).toBeGreaterThanOrEqual(1);
  expect(await count('?session=ses_none')).toBe(0);
});

test('a bad query is a 400 that names the parameter', async () => {
  await using two = await start();
  for (const limit of ['0', '-1', '501', 'all', '1.5', '', 'NaN', '1e9']) {
    const response = await two.server.get(`/v1/decisions?limit=${limit}`);
    expect([limit, response.status, errorIn('openai-chat', await response.text()).param]).toEqual([
      limit,
      400,
      'limit',
    ]);
  }
  const response = await two.server.get('/v1/decisions?before=nonsense');
  expect([response.status, errorIn('openai-chat', await response.text()).param]).toEqual([400, 'before']);
});

test('an id that nobody has is a 404', async () => {
  await using two = await start();
  for (const id of ['dec_000000000000000000000000', 'x', '%27%20OR%201=1', '..%2F..%2Fetc'])
    expect([id, (await two.server.get(`/v1/decisions/${id}`)).status]).toEqual([id, 404]);
});
