/** Do the shipped configurations serve what v0.9 served with them, and refuse what it refused? */
import { describe, expect, test } from 'bun:test';
import { answerOf, type Configured, projectFile, startConfigured } from '#tests/server/configured';
import { CHAT, errorIn, MESSAGES, PATH } from '#tests/server/said';
import { chatSeen, messagesSeen } from '#tests/support/sse';
import { chatRequest, messagesRequest } from '#tests/support/two-tiers';

const v09 = (name: string): Promise<string> => projectFile(`tests/fixtures/configs/${name}`);
const shipped = (name: string): Promise<string> => projectFile(`configs/${name}`);

const TOKEN = 'router-token';
const ENV = { ANVIL_ROUTER_TOKEN: TOKEN, ANTHROPIC_API_KEY: 'cloud-key' };

interface Served {
  readonly status: number;
  readonly tier: string | null;
  readonly text: string;
}

/** Asks in every way there is: both dialects, streamed and whole; all four must come to the same. */
const served = async ({ server }: Configured, model: string, content = 'hello there'): Promise<Served> => {
  const seen: Served[] = [];
  const messages = [{ role: 'user', content }];
  const headers = { 'x-api-key': TOKEN };
  for (const stream of [true, false]) {
    const chat = await server.post(CHAT, chatRequest({ model, stream, messages }), { headers });
    const chatBody = await chat.text();
    const anthropic = await server.post(MESSAGES, messagesRequest({ model, stream, messages }), { headers });
    const anthropicBody = await anthropic.text();
    const texts = chat.ok
      ? stream
        ? [chatSeen(chatBody).text, messagesSeen(anthropicBody).text]
        : [JSON.parse(chatBody).choices[0].message.content, JSON.parse(anthropicBody).content[0].text]
      : [errorIn('openai-chat', chatBody).message, errorIn('anthropic-messages', anthropicBody).message];
    for (const [at, response] of [chat, anthropic].entries())
      seen.push({ status: response.status, tier: response.headers.get('x-anvil-tier'), text: texts[at] ?? '' });
  }
  for (const one of seen) expect(one).toEqual(seen[0] as Served);
  return seen[0] as Served;
};

const byTier = (id: string): Served => ({ status: 200, tier: id, text: answerOf(id) });
const REFUSED: Served = { status: 503, tier: null, text: 'no quality-gated tier is available for this request' };

const PRESETS = ['chat', 'quick-edit', 'review', 'long-context', 'planning'] as const;

/** The tier that each preset is served by, `undefined` where v0.9 refused, all with the seed profile. */
const EXPECTED: Readonly<Record<string, Readonly<Record<(typeof PRESETS)[number], string | undefined>>>> = {
  'v09-example.toml': {
    chat: 'fast-local',
    'quick-edit': 'fast-local',
    review: 'heavy-local',
    'long-context': 'heavy-local',
    planning: undefined,
  },
  'v09-example-with-cloud.toml': {
    chat: 'fast-local',
    'quick-edit': 'fast-local',
    review: 'heavy-local',
    'long-context': 'heavy-local',
    planning: 'cloud',
  },
  'v09-example-docker.toml': {
    chat: 'fast-local',
    'quick-edit': 'fast-local',
    review: 'heavy-local',
    'long-context': 'heavy-local',
    planning: undefined,
  },
  'v09-example-flexibility.toml': {
    chat: 'specialist-vllm',
    'quick-edit': 'specialist-vllm',
    review: 'specialist-vllm',
    'long-context': 'specialist-vllm',
    planning: undefined,
  },
  'fakoli-dark-agentic.toml': {
    chat: 'heavy-local',
    'quick-edit': 'heavy-local',
    review: 'heavy-local',
    'long-context': 'heavy-local',
    planning: undefined,
  },
  'fakoli-dark-flexibility.toml': {
    chat: 'flex-gptoss-120b',
    'quick-edit': 'flex-gptoss-120b',
    review: 'flex-gptoss-120b',
    'long-context': 'flex-gptoss-120b',
    planning: undefined,
  },
};

for (const [name, presets] of Object.entries(EXPECTED)) {
  describe(name, () => {
    for (const [preset, tier] of Object.entries(presets))
      test(`${preset} is ${tier === undefined ? 'refused, and no tier is asked' : `served by ${tier}`}`, async () => {
        await using configured = await startConfigured(await v09(name), { env: ENV });
        expect(await served(configured, preset)).toEqual(tier === undefined ? REFUSED : byTier(tier));
        expect(configured.asked()).toEqual(tier === undefined ? [] : [tier]);
        expect(configured.server.bugs).toEqual([]);
      });
  });
}

describe('the configurations that ship now', () => {
  test('example.toml serves planning unproven: whole answer judged, said in the receipt', async () => {
    await using configured = await startConfigured(await shipped('example.toml'));
    expect(await served(configured, 'planning')).toEqual(byTier('heavy-local'));
    const response = await configured.server.post(CHAT, chatRequest({ model: 'planning', stream: false }));
    expect(response.headers.get('x-anvil-unproven')).toBe('true');
    const record = await configured.server.record(response.headers.get('x-anvil-decision') ?? '');
    expect(record).toMatchObject({ unproven: true, attempts: [{ hold: 'all', verdict: 'deny' }] });
    expect(record.attempts[0]?.verifiers.length).toBeGreaterThan(3);
  });

  test('example.toml serves the proven presets without saying so', async () => {
    await using configured = await startConfigured(await shipped('example.toml'));
    const response = await configured.server.post(CHAT, chatRequest({ stream: false }));
    expect(response.headers.get('x-anvil-unproven')).toBeNull();
    expect(response.headers.get('x-anvil-tier')).toBe('fast-local');
  });

  test('example-with-cloud.toml sends planning to the cloud with a key, and asks nobody without one', async () => {
    const toml = await shipped('example-with-cloud.toml');
    await using withKey = await startConfigured(toml, { env: ENV });
    expect(await served(withKey, 'planning')).toEqual(byTier('cloud'));
    expect(withKey.tier('cloud').requests[0]?.headers['x-api-key']).toBe('cloud-key');
    await using keyless = await startConfigured(toml);
    expect(await served(keyless, 'planning')).toEqual(REFUSED);
    expect(keyless.asked()).toEqual([]);
  });

  test('cloud answers are relayed unheld and unchecked, as v0.9’s raw path did', async () => {
    await using configured = await startConfigured(await v09('v09-example-with-cloud.toml'), { env: ENV });
    const response = await configured.server.post(MESSAGES, messagesRequest({ model: 'planning', stream: false }));
    const record = await configured.server.record(response.headers.get('x-anvil-decision') ?? '');
    expect(record.attempts).toMatchObject([{ tier: 'cloud', hold: 'none', verifiers: [], outcome: 'served' }]);
    expect(record.costUsd).toBeGreaterThan(0);
  });

  test('a status of one’s own for exhaustion is used in both dialects, on every way to it', async () => {
    await using configured = await startConfigured(await v09('single-tier-local-424.toml'));
    configured.tier('fast-local').always([{ reset: true }]);
    for (const dialect of ['openai-chat', 'anthropic-messages'] as const)
      for (const stream of [true, false]) {
        const request = dialect === 'openai-chat' ? chatRequest({ stream }) : messagesRequest({ stream });
        const response = await configured.server.post(PATH[dialect], request);
        expect(response.status).toBe(424);
        expect(errorIn(dialect, await response.text()).message).toBe(REFUSED.text);
      }
  });
});
