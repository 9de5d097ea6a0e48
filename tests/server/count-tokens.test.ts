/** Does POST /v1/messages/count_tokens count fast, in parallel, for the right tier, and without anything generated? */
import { describe, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import { errorIn, MESSAGES } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { json } from '#tests/support/fake-tier-steps';
import { messagesRequest, startTwoTiers, type TwoTiers, type TwoTiersOptions } from '#tests/support/two-tiers';

const COUNT = `${MESSAGES}/count_tokens`;
const WORDS = 'some words of a prompt that is long enough to teach the router something '.repeat(40);

const prompt = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  model: 'chat',
  messages: [{ role: 'user', content: WORDS }],
  ...fields,
});

const countOf = async (two: TwoTiers, body: unknown, path = COUNT): Promise<number> => {
  const response = await two.server.post(path, body);
  expect(response.status).toBe(200);
  const document = (await response.json()) as { input_tokens: number };
  expect(Object.keys(document)).toEqual(['input_tokens']);
  return document.input_tokens;
};

const decisionsIn = async (two: TwoTiers): Promise<number> =>
  ((await (await two.server.get('/v1/decisions')).json()) as { data: unknown[] }).data.length;

const generations = (two: TwoTiers): number =>
  [...two.fast.requests, ...two.heavy.requests].filter(({ path }) => path.includes('/chat/completions')).length;

/** Tiers that know no way to count answer 501 to whatever they are asked. */
const start = (options: TwoTiersOptions = {}) => startTwoTiers(options);

describe('an estimate', () => {
  test('is a quarter of the characters at first, and needs neither max_tokens nor a decision record', async () => {
    await using two = await start();
    const count = await countOf(two, prompt(), `${COUNT}?beta=true`);
    expect(count).toBeWithin(WORDS.length / 6, WORDS.length / 2.5);
    expect(generations(two)).toBe(0);
    expect(await decisionsIn(two)).toBe(0);
    const metrics = await (await two.server.get('/metrics')).text();
    expect(metrics).toContain('anvil_token_counts_total{by="estimate"} 1');
    expect(metrics).toContain('anvil_token_counts_total{by="engine"} 0');
  });

  test('grows with system text and tools', async () => {
    await using two = await start();
    const bare = await countOf(two, prompt());
    const tools = [{ name: 'read', description: WORDS, input_schema: { type: 'object' } }];
    expect(await countOf(two, prompt({ system: WORDS }))).toBeGreaterThan(bare * 1.8);
    expect(await countOf(two, prompt({ tools }))).toBeGreaterThan(bare * 1.8);
  });

  test('is learned from what the tier that would serve it reported', async () => {
    await using two = await start();
    const before = await countOf(two, prompt());
    const answer = { ...plainAnswer('Hello!'), usage: { input: before * 2, output: 3 } };
    two.fast.always(answerSteps('openai-chat', true, answer), ({ path }) => path.endsWith('/chat/completions'));
    const served = await two.server.post(MESSAGES, messagesRequest({ messages: prompt().messages }));
    await served.text();
    await two.server.record(served.headers.get('x-anvil-decision') ?? '');
    expect(await countOf(two, prompt())).toBeWithin(before * 1.9, before * 2.1);
    expect(await countOf(two, prompt({ model: 'planning' }))).toBe(before);
  });

  test('is there for a prompt that no tier could take', async () => {
    await using two = await start();
    const messages = [{ role: 'user', content: 'word '.repeat(400_000) }];
    expect(await countOf(two, { model: 'chat', messages })).toBeGreaterThan(131_072);
  });

  test('twenty-four at once are answered alike, and no tier generates anything', async () => {
    await using two = await start();
    const counts = await Promise.all(Array.from({ length: 24 }, () => countOf(two, prompt(), `${COUNT}?beta=true`)));
    expect(new Set(counts).size).toBe(1);
    expect(generations(two)).toBe(0);
    expect(two.server.bugs).toEqual([]);
  });
});

test('the official client counts', async () => {
  await using two = await start();
  const client = new Anthropic({ baseURL: two.server.url, apiKey: 'key', maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: WORDS }];
  const { input_tokens } = await client.messages.countTokens({ model: 'claude-anvil-chat', messages });
  expect(input_tokens).toBe(await countOf(two, prompt()));
});

describe('the tier’s own count', () => {
  const asked = (two: TwoTiers): readonly string[] => two.fast.requests.map(({ path }) => path);

  test('is taken from an engine that counts messages and tools', async () => {
    await using two = await start();
    two.fast.always(json(200, { count: 1234, max_model_len: 32_768, tokens: [] }));
    const tools = [{ name: 'read', description: 'Reads.', input_schema: { type: 'object' } }];
    expect(await countOf(two, prompt({ system: 'Be brief.', tools }))).toBe(1234);
    expect(asked(two)).toEqual(['/tokenize']);
    expect(two.fast.requests[0]?.json).toMatchObject({
      model: 'fast',
      messages: [{ role: 'system' }, { role: 'user' }],
      tools: [{ type: 'function', function: { name: 'read' } }],
    });
    expect(generations(two)).toBe(0);
  });

  test('is taken from an engine that makes one text of the messages first', async () => {
    await using two = await start();
    two.fast.always(json(200, { tokens: [] }), ({ path }) => path === '/tokenize');
    two.fast.always(json(200, { tokens: [1, 2, 3, 4, 5] }), ({ json: body }) => Object(body).content === 'templated');
    two.fast.always(json(200, { prompt: 'templated' }), ({ path }) => path === '/apply-template');
    expect([await countOf(two, prompt()), await countOf(two, prompt())]).toEqual([5, 5]);
    // The way that worked is remembered.
    expect(asked(two)).toEqual(['/tokenize', '/apply-template', '/tokenize', '/apply-template', '/tokenize']);
  });

  test('teaches the estimate', async () => {
    await using two = await start();
    const estimate = await countOf(two, prompt({ model: 'planning' }));
    two.fast.reply(json(200, { count: estimate * 2, tokens: [] }));
    expect(await countOf(two, prompt())).toBe(estimate * 2);
    expect(await countOf(two, prompt())).toBeWithin(estimate * 1.9, estimate * 2.1);
  });

  test('is asked for four prompts at a time; the others get the estimate at once', async () => {
    await using two = await start();
    const estimate = await countOf(two, prompt({ model: 'planning' }));
    two.fast.always([{ waitFor: 'counted' }, ...json(200, { count: 77, tokens: [] })]);
    const counts = Array.from({ length: 24 }, () => countOf(two, prompt()));
    for (let asked = 0; asked < 4; asked++) await two.fast.nextRequest();
    two.fast.release('counted');
    const said = await Promise.all(counts);
    expect(two.fast.requests.length).toBe(4);
    expect(said.filter((count) => count === estimate).length).toBe(20);
  });

  test('is not asked for images, which the engine would have to load', async () => {
    await using two = await start();
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
    await countOf(two, prompt({ messages: [{ role: 'user', content: [image, { type: 'text', text: WORDS }] }] }));
    expect(asked(two)).toEqual([]);
  });

  test('is not asked a second time of an engine that cannot tell, and never of a swapped one', async () => {
    await using two = await start({ heavy: 'swap_group = "gpu0"' });
    await countOf(two, prompt());
    const first = asked(two).length;
    await countOf(two, prompt());
    expect([first, asked(two).length]).toEqual([2, 2]);
    await countOf(two, prompt({ model: 'planning' }));
    expect(two.heavy.requests).toEqual([]);
  });

  test('is given up at once when the engine does not answer', async () => {
    await using two = await start();
    two.fast.always([{ hang: true }]);
    const estimate = await countOf(two, prompt({ model: 'planning' }));
    expect(await countOf(two, prompt())).toBe(estimate);
    expect(await countOf(two, prompt())).toBe(estimate);
    expect(asked(two)).toEqual(['/tokenize']);
  });
});

describe('a refusal', () => {
  test('is in the dialect’s words and names the field', async () => {
    await using two = await start();
    for (const [body, word] of [
      [{ model: 'chat' }, 'messages'],
      [prompt({ messages: 'hello' }), 'messages'],
      [prompt({ tools: [{}] }), 'tools.0.name'],
      ['{', 'JSON'],
    ] as const) {
      const response = await two.server.post(COUNT, body);
      expect(response.status).toBe(400);
      expect(errorIn('anthropic-messages', await response.text()).message).toContain(word);
    }
  });

  test('meets a caller without a token, and any other method', async () => {
    await using two = await startTwoTiers({
      tables: '[server]\nauth_env = "TEST_TOKEN"\n',
      env: { TEST_TOKEN: 'secret-1' },
    });
    expect((await two.server.post(COUNT, prompt())).status).toBe(401);
    const headers = { 'x-api-key': 'secret-1' };
    expect((await two.server.post(COUNT, prompt(), { headers })).status).toBe(200);
    const got = await two.server.get(COUNT, headers);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('meets an unknown name where the configuration refuses them', async () => {
    await using two = await start({ router: 'unknown_model = "refuse"' });
    expect((await two.server.post(COUNT, prompt({ model: 'gpt-9' }))).status).toBe(404);
    expect(await countOf(two, prompt({ model: 'anthropic/chat' }))).toBeGreaterThan(0);
  });
});
