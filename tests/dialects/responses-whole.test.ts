/** What does a whole Responses reply look like, made of parts, or kept from a stream that a tier closed with it? */
import { describe, expect, test } from 'bun:test';
import type { JsonObject, StreamPart } from '#core/message';
import { openaiResponses as dialect } from '#dialects/openai-responses/dialect';
import { at, contextOf, utf8 } from '#tests/dialects/support';

const TEXT: readonly StreamPart[] = [
  { type: 'text-start', index: 0 },
  { type: 'text-delta', index: 0, text: 'hi' },
  { type: 'text-end', index: 0 },
];
const whole = (...parts: readonly StreamPart[]): JsonObject => {
  const reply = dialect.encodeWhole(parts, contextOf());
  if (!reply.ok) throw new Error(reply.failure.detail);
  return reply.body;
};

test('a whole reply holds every member that clients read', () => {
  expect(whole(...TEXT, { type: 'finish', reason: 'stop' }, { type: 'end' })).toEqual({
    id: 'resp_0123456789abcdef01234567',
    object: 'response',
    created_at: 1_763_700_000,
    background: false,
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: 'planning',
    output: [
      {
        id: 'msg_0123456789abcdef01234567_0',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'hi', annotations: [], logprobs: [] }],
      },
    ],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    truncation: 'disabled',
    usage: {
      input_tokens: 12,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 1,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 13,
      anvil_estimated: true,
    },
  });
});

test('a whole reply is complete even when the parts lack an end', () => {
  expect(whole(...TEXT).status).toBe('completed');
});

test('broken arguments leave as they came', () => {
  const body = whole(
    { type: 'tool-start', index: 0, id: 'a', name: 'A' },
    { type: 'tool-delta', index: 0, json: '{"x": }}' },
    { type: 'tool-end', index: 0 },
    { type: 'end' },
  );
  expect(at(body, 'output', 0, 'arguments')).toBe('{"x": }}');
});

test('a reply too long is a failure with a name', () => {
  const text = 'x'.repeat(9 * 1_048_576);
  const deltas = [0, 1].map((): StreamPart => ({ type: 'text-delta', index: 0, text }));
  const reply = dialect.encodeWhole([{ type: 'text-start', index: 0 }, ...deltas, { type: 'end' }], contextOf());
  expect(reply).toMatchObject({ ok: false, failure: { kind: 'overflow' } });
});

describe('a reply collected from a tier’s stream', () => {
  const collect = (...events: readonly object[]): JsonObject => {
    const keeper = dialect.keeper?.();
    if (!keeper) throw new Error('no keeper');
    for (const event of events) keeper.frame(utf8.encode(`data: ${JSON.stringify(event)}\n\n`));
    return keeper.complete(whole(...TEXT));
  };
  const created = { type: 'response.created', response: { id: 'resp_t', status: 'in_progress', output: [] } };
  const searched = { type: 'web_search_call', id: 'ws_1', action: { type: 'search', query: 'q' } };
  const said = { type: 'message', id: 'msg_t', content: [{ type: 'output_text', text: 'hi', annotations: [{}] }] };
  const completed = (more: object = {}): object => ({
    type: 'response.completed',
    response: {
      id: 'resp_t',
      status: 'completed',
      model: 'tier',
      output: [searched, said],
      service_tier: 'flex',
      ...more,
    },
  });

  test('is the tier’s own response, but for the model’s name', () => {
    const usage = { input_tokens: 5, output_tokens: 1, total_tokens: 6 };
    expect(collect(created, completed({ usage }))).toEqual({
      id: 'resp_t',
      status: 'completed',
      model: 'planning',
      output: [searched, said],
      service_tier: 'flex',
      usage,
    });
  });

  test('gets usage, an id and output where the tier left them out', () => {
    const reply = collect(created, completed({ id: '', usage: null, output: [] }));
    expect(reply).toMatchObject({ id: 'resp_0123456789abcdef01234567', usage: { total_tokens: 13 } });
    expect(at(reply, 'output', 0, 'content', 0, 'text')).toBe('hi');
  });

  test('is made of the parts when the tier never closed it', () => {
    expect(collect(created)).toEqual(whole(...TEXT));
    expect(collect()).toEqual(whole(...TEXT));
  });
});
