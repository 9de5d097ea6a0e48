/** What simulated callers ask for: a body in either dialect, with the number of the request in the user's words. */
import type { DialectName } from '#core/message';
import type { Random } from '#tests/support/random';

export interface SimulatedRequest {
  /** From 1; in the body, so that calls of tiers can be told apart by whom they are for. */
  readonly number: number;
  readonly dialect: DialectName;
  readonly path: string;
  readonly stream: boolean;
  readonly offersTools: boolean;
  readonly model: string;
  readonly session: string | undefined;
  /** The body as sent; not JSON, or not a request, when `sound` is false. */
  readonly body: string;
  readonly sound: boolean;
}

const MODELS = [
  ...['chat', 'quick-edit', 'review', 'planning', 'long-context', 'house-style', 'anvil/planning', 'anvil:Chat'],
  ...['the-fast-one', 'the-cloud', 'the-small-one', 'heavy-local', 'cloud', 'small-local', 'gpt-5', 'claude-x', ''],
] as const;

const WORDS = [
  'hello there',
  'fix the typo in this line',
  'plan the architecture of the new service',
  'review this diff and find bugs',
  'refactor the module across all files',
  'why does the loop never end?',
] as const;

const LONG_WORDS = 'the quick brown fox jumps over the lazy dog and runs away '.repeat(600);

const SCHEMA = {
  type: 'object',
  properties: { path: { type: 'string' }, lines: { type: 'array', items: { type: 'integer' } } },
};
const TOOLS = ['read_file', 'list_files'] as const;

const CHAT_TOOLS = TOOLS.map((name) => ({ type: 'function', function: { name, parameters: SCHEMA } }));
const MESSAGES_TOOLS = TOOLS.map((name) => ({ name, input_schema: SCHEMA }));

/** The number of the request that a tier's call is for; 0 when the body names none. */
export const requestIn = (body: string): number => Number(/#r(\d+)#/.exec(body)?.[1] ?? 0);

const chatBody = (random: Random, request: Omit<SimulatedRequest, 'body' | 'sound'>, words: string): object => ({
  ...(request.model === '' ? {} : { model: request.model }),
  stream: request.stream,
  messages: [
    ...(random.chance(0.3) ? [{ role: 'system', content: 'Answer briefly.' }] : []),
    { role: 'user', content: words },
  ],
  ...(request.offersTools ? { tools: CHAT_TOOLS } : {}),
  ...(request.stream && random.chance(0.5) ? { stream_options: { include_usage: true } } : {}),
  ...(random.chance(0.5) ? { max_tokens: random.integer(200, 8_000) } : {}),
});

const messagesBody = (random: Random, request: Omit<SimulatedRequest, 'body' | 'sound'>, words: string): object => ({
  model: request.model,
  stream: request.stream,
  max_tokens: random.integer(200, 8_000),
  ...(random.chance(0.3) ? { system: 'Answer briefly.' } : {}),
  messages: [{ role: 'user', content: random.chance(0.5) ? words : [{ type: 'text', text: words }] }],
  ...(request.offersTools ? { tools: MESSAGES_TOOLS } : {}),
});

const UNSOUND = [
  '{"model": "chat"',
  '[]',
  '{"model": "chat", "messages": "no list"}',
  '{"messages": 7, "stream": true}',
];

export const planRequest = (random: Random, number: number): SimulatedRequest => {
  const dialect: DialectName = random.pick(['openai-chat', 'anthropic-messages']);
  const draft = {
    number,
    dialect,
    path: dialect === 'openai-chat' ? '/v1/chat/completions' : '/v1/messages',
    stream: random.chance(0.7),
    offersTools: random.chance(0.5),
    // A Messages request must name a model.
    model: random.pick(dialect === 'openai-chat' ? MODELS : MODELS.filter((model) => model !== '')),
    session: random.chance(0.8) ? `session-${random.integer(1, 6)}` : undefined,
  };
  if (random.chance(0.02)) return { ...draft, body: random.pick(UNSOUND), sound: false };
  const words = `${random.pick(WORDS)} #r${number}# ${random.chance(0.04) ? LONG_WORDS : ''}`;
  const body = (dialect === 'openai-chat' ? chatBody : messagesBody)(random, draft, words);
  return { ...draft, body: JSON.stringify(body), sound: true };
};
