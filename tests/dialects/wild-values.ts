/** What might arrive from a server or a caller in the worst case? Values close to the real thing, with junk in every corner. */
import fc from 'fast-check';

export const any = fc.jsonValue({ maxDepth: 2 });

/** An object with some of the members that matter, each of them sane or not. */
export const near = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 4, arbitrary: fc.record(members, { requiredKeys: [] }) }, { weight: 1, arbitrary: any });
export const word = (...words: string[]): fc.Arbitrary<unknown> => fc.oneof(fc.constantFrom(...words), any);
export const some = (entry: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(fc.array(entry, { maxLength: 3 }), any);
const number = fc.oneof(fc.integer({ min: -1, max: 3 }), any);

const called = near({ name: word('A', ''), arguments: word('{"x":', '1}', '') });
const toolCall = near({ index: number, id: word('a', 'b', ''), type: word('function'), function: called });
const chatDelta = near({
  role: word('assistant'),
  content: word('hi', ''),
  reasoning_content: word('hm'),
  reasoning: word('hm'),
  refusal: word('no'),
  tool_calls: some(toolCall),
  function_call: called,
});
export const chatChunk = near({
  id: any,
  model: any,
  choices: some(
    near({
      index: number,
      delta: chatDelta,
      message: chatDelta,
      finish_reason: word('stop', 'error'),
      stop_reason: any,
    }),
  ),
  usage: near({ prompt_tokens: number, completion_tokens: number, prompt_tokens_details: any }),
  error: fc.option(any, { freq: 8 }),
});

export const block = near({
  type: word(
    'text',
    'thinking',
    'redacted_thinking',
    'tool_use',
    'server_tool_use',
    'tool_result',
    'image',
    'document',
  ),
  text: word('hi'),
  thinking: word('hm'),
  signature: word('EqQB'),
  data: word('x'),
  id: word('t'),
  name: word('A'),
  input: any,
  tool_use_id: word('t'),
  content: any,
  source: near({
    type: word('base64', 'url', 'text', 'content', 'file'),
    data: word('x'),
    media_type: word('a/b'),
    url: word('u'),
    content: any,
  }),
  is_error: any,
  cache_control: any,
});
const messagesEvent = near({
  type: word(
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
    'error',
    'ping',
  ),
  index: number,
  message: near({ id: any, model: any, usage: any, content: any }),
  content_block: block,
  delta: near({
    type: word('text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta', 'citations_delta'),
    text: word('hi'),
    thinking: word('hm'),
    partial_json: word('{', '}'),
    stop_reason: word('end_turn', 'tool_use', null as never),
    stop_sequence: any,
  }),
  usage: near({ input_tokens: number, output_tokens: number, cache_read_input_tokens: number }),
  error: any,
});

/** Events of each dialect, right or nearly. */
export const EVENTS = { 'openai-chat': chatChunk, 'anthropic-messages': messagesEvent } as const;

/** An object whose given members are right, and whose other ones are anything at all. */
const valid = (right: Record<string, unknown>, ...wild: string[]): fc.Arbitrary<unknown> =>
  fc
    .record(Object.fromEntries(wild.map((key) => [key, any])), { requiredKeys: [] })
    .map((rest) => ({ ...rest, ...right }));

const chatParts = fc.oneof(
  valid({ type: 'text', text: 'x' }, 'cache_control'),
  valid({ type: 'image_url', image_url: { url: 'data:image/png;base64,aa', detail: 7 } }, 'cache_control'),
  valid({ type: 'image_url', image_url: { url: '' } }),
  valid({ type: 'file' }, 'file'),
  valid({ type: 'input_audio' }, 'input_audio'),
  valid({ type: 'refusal' }, 'refusal'),
  valid({ type: 'unheard of' }, 'payload'),
  fc.constant('bare'),
);
const source = near({
  type: word('base64', 'url', 'text', 'content', 'file'),
  data: any,
  media_type: any,
  url: any,
  content: any,
});
const sourced = (type: string): fc.Arbitrary<unknown> =>
  fc.tuple(fc.record({ title: any, context: any }), source).map(([rest, from]) => ({ ...rest, type, source: from }));
const plainBlocks = fc.oneof(
  valid({ type: 'text', text: 'x' }, 'citations', 'cache_control'),
  sourced('image'),
  sourced('document'),
  valid({ type: 'tool_use', id: 't', name: 'A' }, 'input', 'cache_control'),
  valid({ type: 'thinking', thinking: 'hm' }, 'signature'),
  valid({ type: 'redacted_thinking', data: 'x' }),
  valid({ type: 'search_result' }, 'title', 'source', 'content'),
  valid({ type: 'tool_reference' }, 'tool_name', 'tool'),
  valid({ type: 'unheard of' }, 'payload'),
);
const messagesBlocks = fc.oneof(
  plainBlocks,
  fc.array(plainBlocks, { maxLength: 2 }).map((content) => ({ type: 'tool_result', tool_use_id: 't', content })),
  valid({ type: 'tool_result', tool_use_id: 't', content: 'x', is_error: true }, 'cache_control'),
);

const ROLES = ['user', 'assistant', 'system', 'developer', 'unheard of'];
const contentOf = (part: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(fc.constantFrom('hi', ''), fc.array(part, { maxLength: 3 }));

const chatMessage: fc.Arbitrary<unknown> = fc.oneof(
  fc.record(
    {
      role: fc.constantFrom(...ROLES),
      content: contentOf(chatParts),
      reasoning_content: any,
      function_call: any,
      name: any,
      refusal: any,
      audio: any,
      cache_control: any,
    },
    { requiredKeys: ['role', 'content'] },
  ),
  contentOf(chatParts).map((content) => ({ role: 'tool', tool_call_id: 'a', content })),
  contentOf(chatParts).map((content) => ({ role: 'function', name: 'A', content })),
  fc
    .array(valid({ type: 'function', id: 'a', function: { name: 'A', arguments: '{"x":' } }), { maxLength: 2 })
    .map((tool_calls) => ({ role: 'assistant', content: null, tool_calls })),
  fc
    .array(valid({ type: 'custom' }, 'id', 'custom'), { maxLength: 2 })
    .map((tool_calls) => ({ role: 'assistant', tool_calls })),
);
const messagesMessage: fc.Arbitrary<unknown> = fc.record({
  role: fc.constantFrom(...ROLES),
  content: contentOf(messagesBlocks),
});

const objectOr = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.constant(undefined),
    value.filter((entry) => typeof entry === 'object' && !Array.isArray(entry)),
  );

/** Bodies that pass the checks, or nearly, with junk wherever nobody looks. */
export const bodyFor = (name: 'openai-chat' | 'anthropic-messages'): fc.Arbitrary<unknown> => {
  const isChat = name === 'openai-chat';
  return fc.record(
    {
      model: fc.constantFrom('m', 'claude-opus-5-5', null),
      messages: fc.array(isChat ? chatMessage : messagesMessage, { minLength: 1, maxLength: 4 }),
      max_tokens: fc.constantFrom(1, 100, 5_000),
      system: fc.oneof(fc.constantFrom('s', undefined), fc.array(valid({ type: 'text', text: 'x' }, 'cache_control'))),
      temperature: fc.constantFrom(0, 2, null),
      top_p: fc.constantFrom(0.5, null),
      tools: fc.array(
        fc.oneof(
          valid({ type: 'function', function: { name: 'A' }, name: 'A' }, 'cache_control'),
          valid({ name: 'A', type: 'custom', input_schema: {} }, 'strict', 'description', 'custom'),
          valid({ type: 'web_search_1' }, 'name'),
        ),
        { maxLength: 2 },
      ),
      tool_choice: objectOr(
        near({
          type: word('auto', 'any', 'tool', 'function'),
          name: any,
          function: any,
          disable_parallel_tool_use: any,
        }),
      ),
      thinking: objectOr(near({ type: word('enabled', 'disabled', 'adaptive'), budget_tokens: any })),
      output_config: objectOr(near({ effort: any, format: near({ type: word('json_schema'), schema: any }) })),
      response_format: objectOr(near({ type: word('json_schema', 'json_object', 'text'), json_schema: any })),
      reasoning_effort: fc.constantFrom('low', 'none', 'unheard of', null),
      reasoning: any,
      metadata: any,
      stream_options: objectOr(any),
    },
    { requiredKeys: ['messages', 'max_tokens'] },
  );
};
