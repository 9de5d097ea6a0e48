/** What does a relay look at, and what does it change, in Responses frames that it passes on as received? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { openaiResponses as dialect } from '#dialects/openai-responses/dialect';
import { answerParts } from '#tests/dialects/part-sequences';
import { contextOf, encodeParts, textOf, utf8 } from '#tests/dialects/support';
import { createSseSplitter } from '#upstream/sse';

describe('a frame that may pass unread', () => {
  const PLAIN = [
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"\\"type\\":\\"error\\""}\n\n',
    'data: {"type":"response.output_text.delta","delta":"\\"type\\":\\"response.completed\\" \\"error\\":{}"}\n\n',
    'event: response.web_search_call.completed\ndata: {"type":"response.web_search_call.completed"}\n\n',
    'event: response.output_item.done\ndata: {"type":"response.output_item.done","item":{"type":"message"}}\n\n',
    ': keep-alive\n\n',
  ];
  for (const frame of PLAIN) {
    test(`may look like ${frame.slice(0, 80).trim()}`, () => expect(dialect.quickScan(utf8.encode(frame))).toBe(false));
  }

  const TELLING = [
    'event: response.completed\ndata: {}\n\n',
    'event: response.completed\r\ndata: {}\r\n\r\n',
    'event:response.incomplete\ndata: {}\n\n',
    'event: response.failed\ndata: {}\n\n',
    'event: error\ndata: {}\n\n',
    'event: message\ndata: {"type":"response.completed"}\n\n',
    'id: 7\nevent: response.completed\ndata: {}\n\n',
    'data: {"type": "response.completed"}\n\n',
    'data: {"response":{"status":"completed"},"type":"response.completed"}\n\n',
    'data: {"type":"error","message":"x"}\n\n',
    'data: {"error":{"message":"x"}}\n\n',
  ];
  for (const frame of TELLING) {
    test(`never looks like ${frame.trim()}`, () => expect(dialect.quickScan(utf8.encode(frame))).toBe(true));
  }
});

const echo = (text: string, model: string): string => textOf(dialect.echoModel(utf8.encode(text), model));
const fill = (text: string): string => textOf(dialect.fillId(utf8.encode(text), '7'));

describe('the model name', () => {
  test('is replaced in every event that has it, and nothing else is', () => {
    fc.assert(
      fc.property(answerParts, fc.string({ minLength: 1 }), (parts, wild) => {
        const model = wild.toWellFormed();
        const text = encodeParts(dialect, parts, contextOf({ model: 'tier "x"' }));
        const expected = text.replaceAll(
          `"model":${JSON.stringify('tier "x"')}`,
          () => `"model":${JSON.stringify(model)}`,
        );
        expect(expected).toContain(`"model":${JSON.stringify(model)}`);
        const frames = createSseSplitter(1_000_000).push(utf8.encode(text));
        expect(frames.map(({ raw }) => textOf(dialect.echoModel(raw, model))).join('')).toBe(expected);
      }),
      { numRuns: 150 },
    );
  });

  test('is replaced in a whole reply, and not in what its calls are given', () => {
    const whole =
      '{"output":[{"type":"function_call","model":"a"}],"tools":[{"model":"b"}],"model" : "c","id":"resp_1"}';
    expect(echo(whole, 'new')).toBe(whole.replace('"c"', '"new"'));
    expect(echo(`\n ${whole}`, 'new')).toBe(`\n ${whole.replace('"c"', '"new"')}`);
  });

  test('of an item is content, and no model name', () => {
    for (const frame of [
      'event: response.output_item.done\ndata: {"item":{"model":"a"},"model":"b","response":{"model":"c"}}\n\n',
      'data: {"type":"response.output_item.done","item":{"model":"a"},"model":"b"}\n\n',
      'event: error\ndata: {"type":"error","model":"b"}\n\n',
    ]) {
      expect(echo(frame, 'new')).toBe(frame);
    }
  });

  test('is left out where there is none, and costs no copy where it is right', () => {
    for (const text of [
      ': comment\n\n',
      'data: [DONE]\n\n',
      'data: {"error":{"model":"x"}}\n\n',
      'event: response.completed\ndata: {"response":[{"model":"x"}]}\n\n',
      'event: response.completed\ndata: {"response":{"model":"same"}}\n\n',
      '{"model":"same"}',
      '',
      '{',
      '{"model":"x',
    ]) {
      const bytes = utf8.encode(text);
      expect(dialect.echoModel(bytes, 'same')).toBe(bytes);
    }
  });
});

describe('the response id', () => {
  const event = (response: string): string => `event: response.created\ndata: {"response":${response}}\n\n`;
  const CASES: readonly (readonly [string, string])[] = [
    [event('{"id":"","output":[]}'), event('{"id":"resp_7","output":[]}')],
    [event('{"id":null,"output":[]}'), event('{"id":"resp_7","output":[]}')],
    [event('{"output":[]}'), event('{"id":"resp_7","output":[]}')],
    [event('{"id":"resp_1","output":[]}'), event('{"id":"resp_1","output":[]}')],
    [event('{}'), event('{}')],
    ['{"output":[],"object":"response"}', '{"id":"resp_7","output":[],"object":"response"}'],
    ['{"id":"resp_1","output":[]}', '{"id":"resp_1","output":[]}'],
    ['{"error":{}}', '{"error":{}}'],
    [
      'event: response.output_item.added\ndata: {"item":{"id":""}}\n\n',
      'event: response.output_item.added\ndata: {"item":{"id":""}}\n\n',
    ],
  ];
  for (const [before, after] of CASES) {
    test(`${before === after ? 'stays in' : 'is filled into'} ${before.trim()}`, () =>
      expect(fill(before)).toBe(after));
  }
});

test('edits never throw on any bytes', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc
          .string({
            unit: fc.constantFrom('{', '}', '"', '\\', ':', ',', 'response', 'id', 'event: response.', '[', ' ', '\n'),
          })
          .map((text) => utf8.encode(text)),
      ),
      (bytes) => {
        dialect.quickScan(bytes);
        dialect.echoModel(bytes, 'm');
        dialect.fillId(bytes, 'i');
      },
    ),
    { numRuns: 1_000 },
  );
});
