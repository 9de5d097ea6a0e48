/** What does the Messages decoder make of the streams that real servers send, the odd ones included? */
import { describe, expect, test } from 'bun:test';
import type { StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { decodeText } from '#tests/dialects/support';

const dialect = dialects['anthropic-messages'];

/** Events without an `event:` line, which the decoder must not need. */
const decode = (...events: readonly object[]): readonly StreamPart[] =>
  decodeText(dialect, events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
const typesOf = (parts: readonly StreamPart[]): string => parts.map(({ type }) => type).join(' ');
const only = <Type extends StreamPart['type']>(parts: readonly StreamPart[], type: Type) =>
  parts.filter((part): part is Extract<StreamPart, { type: Type }> => part.type === type);

const begin = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block });
const delta = (index: number, change: object) => ({ type: 'content_block_delta', index, delta: change });
const stop = (index: number) => ({ type: 'content_block_stop', index });
const input = (partial_json: string) => ({ type: 'input_json_delta', partial_json });
const end = [{ type: 'message_delta', delta: { stop_reason: 'end_turn' } }, { type: 'message_stop' }];

describe('blocks', () => {
  test('of every known type become parts', () => {
    const parts = decode(
      begin(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'hm' }),
      delta(0, { type: 'signature_delta', signature: 'EqQB' }),
      stop(0),
      begin(1, { type: 'redacted_thinking', data: 'opaque' }),
      stop(1),
      begin(2, { type: 'text', text: '' }),
      delta(2, { type: 'text_delta', text: 'hi' }),
      delta(2, { type: 'citations_delta', citation: {} }),
      stop(2),
      begin(3, { type: 'tool_use', id: 't', name: 'A', input: {} }),
      delta(3, input('')),
      delta(3, input('{}')),
      stop(3),
      ...end,
    );
    expect(typesOf(parts)).toBe(
      'thinking-start thinking-delta thinking-signature thinking-end thinking-start thinking-redacted thinking-end ' +
        'text-start text-delta text-end tool-start tool-delta tool-end finish end',
    );
  });

  test('of server tools and of types yet to come pass unread', () => {
    const parts = decode(
      begin(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      delta(0, input('{"query":"x"}')),
      stop(0),
      begin(1, { type: 'web_search_tool_result', content: [] }),
      stop(1),
      begin(2, { type: 'next_years_block' }),
      delta(2, { type: 'next_years_delta', text: 'x' }),
      stop(2),
      { type: 'next_years_event' },
      ...end,
    );
    expect(typesOf(parts)).toBe('finish end');
  });

  test('that come whole in their start are read from it', () => {
    const parts = decode(
      begin(0, { type: 'text', text: 'all' }),
      stop(0),
      begin(1, { type: 'tool_use', id: 't', name: 'A', input: { x: 1 } }),
      stop(1),
      ...end,
    );
    expect(only(parts, 'text-delta')[0]?.text).toBe('all');
    expect(only(parts, 'tool-delta')[0]?.json).toBe('{"x":1}');
  });

  test('with input in the start and in deltas count the deltas', () => {
    const parts = decode(
      begin(0, { type: 'tool_use', id: 't', name: 'A', input: { x: 1 } }),
      delta(0, input('')),
      delta(0, input('{"x":2}')),
      stop(0),
      ...end,
    );
    expect(only(parts, 'tool-delta').map(({ json }) => json)).toEqual(['{"x":2}']);
  });

  test('with input in the start and an empty delta keep the input', () => {
    const start = begin(0, { type: 'tool_use', id: 't', name: 'A', input: { x: 1 } });
    expect(only(decode(start, delta(0, input('')), stop(0), ...end), 'tool-delta')[0]?.json).toBe('{"x":1}');
  });

  test('keep broken input, in deltas or in the start, as it is', () => {
    const parts = decode(
      begin(0, { type: 'tool_use', id: 't', name: 'A', input: {} }),
      delta(0, input('{"x":')),
      stop(0),
      ...end,
    );
    expect(only(parts, 'tool-delta')[0]?.json).toBe('{"x":');
    const whole = dialect.decoder().whole({ content: [{ type: 'tool_use', id: 't', name: 'A', input: 'text' }] });
    expect(only(whole, 'tool-delta')[0]?.json).toBe('"text"');
  });

  test('left open are closed by the finish', () => {
    const parts = decode(begin(0, { type: 'text', text: 'x' }), ...end);
    expect(typesOf(parts)).toBe('text-start text-delta text-end finish end');
  });

  test('that reuse an index are new blocks', () => {
    const parts = decode(begin(0, { type: 'text', text: 'a' }), begin(0, { type: 'text', text: 'b' }), stop(0), ...end);
    expect(only(parts, 'text-start').map(({ index }) => index)).toEqual([0, 1]);
    expect(only(parts, 'text-end').map(({ index }) => index)).toEqual([0, 1]);
    expect(typesOf(parts)).toBe('text-start text-delta text-end text-start text-delta text-end finish end');
  });

  test('without a start are understood when they are prose', () => {
    const parts = decode(delta(0, { type: 'text_delta', text: 'x' }), stop(0), ...end);
    expect(typesOf(parts)).toBe('text-start text-delta text-end finish end');
  });

  const MISPLACED: readonly (readonly [string, readonly object[]])[] = [
    ['tool input without a tool', [delta(0, input('{}'))]],
    ['tool input in a text block', [begin(0, { type: 'text', text: '' }), delta(0, input('{}'))]],
    [
      'text in a tool block',
      [begin(0, { type: 'tool_use', id: 't', name: 'A' }), delta(0, { type: 'text_delta', text: 'x' })],
    ],
  ];
  for (const [name, events] of MISPLACED) {
    test(`with ${name} are malformed`, () => {
      expect(only(decode(...events), 'error')).toMatchObject([{ kind: 'malformed' }]);
    });
  }
});

describe('usage', () => {
  test('is gross, merged over the stream, and never erased by a zero', () => {
    const parts = decode(
      {
        type: 'message_start',
        message: {
          id: 'a',
          usage: { input_tokens: 5, cache_read_input_tokens: 90, cache_creation_input_tokens: 4, output_tokens: 1 },
        },
      },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn' },
        usage: { input_tokens: 0, output_tokens: 30, output_tokens_details: { thinking_tokens: 8 } },
      },
      { type: 'message_stop' },
    );
    expect(only(parts, 'usage').map(({ usage }) => usage)).toEqual([
      { input: 99, output: 1, cacheRead: 90, cacheWrite: 4 },
      { input: 99, output: 30, cacheRead: 90, cacheWrite: 4, reasoning: 8 },
    ]);
  });

  test('that comes only at the end counts', () => {
    const parts = decode(
      { type: 'message_start', message: { usage: { input_tokens: 0, output_tokens: 0 } } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 11, output_tokens: 2 } },
    );
    expect(only(parts, 'usage').at(-1)?.usage).toMatchObject({ input: 11, output: 2 });
  });
});

describe('the finish', () => {
  const REASONS: readonly (readonly [string, string])[] = [
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['tool_use', 'tool-calls'],
    ['stop_sequence', 'stop-sequence'],
    ['pause_turn', 'pause'],
    ['refusal', 'refusal'],
    ['model_context_window_exceeded', 'context-overflow'],
    ['something_new', 'other'],
    ['toString', 'other'],
  ];
  for (const [raw, reason] of REASONS) {
    test(`${raw} is ${reason}`, () => {
      const [finish] = only(decode({ type: 'message_delta', delta: { stop_reason: raw } }), 'finish');
      expect(finish).toMatchObject({ reason, raw });
    });
  }

  test('is no end: only message_stop is', () => {
    const decoder = dialect.decoder();
    decoder.event({ event: 'message_delta', data: JSON.stringify(end[0]) });
    expect([decoder.ended(), decoder.close()]).toEqual([false, []]);
    expect(decoder.event({ event: 'message_stop', data: '{}' })).toEqual([{ type: 'end' }]);
    expect(decoder.ended()).toBe(true);
  });

  test('without a reason is none', () => {
    expect(decode({ type: 'message_delta', delta: { stop_reason: null } })).toEqual([]);
  });
});

describe('errors in the stream', () => {
  test('keep their type, and an overflow is told apart', () => {
    const told = decode({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } });
    expect(told).toMatchObject([{ type: 'error', kind: 'overloaded_error', message: 'Overloaded' }]);
    const error = { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' };
    expect(decode({ type: 'error', error })).toMatchObject([{ kind: 'context-overflow' }]);
  });

  test('that are no JSON are malformed', () => {
    expect(decodeText(dialect, 'event: message_start\ndata: {"mess\n\n')).toMatchObject([{ kind: 'malformed' }]);
  });

  test('pings mean nothing', () => {
    expect(decode({ type: 'ping' })).toEqual([]);
  });
});

describe('a whole reply', () => {
  test('gives the same parts as a stream, usage first', () => {
    const parts = dialect.decoder().whole({
      id: 'msg_1',
      model: 'm',
      content: [
        { type: 'text', text: 'a' },
        { type: 'server_tool_use' },
        { type: 'tool_use', id: 't', name: 'A', input: {} },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 1, output_tokens: 2 },
    });
    expect(typesOf(parts)).toBe('start usage text-start text-delta text-end tool-start tool-end finish end');
  });

  for (const reply of [null, 7, [], {}, { content: 'x' }]) {
    test(`${JSON.stringify(reply)} is malformed`, () => {
      expect(dialect.decoder().whole(reply)).toMatchObject([{ type: 'error', kind: 'malformed' }]);
    });
  }

  test('that is an error document is an error part', () => {
    const reply = { type: 'error', error: { type: 'api_error', message: 'x' } };
    expect(dialect.decoder().whole(reply)).toMatchObject([{ type: 'error', kind: 'api_error' }]);
  });
});
