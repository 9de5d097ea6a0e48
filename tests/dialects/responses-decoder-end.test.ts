/** Why does an answer of a Responses tier end, what did it cost, and what went wrong? */
import { describe, expect, test } from 'bun:test';
import type { StreamPart } from '#core/message';
import { openaiResponses as dialect } from '#dialects/openai-responses/dialect';
import {
  added,
  call,
  completed,
  created,
  decode,
  delta,
  done,
  jsonOf,
  message,
  only,
  textOf,
  typesOf,
} from '#tests/dialects/responses-events';
import { decodeText } from '#tests/dialects/support';

describe('items of other kinds', () => {
  test('are passed over', () => {
    const parts = decode(
      created,
      added(0, { type: 'web_search_call', id: 'ws_1', status: 'in_progress' }),
      { type: 'response.web_search_call.searching', output_index: 0, item_id: 'ws_1' },
      done(0, { type: 'web_search_call', id: 'ws_1', status: 'completed' }),
      delta('output_text', 1, 'found'),
      completed({ output: [{ type: 'web_search_call', id: 'ws_1' }, message('found')] }),
    );
    expect(typesOf(parts)).toBe('start text-start text-delta text-end finish end');
    expect(only(parts, 'finish')[0]?.reason).toBe('stop');
  });

  test('that the caller has to carry out make the end a pause', () => {
    for (const type of ['tool_search_call', 'local_shell_call', 'shell_call', 'apply_patch_call', 'computer_call']) {
      expect(only(decode(created, done(0, { type }), completed()), 'finish')).toEqual([
        { type: 'finish', reason: 'pause' },
      ]);
      expect(only(decode(created, completed({ output: [{ type }] })), 'finish')[0]?.reason).toBe('pause');
    }
  });

  test('beyond a thousand that we read are malformed', () => {
    const items = Array.from({ length: 1_025 }, (_, index) => done(index, { ...message('x'), id: `msg_${index}` }));
    expect(only(decode(...items), 'error')).toMatchObject([{ kind: 'malformed' }]);
  });
});

describe('the finish', () => {
  const ENDS: readonly (readonly [object, string, string | undefined])[] = [
    [completed({ status: 'completed' }), 'stop', 'completed'],
    [completed(), 'stop', 'completed'],
    [{ type: 'response.completed' }, 'stop', 'completed'],
    [
      { type: 'response.incomplete', response: { incomplete_details: { reason: 'max_output_tokens' } } },
      'length',
      'max_output_tokens',
    ],
    [
      { type: 'response.incomplete', response: { incomplete_details: { reason: 'content_filter' } } },
      'content-filter',
      'content_filter',
    ],
    [
      completed({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }),
      'length',
      'max_output_tokens',
    ],
    [{ type: 'response.incomplete', response: { incomplete_details: { reason: 'bored' } } }, 'other', 'bored'],
    [{ type: 'response.incomplete', response: {} }, 'other', 'incomplete'],
    [
      { type: 'response.incomplete', response: { incomplete_details: { reason: 'constructor' } } },
      'other',
      'constructor',
    ],
  ];
  for (const [event, reason, raw] of ENDS) {
    test(`of ${JSON.stringify(event)} is ${reason}`, () => {
      expect(only(decode(created, event), 'finish')).toEqual([
        { type: 'finish', reason, raw } as Extract<StreamPart, { type: 'finish' }>,
      ]);
    });
  }

  test('is an end, and nothing less is', () => {
    const decoder = dialect.decoder();
    const say = (event: object) => decoder.event({ event: undefined, data: JSON.stringify(event) });
    say(created);
    say(delta('output_text', 0, 'x'));
    say(done(0, message('x')));
    expect([decoder.ended(), decoder.close()]).toEqual([false, []]);
    expect(typesOf(say(completed()))).toBe('finish end');
    expect(decoder.ended()).toBe(true);
    expect(say(completed({ output: [message('again')] }))).toEqual([]);
  });

  test('may be followed by the marker of Chat, which says nothing here', () => {
    const text = `data: ${JSON.stringify(completed())}\n\ndata: [DONE]\n\n`;
    expect(typesOf(decodeText(dialect, text))).toBe('start finish end');
    expect(decodeText(dialect, 'data: [DONE]\n\n')).toEqual([]);
  });

  test('counts what was skipped in between, when a relay reads only the telling events', () => {
    const parts = decode(
      created,
      delta('output_text', 0, 'Hel'),
      completed({ output: [message('Hello'), call('{"x":1}')] }),
    );
    expect(textOf(parts)).toBe('Hello');
    expect(jsonOf(parts, 1)).toBe('{"x":1}');
    expect(only(parts, 'finish')[0]?.reason).toBe('tool-calls');
  });

  test('takes the type from the event line where the data has none', () => {
    expect(typesOf(decodeText(dialect, 'event: response.completed\ndata: {"response":{}}\n\n'))).toBe(
      'start finish end',
    );
  });
});

describe('usage', () => {
  test('is gross, with cached and reasoning tokens', () => {
    const usage = {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 6, cache_write_tokens: 2 },
      output_tokens: 4,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 14,
    };
    expect(only(decode(created, completed({ usage })), 'usage')).toEqual([
      { type: 'usage', usage: { input: 10, output: 4, cacheRead: 6, cacheWrite: 2, reasoning: 3 } },
    ]);
  });

  for (const usage of [null, {}, { input_tokens: -1 }, { input_tokens: '9' }, 'x']) {
    test(`${JSON.stringify(usage)} is none`, () => {
      expect(only(decode(created, completed({ usage })), 'usage')).toEqual([]);
    });
  }
});

describe('errors in the stream', () => {
  const ERRORS: readonly (readonly [string, string, string])[] = [
    [
      'a failed response',
      'data: {"type":"response.failed","response":{"error":{"code":"server_error","message":"boom"}}}\n\n',
      'server_error',
    ],
    [
      'a rate limit',
      'data: {"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"slow down"}}}\n\n',
      'rate_limit_exceeded',
    ],
    [
      'an overflow',
      'data: {"type":"response.failed","response":{"error":{"code":"context_length_exceeded","message":"too long"}}}\n\n',
      'context-overflow',
    ],
    ['a failed response that says nothing', 'data: {"type":"response.failed"}\n\n', 'response.failed'],
    ['a cancelled response', 'data: {"type":"response.cancelled","response":{}}\n\n', 'response.cancelled'],
    [
      'a completed response that failed',
      'data: {"type":"response.completed","response":{"status":"failed","error":{"code":"server_error"}}}\n\n',
      'server_error',
    ],
    ['an error event', 'data: {"type":"error","code":"server_error","message":"boom"}\n\n', 'server_error'],
    ['an error event without a code', 'data: {"type":"error","code":null,"message":"boom"}\n\n', 'error'],
    [
      'an error event that wraps',
      'event: error\ndata: {"type":"error","error":{"type":"invalid_request_error","code":"bad","message":"boom"}}\n\n',
      'bad',
    ],
    ['an error in the form of Chat', 'data: {"error":{"message":"boom","type":"server_error"}}\n\n', 'server_error'],
    ['a line that is no JSON', 'data: {"typ\n\n', 'malformed'],
    ['a JSON value that is no object', 'data: 7\n\n', 'malformed'],
  ];
  for (const [name, text, kind] of ERRORS) {
    test(`${name} is an error part of kind ${kind}`, () => {
      expect(only(decodeText(dialect, text), 'error')).toMatchObject([{ kind }]);
    });
  }

  test('end the answer without an end', () => {
    const decoder = dialect.decoder();
    const fail = JSON.stringify({ type: 'response.failed', response: {} });
    expect(typesOf(decoder.event({ event: undefined, data: fail }))).toBe('error');
    expect(decoder.event({ event: undefined, data: JSON.stringify(completed()) })).toEqual([]);
    expect(decoder.ended()).toBe(false);
  });

  test('never quote addresses or keys', () => {
    const error = {
      code: 'x',
      message: 'cannot reach http://10.0.0.7:9000/v1 with Bearer sk-abcdefghijklmnop1234567890',
    };
    const [part] = only(decode({ type: 'response.failed', response: { error } }), 'error');
    expect(part?.message).not.toMatch(/10\.0\.0\.7|abcdefghijkl/);
  });
});

describe('a whole reply', () => {
  test('gives the same parts as a stream, usage first', () => {
    const parts = dialect.decoder().whole({
      id: 'resp_1',
      object: 'response',
      model: 'm',
      status: 'completed',
      output: [{ type: 'reasoning', summary: [{ text: 'hm' }], encrypted_content: 'g' }, message('hi'), call('{}')],
      usage: { input_tokens: 1, output_tokens: 2 },
    });
    expect(typesOf(parts)).toBe(
      'start usage thinking-start thinking-delta thinking-signature thinking-end text-start text-delta text-end tool-start tool-delta tool-end finish end',
    );
  });

  test('without content is an answer without content', () => {
    expect(typesOf(dialect.decoder().whole({ output: [] }))).toBe('start finish end');
  });

  for (const reply of [null, 7, 'x', [], {}, { output: {} }, { output: [], status: 'in_progress' }]) {
    test(`${JSON.stringify(reply)} is malformed`, () => {
      expect(dialect.decoder().whole(reply)).toMatchObject([{ type: 'error', kind: 'malformed' }]);
    });
  }

  for (const reply of [
    { error: { message: 'x', type: 'bad' } },
    { output: [], status: 'failed', error: { code: 'bad', message: 'x' } },
    { type: 'error', code: 'bad', message: 'x' },
  ]) {
    test(`${JSON.stringify(reply)} is an error`, () => {
      expect(dialect.decoder().whole(reply)).toMatchObject([{ type: 'error', kind: 'bad' }]);
    });
  }

  test('that failed without a reason is an error all the same', () => {
    expect(dialect.decoder().whole({ output: [], status: 'failed', error: null })).toMatchObject([{ type: 'error' }]);
  });
});
