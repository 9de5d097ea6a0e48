/** Which bodies are refused, which field is blamed, and in whose words? Everything unknown passes. */
import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '#core/message';
import { dialects } from '#dialects/dialect';

type Case = readonly [name: string, body: JsonObject, param: string, message: RegExp];

const user = { role: 'user', content: 'hi' };
const chat = (fields: JsonObject): JsonObject => ({ model: 'chat', messages: [user], ...fields });
const messages = (fields: JsonObject): JsonObject => ({ model: 'chat', max_tokens: 10, messages: [user], ...fields });
const said = (content: unknown): JsonObject => ({ messages: [{ role: 'user', content }] });

const CHAT: readonly Case[] = [
  ['a numeric model', chat({ model: 7 }), 'model', /expected a string, but got a number/],
  ['no messages', { model: 'chat' }, 'messages', /Missing required parameter: 'messages'/],
  ['messages of another kind', chat({ messages: 'hi' }), 'messages', /expected an array, but got a string/],
  ['empty messages', chat({ messages: [] }), 'messages', /empty array/],
  ['a message that is text', chat({ messages: ['hi'] }), 'messages[0]', /expected an object/],
  ['no role', chat({ messages: [{ content: 'x' }] }), 'messages[0].role', /Missing/],
  ['a numeric role', chat({ messages: [{ role: 1 }] }), 'messages[0].role', /a string/],
  [
    'numeric content',
    chat({ messages: [user, { role: 'user', content: 5 }] }),
    'messages[1].content',
    /string or an array/,
  ],
  ['a part without type', chat(said([{ text: 'x' }])), 'messages[0].content[0].type', /Missing/],
  ['a text part without text', chat(said([{ type: 'text' }])), 'messages[0].content[0].text', /expected a string/],
  [
    'an image without URL',
    chat(said([{ type: 'image_url', image_url: {} }])),
    'messages[0].content[0].image_url.url',
    /Missing/,
  ],
  [
    'a tool result without id',
    chat({ messages: [{ role: 'tool', content: 'x' }] }),
    'messages[0].tool_call_id',
    /Missing/,
  ],
  [
    'tool calls of another kind',
    chat({ messages: [{ role: 'assistant', tool_calls: {} }] }),
    'messages[0].tool_calls',
    /an array/,
  ],
  [
    'a call without name',
    chat({ messages: [{ role: 'assistant', tool_calls: [{ function: {} }] }] }),
    'messages[0].tool_calls[0].function.name',
    /Missing/,
  ],
  ['the text "false" for stream', chat({ stream: 'false' }), 'stream', /expected a boolean, but got a string/],
  ['a textual cap', chat({ max_tokens: 'abc' }), 'max_tokens', /expected a number/],
  ['a cap of 0', chat({ max_tokens: 0 }), 'max_tokens', /at least 1/],
  ['a broken cap', chat({ max_completion_tokens: 1.5 }), 'max_completion_tokens', /integer/],
  ['a textual temperature', chat({ temperature: '1' }), 'temperature', /expected a number/],
  [
    'a temperature beyond any double',
    chat({ temperature: Number.POSITIVE_INFINITY }),
    'temperature',
    /a number too large to hold/,
  ],
  ['numeric stops', chat({ stop: [1] }), 'stop', /array of strings/],
  ['tools of another kind', chat({ tools: {} }), 'tools', /expected an array/],
  ['a tool without function', chat({ tools: [{ type: 'function' }] }), 'tools[0].function', /Missing/],
  ['a tool without name', chat({ tools: [{ type: 'function', function: {} }] }), 'tools[0].function.name', /Missing/],
  ['a list as response format', chat({ response_format: [] }), 'response_format', /expected an object/],
];

const MESSAGES: readonly Case[] = [
  ['no cap', { model: 'chat', messages: [user] }, 'max_tokens', /^max_tokens: field required$/],
  ['a null cap', messages({ max_tokens: null }), 'max_tokens', /^max_tokens: field required$/],
  ['a textual cap', messages({ max_tokens: 'abc' }), 'max_tokens', /valid number/],
  ['a broken cap', messages({ max_tokens: 1.5 }), 'max_tokens', /valid integer/],
  ['a negative cap', messages({ max_tokens: -1 }), 'max_tokens', /greater than or equal to 0/],
  ['a numeric model', messages({ model: 7 }), 'model', /^model: Input should be a valid string$/],
  ['no messages', { model: 'chat', max_tokens: 1 }, 'messages', /^messages: field required$/],
  ['empty messages', messages({ messages: [] }), 'messages', /at least one message is required/],
  ['no role', messages({ messages: [{ content: 'x' }] }), 'messages.0.role', /field required/],
  ['no content', messages({ messages: [user, { role: 'user' }] }), 'messages.1.content', /field required/],
  ['numeric content', messages(said(5)), 'messages.0.content', /valid string or a valid list/],
  ['a block without type', messages(said([{ text: 'x' }])), 'messages.0.content.0.type', /field required/],
  ['a text block without text', messages(said([{ type: 'text' }])), 'messages.0.content.0.text', /field required/],
  [
    'a tool use without id',
    messages(said([{ type: 'tool_use', name: 'x' }])),
    'messages.0.content.0.id',
    /field required/,
  ],
  [
    'a result without id',
    messages(said([{ type: 'tool_result' }])),
    'messages.0.content.0.tool_use_id',
    /field required/,
  ],
  [
    'a result with numeric content',
    messages(said([{ type: 'tool_result', tool_use_id: 'a', content: 1 }])),
    'messages.0.content.0.content',
    /valid string/,
  ],
  [
    'an error flag that is text',
    messages(said([{ type: 'tool_result', tool_use_id: 'a', is_error: 'no' }])),
    'messages.0.content.0.is_error',
    /valid boolean/,
  ],
  ['an image without source', messages(said([{ type: 'image' }])), 'messages.0.content.0.source', /field required/],
  ['a numeric system', messages({ system: 5 }), 'system', /valid string or a valid list/],
  ['a system block without text', messages({ system: [{ type: 'text' }] }), 'system.0.text', /field required/],
  ['the text "false" for stream', messages({ stream: 'false' }), 'stream', /valid boolean/],
  ['a tool without name', messages({ tools: [{ input_schema: {} }] }), 'tools.0.name', /field required/],
  ['a textual tool choice', messages({ tool_choice: 'auto' }), 'tool_choice', /valid object/],
];

const FINE: Readonly<Record<keyof typeof dialects, readonly JsonObject[]>> = {
  'openai-chat': [
    chat({}),
    chat({ max_tokens: -1 }),
    chat({ stream: null, tools: null, stop: null, max_tokens: null, temperature: null }),
    chat({ unknown: { deeply: ['nested'] }, service_tier: 'flex', thinking: true }),
    chat({
      messages: [
        { role: 'assistant', content: null },
        { role: 'ipython', content: 'x' },
      ],
    }),
    chat({ messages: [{ role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'x' }, 'bare'] }] }),
    chat({ tools: [{ type: 'custom', custom: { name: 'x' } }, { type: 'web_search' }] }),
    { messages: [user] },
  ],
  'anthropic-messages': [
    messages({}),
    messages({ max_tokens: 0 }),
    messages({ stream: null, tools: null, system: null }),
    messages({ unknown: 1, context_management: { edits: [] }, betas: ['x'] }),
    messages(said([{ type: 'next_years_block', payload: 1 }])),
    messages({ tools: [{ type: 'web_search_20250305', name: 'web_search' }, { type: 'mcp_toolset' }] }),
    { max_tokens: 5, messages: [user] },
  ],
  'openai-responses': [{ model: 'chat', input: [user] }],
};

for (const [name, cases] of [
  ['openai-chat', CHAT],
  ['anthropic-messages', MESSAGES],
] as const) {
  describe(name, () => {
    const dialect = dialects[name];
    for (const [what, body, param, message] of cases) {
      test(`refuses ${what} and blames ${param}`, () => {
        const refusal = dialect.readRequest(body, JSON.stringify(body));
        if (!('kind' in refusal)) throw new Error('accepted');
        expect(refusal).toMatchObject({ kind: 'bad-request', status: 400, param });
        expect(refusal.message).toMatch(message);
      });
    }
    for (const body of FINE[name]) {
      test(`accepts ${JSON.stringify(body).slice(0, 100)}`, () => {
        expect(dialect.readRequest(body, JSON.stringify(body))).toMatchObject({ dialect: name });
      });
    }
  });
}

test('a request without a model leaves the choice open instead of naming one', () => {
  for (const dialect of Object.values(dialects)) {
    const body = { max_tokens: 5, messages: [user], input: [user] };
    expect(dialect.readRequest(body, JSON.stringify(body))).toMatchObject({ model: '' });
  }
});
