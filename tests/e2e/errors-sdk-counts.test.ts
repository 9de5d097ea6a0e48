/** How many requests do the official clients make of each way to fail, and what do they hand to their user? */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { SOURCE } from '#tests/e2e/program';
import { startWorld, type World } from '#tests/e2e/world';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { json, type Step } from '#tests/support/fake-tier-steps';
import { rejectionOf } from '#tests/support/rejection';

const KEY = 'secret-of-the-house';

/** `paid` is metered and over its budget from the start; `refuses` is not, and free. */
const CONFIG = {
  heavy: 'cost_input_per_mtok = 1.0',
  tables: `
[server]
auth_env = "TEST_TOKEN"
[router.aliases]
paid = "heavy-local"
[router.budgets]
day_tokens = 1
[router.limits]
concurrency_max = 1
[router.breaker]
availability_failures = 100
[[router.errors]]
outcome = "overloaded"
retry_after_seconds = 1
`,
};

let world: World;
/** Requests made and statuses seen, retries included. */
let seen: number[] = [];
/** Called with each status as it arrives, before the client acts on it. */
let onStatus: (status: number) => void = () => undefined;

const counting = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const response = await fetch(url, init);
  seen.push(response.status);
  onStatus(response.status);
  return response;
};

beforeAll(async () => {
  world = await startWorld({ program: SOURCE, config: CONFIG, env: { TEST_TOKEN: KEY } });
}, 60_000);
afterEach(() => {
  seen = [];
  onStatus = () => undefined;
});
afterAll(() => world[Symbol.asyncDispose]());

interface Asked {
  readonly model: string;
  readonly text: string;
  readonly key?: string;
  readonly temperature?: number;
}

const openai = (key: string): OpenAI =>
  new OpenAI({ baseURL: `${world.serving.url}/v1`, apiKey: key, fetch: counting });
const anthropic = (key: string): Anthropic =>
  new Anthropic({ baseURL: world.serving.url, apiKey: key, fetch: counting });

/** Each asks once and resolves with the answer's text. */
const CLIENTS = {
  'the OpenAI client, Chat': async ({ model, text, key = KEY, ...rest }: Asked) => {
    const messages = [{ role: 'user' as const, content: text }];
    const completion = await openai(key).chat.completions.create({ model, messages, ...rest });
    return completion.choices[0]?.message.content;
  },
  'the OpenAI client, Responses': async ({ model, text, key = KEY, ...rest }: Asked) =>
    (await openai(key).responses.create({ model, input: text, ...rest })).output_text,
  'the Anthropic client': async ({ model, text, key = KEY, ...rest }: Asked) => {
    const messages = [{ role: 'user' as const, content: text }];
    const message = await anthropic(key).messages.create({ model, max_tokens: 100, messages, ...rest });
    return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  },
};

const boom = json(500, { error: { message: 'boom' } });
const refusal = json(400, { error: { message: 'tools[0].name is wrong' } });

/** What is asked, what the tiers do then, and what the client's user reads. */
const OUTCOMES: readonly (readonly [name: string, asked: Partial<Asked>, steps: readonly Step[], words: RegExp])[] = [
  ['every tier failed', {}, boom, /no quality-gated tier is available/],
  ['a tier found fault with the request', {}, refusal, /tools\[0\]\.name is wrong/],
  ['the prompt fits no window', { text: 'word '.repeat(300_000) }, [], /131072/],
  ['the budget is spent', { model: 'paid' }, [], /spending limit/],
  ['the request is wrong', { temperature: 'hot' as unknown as number }, [], /temperature/],
  ['the key is wrong', { key: 'another' }, [], /invalid or missing API key/],
];

for (const [name, ask] of Object.entries(CLIENTS)) {
  describe(`${name} makes one request and tells its user when`, () => {
    test.each(OUTCOMES)('%s', async (_name, asked, steps, words) => {
      if (steps.length > 0) world.fast.reply([...steps]);
      const error = await rejectionOf(ask({ model: 'chat', text: 'hello', ...asked }));
      expect(String(error)).toMatch(words);
      expect(seen).toHaveLength(1);
    });
  });

  test(`${name} waits and is served when the router was only busy`, async () => {
    const dialect = 'openai-chat';
    const gate = `${name} was refused`;
    world.fast.reply([{ waitFor: gate }, ...answerSteps(dialect, false, plainAnswer('First.'))]);
    world.fast.reply(answerSteps(dialect, false, plainAnswer('Second.')));
    const from = world.fast.requests.length;
    const first = openai(KEY).chat.completions.create({ model: 'chat', messages: [{ role: 'user', content: 'one' }] });
    while ((await world.fast.nextRequest()).index < from);
    onStatus = (status) => {
      if (status === 503) world.fast.release(gate);
    };
    expect(await ask({ model: 'chat', text: 'two' })).toBe('Second.');
    expect((await first).choices[0]?.message.content).toBe('First.');
    expect(seen).toEqual([503, 200, 200]);
  }, 15_000);
}

describe('one request is made of', () => {
  test('an endpoint that only Anthropic has', async () => {
    const error = await rejectionOf(anthropic(KEY).messages.batches.list());
    expect(error).toMatchObject({ status: 501, type: 'not_supported' });
    expect(seen).toEqual([501]);
  });

  test('an endpoint that only OpenAI has', async () => {
    const error = await rejectionOf(openai(KEY).embeddings.create({ model: 'chat', input: 'x' }));
    expect(error).toMatchObject({ status: 404, code: 'not_found' });
    expect(seen).toEqual([404]);
  });

  test('a model that is not there', async () => {
    expect(await rejectionOf(openai(KEY).models.retrieve('none'))).toMatchObject({ status: 404 });
    expect(await rejectionOf(anthropic(KEY).models.retrieve('none'))).toMatchObject({ status: 404 });
    expect(seen).toEqual([404, 404]);
  });
});
