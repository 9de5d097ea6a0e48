/** Does the tests' own SSE reading follow the standard, so that assertions can be trusted? */
import { expect, test } from 'bun:test';
import { rejectionOf } from '#tests/support/rejection';
import { chatSeen, eventsOf, messagesSeen, parseSse, readerOf } from '#tests/support/sse';

const CASES: readonly [string, string, readonly unknown[]][] = [
  ['one event', 'data: a\n\n', [{ event: undefined, data: 'a' }]],
  [
    'CRLF and CR',
    'data: a\r\n\r\ndata: b\r\r',
    [
      { event: undefined, data: 'a' },
      { event: undefined, data: 'b' },
    ],
  ],
  ['several data lines', 'data: a\ndata:  b\ndata\n\n', [{ event: undefined, data: 'a\n b\n' }]],
  ['an event name', 'event: ping\ndata: {}\n\n', [{ event: 'ping', data: '{}' }]],
  ['unknown fields', 'id: 1\nretry: 2\ndata: a\n\n', [{ event: undefined, data: 'a' }]],
  ['a byte order mark', '\uFEFFdata: a\n\n', [{ event: undefined, data: 'a' }]],
  ['comments', ': hi\n\ndata: a\n: there\n\n', [{ event: undefined, data: 'a' }]],
];

for (const [name, body, events] of CASES) {
  test(`${name} read as the standard says`, () => {
    expect(eventsOf(body) as unknown[]).toEqual(events as unknown[]);
  });
}

test('comments are kept, and an event cut off is told apart from one that ended', () => {
  const read = parseSse(': keep-alive\n\ndata: a\n\ndata: b');
  expect(read.items[0]).toEqual({ kind: 'comment', text: 'keep-alive' });
  expect(read.unfinished).toBe('data: b');
  expect(parseSse('data: a\n').unfinished).toBe('data: a\n');
  expect(() => eventsOf('data: a\n')).toThrow('ends inside an event');
});

test('a Chat stream is put together: text, thinking, calls by index, finish, usage, terminal marker', () => {
  const chunk = (delta: unknown, finish: string | null = null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const call = (index: number, rest: object) => ({ tool_calls: [{ index, ...rest }] });
  const seen = chatSeen(
    [
      chunk({ role: 'assistant', reasoning_content: 'hm' }),
      chunk({ content: 'a' }),
      chunk(call(1, { id: 't2', function: { name: 'two', arguments: '{' } })),
      chunk(call(0, { id: 't1', function: { name: 'one', arguments: '{}' } })),
      chunk(call(1, { function: { arguments: '}' } })),
      chunk({}, 'tool_calls'),
      'data: {"choices":[],"usage":{"prompt_tokens":3}}\n\n',
      'data: [DONE]\n\n',
    ].join(''),
  );
  expect(seen).toMatchObject({ text: 'a', thinking: 'hm', finish: 'tool_calls', terminal: true, events: 8 });
  expect(seen.usage).toEqual({ prompt_tokens: 3 });
  expect(seen.tools).toEqual([
    { id: 't1', name: 'one', arguments: '{}' },
    { id: 't2', name: 'two', arguments: '{}' },
  ]);
});

test('a Messages stream is put together, and an event line that contradicts its type is an error', () => {
  const event = (body: { type: string }) => `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`;
  const of = (type: string, rest: object = {}) => event({ type, ...rest });
  const seen = messagesSeen(
    [
      of('message_start', { message: { usage: { input_tokens: 5, output_tokens: 1 } } }),
      of('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      of('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'hi' } }),
      of('content_block_start', { index: 1, content_block: { type: 'tool_use', id: 't', name: 'n', input: {} } }),
      of('content_block_delta', { index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } }),
      of('message_delta', { delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } }),
      of('message_stop'),
    ].join(''),
  );
  expect(seen).toMatchObject({ text: 'hi', finish: 'tool_use', terminal: true, error: undefined });
  expect(seen.usage).toEqual({ input_tokens: 5, output_tokens: 9 });
  expect(seen.tools).toEqual([{ id: 't', name: 'n', arguments: '{"a":1}' }]);
  expect(() => messagesSeen('event: ping\ndata: {"type":"message_stop"}\n\n')).toThrow('does not match');
});

test('in-stream errors of both dialects are found', () => {
  expect(chatSeen('data: {"error":{"message":"no"}}\n\n').error).toEqual({ message: 'no' });
  const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n';
  expect(messagesSeen(error).error).toEqual({ type: 'overloaded_error' });
});

test('a reader waits for what it is told to and complains when the stream ends before', async () => {
  await using reader = readerOf(new Response('data: a\n\ndata: b\n\n'));
  expect(await reader.until('data: a')).toContain('data: a');
  expect((await rejectionOf(reader.until('data: z'))).message).toContain('the stream ended before "data: z"');
  expect(reader.text).toBe('data: a\n\ndata: b\n\n');
});
