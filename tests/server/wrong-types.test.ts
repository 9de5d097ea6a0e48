/** Is every field of the wrong type refused by name, in the words of its own API, before any tier is asked? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { quiet } from '#tests/server/quiet';
import { errorIn, PATH } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, messagesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

let two: TwoTiers;
beforeAll(async () => {
  two = await startTwoTiers();
  two.fast.always(answerSteps('openai-chat', false, plainAnswer('Hello!')));
});
afterAll(async () => {
  expect(two.server.bugs).toEqual([]);
  await two[Symbol.asyncDispose]();
});

type Kind = 'boolean' | 'number' | 'string' | 'array' | 'object';
type Fields = Readonly<Record<string, unknown>>;

const SAMPLES: Readonly<Record<Kind, unknown>> = {
  boolean: true,
  number: 7,
  string: 'false',
  array: [7],
  object: { a: 1 },
};

/** Top-level fields with the kinds that the API's own reference allows. */
const CHAT_FIELDS: Readonly<Record<string, readonly Kind[]>> = {
  model: ['string'],
  messages: ['array'],
  stream: ['boolean'],
  stream_options: ['object'],
  max_tokens: ['number'],
  max_completion_tokens: ['number'],
  temperature: ['number'],
  top_p: ['number'],
  presence_penalty: ['number'],
  frequency_penalty: ['number'],
  n: ['number'],
  stop: ['string', 'array'],
  tools: ['array'],
  tool_choice: ['string', 'object'],
  parallel_tool_calls: ['boolean'],
  response_format: ['object'],
  reasoning_effort: ['string'],
};

const MESSAGES_FIELDS: Readonly<Record<string, readonly Kind[]>> = {
  model: ['string'],
  messages: ['array'],
  system: ['string', 'array'],
  stream: ['boolean'],
  max_tokens: ['number'],
  temperature: ['number'],
  top_p: ['number'],
  top_k: ['number'],
  stop_sequences: ['array'],
  tools: ['array'],
  tool_choice: ['object'],
  thinking: ['object'],
};

const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } };
const user = (content: unknown): Fields => ({ messages: [{ role: 'user', content }] });
const turn = (message: unknown): Fields => ({ messages: [{ role: 'user', content: 'hi' }, message] });

/** Mistakes inside the lists, each with the path that the refusal must name. */
const CHAT_INSIDE: readonly (readonly [string, Fields])[] = [
  ['messages[0]', { messages: ['hi'] }],
  ['messages[0]', { messages: [null] }],
  ['messages[0]', { messages: [[]] }],
  ['messages[0].role', { messages: [{ content: 'hi' }] }],
  ['messages[0].role', { messages: [{ role: 1, content: 'hi' }] }],
  ['messages[0].content', user(5)],
  ['messages[0].content', user({ text: 'hi' })],
  ['messages[0].content[0]', user([5])],
  ['messages[0].content[0].type', user([{ text: 'hi' }])],
  ['messages[0].content[0].text', user([{ type: 'text', text: 5 }])],
  ['messages[0].content[0].text', user([{ type: 'text' }])],
  ['messages[0].content[1].image_url.url', user(['look', { type: 'image_url', image_url: {} }])],
  ['messages[1].tool_call_id', turn({ role: 'tool', content: 'done' })],
  ['messages[1].tool_calls', turn({ role: 'assistant', tool_calls: {} })],
  ['messages[1].tool_calls[0]', turn({ role: 'assistant', tool_calls: ['call'] })],
  ['messages[1].tool_calls[0].function', turn({ role: 'assistant', tool_calls: [{ id: 'a', type: 'function' }] })],
  [
    'messages[1].tool_calls[0].function.name',
    turn({ role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { arguments: '{}' } }] }),
  ],
  [
    'messages[1].tool_calls[0].function.arguments',
    turn({ role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: 5 } }] }),
  ],
  ['messages', { messages: [] }],
  ['tools[0]', { tools: ['read_file'] }],
  ['tools[0].function', { tools: [{ type: 'function' }] }],
  ['tools[0].function.name', { tools: [{ type: 'function', function: {} }] }],
  ['tools[0].function.parameters', { tools: [{ type: 'function', function: { name: 'f', parameters: 'none' } }] }],
  ['stop', { stop: ['END', 5] }],
  ['max_tokens', { max_tokens: 0 }],
  ['max_tokens', { max_tokens: 1.5 }],
  ['max_completion_tokens', { max_completion_tokens: -7 }],
];

const MESSAGES_INSIDE: readonly (readonly [string, Fields])[] = [
  ['messages.0', { messages: ['hi'] }],
  ['messages.0', { messages: [null] }],
  ['messages.0.role', { messages: [{ content: 'hi' }] }],
  ['messages.0.role', { messages: [{ role: {}, content: 'hi' }] }],
  ['messages.0.content', { messages: [{ role: 'user' }] }],
  ['messages.0.content', user(null)],
  ['messages.0.content', user(5)],
  ['messages.0.content.0', user(['hi'])],
  ['messages.0.content.0.type', user([{ text: 'hi' }])],
  ['messages.0.content.0.text', user([{ type: 'text' }])],
  ['messages.0.content.0.text', user([{ type: 'text', text: 5 }])],
  ['messages.0.content.1.source', user([image, { type: 'image' }])],
  ['messages.0.content.0.source', user([{ type: 'document', source: 'file.pdf' }])],
  ['messages.1.content.0.id', turn({ role: 'assistant', content: [{ type: 'tool_use', name: 'f', input: {} }] })],
  ['messages.1.content.0.name', turn({ role: 'assistant', content: [{ type: 'tool_use', id: 'a', input: {} }] })],
  ['messages.1.content.0.tool_use_id', turn({ role: 'user', content: [{ type: 'tool_result', content: 'x' }] })],
  [
    'messages.1.content.0.content',
    turn({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 5 }] }),
  ],
  [
    'messages.1.content.0.is_error',
    turn({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x', is_error: 'yes' }] }),
  ],
  [
    'messages.1.content.0.content.0.type',
    turn({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{}] }] }),
  ],
  ['messages.1.content.0.thinking', turn({ role: 'assistant', content: [{ type: 'thinking', signature: 's' }] })],
  ['messages', { messages: [] }],
  ['system.0', { system: ['be brief'] }],
  ['system.0.text', { system: [{ type: 'text' }] }],
  ['tools.0', { tools: ['read_file'] }],
  ['tools.0.name', { tools: [{ input_schema: {} }] }],
  ['tools.0.input_schema', { tools: [{ name: 'f', input_schema: 'none' }] }],
  ['max_tokens', { max_tokens: null }],
  ['max_tokens', { max_tokens: -1 }],
  ['max_tokens', { max_tokens: 1.5 }],
];

const requestOf = (dialect: DialectName, fields: Fields): Fields =>
  dialect === 'openai-chat'
    ? chatRequest({ stream: false, ...fields })
    : messagesRequest({ stream: false, max_tokens: 100, ...fields });

/** Posts a request that must be refused for `path`. */
const refused = async (dialect: DialectName, path: string, fields: Fields): Promise<void> => {
  const before = two.fast.requests.length + two.heavy.requests.length;
  const response = await two.server.post(PATH[dialect], requestOf(dialect, fields));
  const said = errorIn(dialect, await response.text());
  expect({ fields, status: response.status, type: said.type }).toEqual({
    fields,
    status: 400,
    type: 'invalid_request_error',
  });
  expect(said.message).toContain(path);
  if (dialect === 'openai-chat') expect(said.param).toBe(path);
  expect(two.fast.requests.length + two.heavy.requests.length).toBe(before);
  await quiet(two.server);
};

for (const [dialect, fields, inside] of [
  ['openai-chat', CHAT_FIELDS, CHAT_INSIDE],
  ['anthropic-messages', MESSAGES_FIELDS, MESSAGES_INSIDE],
] as const) {
  describe(dialect, () => {
    for (const [field, kinds] of Object.entries(fields))
      test(`${field} is ${kinds.join(' or ')}, and nothing else`, async () => {
        for (const [kind, sample] of Object.entries(SAMPLES))
          if (!(kinds as readonly string[]).includes(kind)) await refused(dialect, field, { [field]: sample });
      });

    for (const [path, mistake] of inside)
      test(`${path} is named: ${JSON.stringify(mistake).slice(0, 80)}`, () => refused(dialect, path, mistake));

    test('null is the same as absent, and unknown fields are nobody’s business', async () => {
      const optional = Object.keys(fields).filter((field) => field !== 'messages' && field !== 'max_tokens');
      for (const extra of [
        Object.fromEntries(optional.map((field) => [field, null])),
        { context_management: { edits: [] }, unheard_of: [{ deep: true }], client_metadata: 5, store: 'yes' },
      ]) {
        const response = await two.server.post(PATH[dialect], requestOf(dialect, { ...extra, model: 'chat' }));
        expect(response.status).toBe(200);
        await response.text();
      }
    });

    test('a text "false" does not stream and is not taken for a boolean', async () => {
      for (const stream of ['false', 'true', 0, 1, 'yes']) await refused(dialect, 'stream', { stream });
    });
  });
}

test('/v1/route checks the same fields, and its signals', async () => {
  for (const [body, param] of [
    [{ model: 5 }, 'model'],
    [{ messages: 'hi' }, 'messages'],
    [{ messages: [{ content: 'hi' }] }, 'messages[0].role'],
    [{ tools: {} }, 'tools'],
    [{ signals: { work_class: 'gardening' } }, 'signals.work_class'],
    [{ signals: { work_class: 5 } }, 'signals.work_class'],
  ] as const) {
    const response = await two.server.post('/v1/route', body);
    expect([response.status, errorIn('openai-chat', await response.text()).param]).toEqual([400, param]);
  }
});
