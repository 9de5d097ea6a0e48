/** What does the Chat decoder make of the streams that real servers send, the odd ones included? */
import { describe, expect, test } from 'bun:test';
import type { StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { chatFinish, chatStream, decodeText } from '#tests/dialects/support';

const dialect = dialects['openai-chat'];
const decode = (...input: Parameters<typeof chatStream>): readonly StreamPart[] =>
  decodeText(dialect, chatStream(...input));
const typesOf = (parts: readonly StreamPart[]): string => parts.map(({ type }) => type).join(' ');
const only = <Type extends StreamPart['type']>(parts: readonly StreamPart[], type: Type) =>
  parts.filter((part): part is Extract<StreamPart, { type: Type }> => part.type === type);
const toolDelta = (call: object): object => ({ tool_calls: [call] });

describe('text and thinking', () => {
  test('become blocks that end where the other begins', () => {
    const parts = decode(
      [{ role: 'assistant', content: '' }, { reasoning_content: 'a' }, { content: 'b' }, { content: 'c' }],
      chatFinish('stop'),
      '[DONE]',
    );
    expect(typesOf(parts)).toBe(
      'start thinking-start thinking-delta thinking-end text-start text-delta text-delta text-end finish end',
    );
  });

  test('under the name "reasoning" count once when both names are sent', () => {
    const parts = decode(
      [{ reasoning: 'x' }, { reasoning: 'y', reasoning_content: 'y' }],
      chatFinish('stop'),
      '[DONE]',
    );
    expect(only(parts, 'thinking-delta').map(({ text }) => text)).toEqual(['x', 'y']);
  });

  test('as typed content parts are told apart', () => {
    const content = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'a' }] },
      { type: 'text', text: 'b' },
    ];
    const parts = decode([{ content }], chatFinish('stop'), '[DONE]');
    expect(only(parts, 'thinking-delta')[0]?.text).toBe('a');
    expect(only(parts, 'text-delta')[0]?.text).toBe('b');
  });

  test('in the chunk that also finishes come before the finish', () => {
    const parts = decode([], { choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'stop' }] }, '[DONE]');
    expect(typesOf(parts)).toBe('start text-start text-delta text-end finish end');
  });

  test('of other choices are not read', () => {
    const parts = decode(
      [],
      { choices: [{ index: 1, delta: { content: 'x' }, finish_reason: 'stop' }] },
      chatFinish('stop'),
      '[DONE]',
    );
    expect(typesOf(parts)).toBe('start finish end');
  });
});

describe('tool calls', () => {
  test('with complete arguments end when the next one starts', () => {
    const parts = decode(
      [
        toolDelta({ index: 0, id: 'a', function: { name: 'A', arguments: '{"x":"}"}' } }),
        toolDelta({ index: 1, id: 'b', function: { name: 'B', arguments: '{}' } }),
      ],
      chatFinish('tool_calls'),
      '[DONE]',
    );
    expect(typesOf(parts)).toBe('start tool-start tool-delta tool-end tool-start tool-delta tool-end finish end');
  });

  test('with open arguments stay open, because more may come', () => {
    const parts = decode(
      [
        toolDelta({ index: 0, id: 'a', function: { name: 'A', arguments: '{"x":' } }),
        toolDelta({ index: 1, id: 'b', function: { name: 'B', arguments: '{}' } }),
        toolDelta({ index: 0, function: { arguments: '1}' } }),
      ],
      chatFinish('tool_calls'),
      '[DONE]',
    );
    expect(typesOf(parts)).toBe(
      'start tool-start tool-delta tool-start tool-delta tool-delta tool-end tool-end finish end',
    );
    expect(only(parts, 'tool-delta').map(({ index, json }) => `${index}${json}`)).toEqual(['0{"x":', '1{}', '01}']);
  });

  test('wait for a name, and for an id as long as no arguments come', () => {
    const late = decode(
      [
        toolDelta({ index: 0, function: { name: 'A' } }),
        toolDelta({ index: 0, id: 'late' }),
        toolDelta({ index: 0, function: { arguments: '{}' } }),
      ],
      chatFinish('tool_calls'),
      '[DONE]',
    );
    expect(only(late, 'tool-start')).toEqual([{ type: 'tool-start', index: 0, id: 'late', name: 'A' }]);
    const early = decode(
      [
        toolDelta({ index: 0, id: 'x', function: { arguments: '{"a"' } }),
        toolDelta({ index: 0, function: { name: 'A', arguments: ':1}' } }),
      ],
      chatFinish('tool_calls'),
      '[DONE]',
    );
    expect(only(early, 'tool-delta').map(({ json }) => json)).toEqual(['{"a"', ':1}']);
  });

  test('that never get an id or name are still started, for a verifier to judge', () => {
    const parts = decode([toolDelta({ index: 0, function: { arguments: '{}' } })], chatFinish('tool_calls'), '[DONE]');
    expect(only(parts, 'tool-start')).toEqual([{ type: 'tool-start', index: 0, id: '', name: '' }]);
  });

  test('without an index are told apart by id', () => {
    const parts = decode(
      [
        toolDelta({ id: 'a', function: { name: 'A', arguments: '{}' } }),
        toolDelta({ id: 'b', function: { name: 'B', arguments: '{' } }),
        toolDelta({ function: { arguments: '}' } }),
      ],
      chatFinish('tool_calls'),
      '[DONE]',
    );
    expect(only(parts, 'tool-start').map(({ id }) => id)).toEqual(['a', 'b']);
    expect(only(parts, 'tool-delta').map(({ index, json }) => `${index}${json}`)).toEqual(['0{}', '1{', '1}']);
  });

  test('that all claim index 0 are told apart by id and name', () => {
    const call = (id: string) => toolDelta({ index: 0, id, function: { name: 'A', arguments: `{"id":"${id}"}` } });
    const parts = decode([call('a'), call('b')], chatFinish('tool_calls'), '[DONE]');
    expect(only(parts, 'tool-start').map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('with arguments as an object keep them as JSON', () => {
    const parts = decode(
      [toolDelta({ index: 0, id: 'a', function: { name: 'A', arguments: { x: 1 } } })],
      chatFinish('stop'),
      '[DONE]',
    );
    expect(only(parts, 'tool-delta')[0]?.json).toBe('{"x":1}');
  });

  test('keep broken arguments as they are', () => {
    const parts = decode(
      [toolDelta({ index: 0, id: 'a', function: { name: 'A', arguments: '{"x": }}' } })],
      chatFinish('stop'),
      '[DONE]',
    );
    expect(only(parts, 'tool-delta')[0]?.json).toBe('{"x": }}');
  });

  test('whose arguments go on after their end are malformed', () => {
    const parts = decode(
      [
        toolDelta({ index: 0, id: 'a', function: { name: 'A', arguments: '{}' } }),
        { content: 'done' },
        toolDelta({ index: 0, function: { arguments: '{"again":1}' } }),
      ],
      chatFinish('stop'),
      '[DONE]',
    );
    expect(only(parts, 'error')).toMatchObject([{ kind: 'malformed' }]);
  });

  test('in their oldest form are calls too', () => {
    const parts = decode(
      [{ function_call: { name: 'A' } }, { function_call: { arguments: '{}' } }],
      chatFinish('function_call'),
      '[DONE]',
    );
    expect(only(parts, 'tool-start')[0]?.name).toBe('A');
    expect(only(parts, 'finish')[0]?.reason).toBe('tool-calls');
  });

  test('beyond a thousand are malformed', () => {
    const calls = Array.from({ length: 1_025 }, (_, index) => ({ index, id: `c${index}`, function: { name: 'A' } }));
    expect(only(decode([{ tool_calls: calls }]), 'error')).toMatchObject([{ kind: 'malformed' }]);
  });
});

describe('the finish', () => {
  const REASONS: readonly (readonly [string, object, string, string | undefined])[] = [
    ['stop', {}, 'stop', undefined],
    ['STOP', {}, 'stop', undefined],
    ['length', {}, 'length', undefined],
    ['max_tokens', {}, 'length', undefined],
    ['tool_calls', {}, 'tool-calls', undefined],
    ['content_filter', {}, 'content-filter', undefined],
    ['stop', { stop_reason: 'END' }, 'stop-sequence', 'END'],
    ['stop', { stop_reason: 200_002 }, 'stop', undefined],
    ['stop', { matched_stop: 'END' }, 'stop-sequence', 'END'],
    ['stop', { matched_stop: 151_645 }, 'stop', undefined],
    ['something_new', {}, 'other', undefined],
    ['constructor', {}, 'other', undefined],
  ];
  for (const [raw, more, reason, stopSequence] of REASONS) {
    test(`${raw} ${JSON.stringify(more)} is ${reason}`, () => {
      const [finish] = only(decode([], chatFinish(raw, more), '[DONE]'), 'finish');
      expect(finish).toEqual({
        type: 'finish',
        reason,
        raw,
        ...(stopSequence ? { stopSequence } : {}),
      } as typeof finish);
    });
  }

  for (const raw of ['error', 'abort', 'insufficient_system_resource']) {
    test(`${raw} is an error, and no answer`, () => {
      const decoder = dialect.decoder();
      const parts = decoder.event({ event: undefined, data: JSON.stringify(chatFinish(raw)) });
      expect(only(parts, 'error')).toMatchObject([{ kind: raw }]);
      expect(decoder.ended()).toBe(false);
    });
  }

  test('after a spoken refusal is a refusal', () => {
    const parts = decode([{ refusal: 'No.' }], chatFinish('stop'), '[DONE]');
    expect(typesOf(parts)).toBe('start refusal-delta finish end');
    expect(only(parts, 'finish')[0]?.reason).toBe('refusal');
  });

  test('of a refusal ends the text in front of it', () => {
    const parts = decode([{ content: 'Well.' }, { refusal: 'No.' }], chatFinish('stop'), '[DONE]');
    expect(typesOf(parts)).toBe('start text-start text-delta text-end refusal-delta finish end');
  });

  test('is enough without [DONE], and nothing less is', () => {
    const decoder = dialect.decoder();
    decoder.event({ event: undefined, data: '{"choices":[{"index":0,"delta":{"content":"x"}}]}' });
    expect([decoder.ended(), decoder.close()]).toEqual([false, []]);
    decoder.event({ event: undefined, data: JSON.stringify(chatFinish('stop')) });
    expect(decoder.ended()).toBe(true);
    expect(decoder.close()).toEqual([{ type: 'end' }]);
    expect(decoder.close()).toEqual([]);
  });

  test('said twice counts once, and nothing counts after [DONE]', () => {
    const parts = decode([], chatFinish('stop'), chatFinish('length'), '[DONE]', chatFinish('stop'), '[DONE]');
    expect(typesOf(parts)).toBe('start finish end');
  });
});

describe('usage', () => {
  test('is read from any chunk, with details by every known name', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 4,
      prompt_tokens_details: { cached_tokens: 6, cache_write_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 3 },
    };
    const parts = decode([], chatFinish('stop'), { choices: [], usage }, '[DONE]');
    expect(only(parts, 'usage')).toEqual([
      { type: 'usage', usage: { input: 10, output: 4, cacheRead: 6, cacheWrite: 2, reasoning: 3 } },
    ]);
    const other = decode([], {
      choices: [],
      usage: { prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 5 },
    });
    expect(only(other, 'usage')[0]?.usage).toEqual({ input: 9, output: 1, cacheRead: 5 });
  });

  for (const usage of [null, {}, { prompt_tokens: -1 }, { prompt_tokens: '9' }, 'x']) {
    test(`${JSON.stringify(usage)} is none`, () => {
      expect(only(decode([], { choices: [], usage }), 'usage')).toEqual([]);
    });
  }
});

describe('errors in the stream', () => {
  const ERRORS: readonly (readonly [string, string, string])[] = [
    ['an error chunk', 'data: {"error":{"message":"boom","type":"server_error"}}\n\n', 'server_error'],
    ['an error event', 'event: error\ndata: {"message":"boom","type":"internal"}\n\n', 'internal'],
    ['an error that is a text', 'data: {"error":"boom"}\n\n', 'error'],
    ['a flat error object', 'data: {"object":"error","message":"boom","code":500}\n\n', '500'],
    [
      'an overflow told in the stream',
      'event: error\ndata: {"error":{"message":"Trying to keep the first 9000 tokens when context the overflows."}}\n\n',
      'context-overflow',
    ],
    ['a line that is no JSON', 'data: {"choi\n\n', 'malformed'],
    ['a JSON value that is no object', 'data: 7\n\n', 'malformed'],
  ];
  for (const [name, text, kind] of ERRORS) {
    test(`${name} is an error part of kind ${kind}`, () => {
      expect(only(decodeText(dialect, text), 'error')).toMatchObject([{ kind }]);
    });
  }

  test('never quote addresses or keys', () => {
    const message = 'cannot reach http://10.0.0.7:9000/v1 with Bearer sk-abcdefghijklmnop1234567890';
    const [error] = only(decodeText(dialect, `data: ${JSON.stringify({ error: { message } })}\n\n`), 'error');
    expect(error?.message).not.toMatch(/10\.0\.0\.7|abcdefghijkl/);
  });
});

describe('a whole reply', () => {
  test('gives the same parts as a stream, usage first', () => {
    const message = {
      role: 'assistant',
      content: 'hi',
      reasoning_content: 'hm',
      tool_calls: [{ id: 'a', function: { name: 'A', arguments: '{}' } }],
    };
    const parts = dialect.decoder().whole({
      id: 'c',
      model: 'm',
      choices: [{ message, finish_reason: 'tool_calls' }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    });
    expect(typesOf(parts)).toBe(
      'start usage thinking-start thinking-delta thinking-end text-start text-delta text-end tool-start tool-delta tool-end finish end',
    );
  });

  test('without choices is an answer without content', () => {
    expect(typesOf(dialect.decoder().whole({ choices: [] }))).toBe('start end');
  });

  for (const reply of [
    null,
    7,
    'x',
    [],
    {},
    { choices: {} },
    { choices: ['x'] },
    { choices: [{}] },
    { choices: [{ message: 'x' }] },
  ]) {
    test(`${JSON.stringify(reply)} is malformed`, () => {
      expect(dialect.decoder().whole(reply)).toMatchObject([{ type: 'error', kind: 'malformed' }]);
    });
  }

  test('that is an error document is an error part', () => {
    expect(dialect.decoder().whole({ error: { message: 'x', type: 'bad' } })).toMatchObject([
      { type: 'error', kind: 'bad' },
    ]);
  });
});
