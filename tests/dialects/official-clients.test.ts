/** Do the official clients understand what we speak? Their own stream helpers read our streams and whole replies. */
import { describe, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { sayFailure } from '#core/error-table';
import { failure } from '#core/failure';
import type { StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { contextOf, encodeParts } from '#tests/dialects/support';

const PARTS: readonly StreamPart[] = [
  { type: 'start' },
  { type: 'thinking-start', index: 0 },
  { type: 'thinking-delta', index: 0, text: 'Hm.' },
  { type: 'thinking-end', index: 0 },
  { type: 'text-start', index: 1 },
  { type: 'text-delta', index: 1, text: 'Größe ' },
  { type: 'text-delta', index: 1, text: '🙂' },
  { type: 'text-end', index: 1 },
  { type: 'tool-start', index: 2, id: 'call_a', name: 'Read' },
  { type: 'tool-delta', index: 2, json: '{"path":' },
  { type: 'tool-start', index: 3, id: 'call_b', name: 'List' },
  { type: 'tool-delta', index: 2, json: '"a"}' },
  { type: 'tool-end', index: 2 },
  { type: 'tool-end', index: 3 },
  { type: 'finish', reason: 'tool-calls' },
  { type: 'usage', usage: { input: 50, output: 9, cacheRead: 20 } },
  { type: 'end' },
];

const USER = [{ role: 'user' as const, content: 'go' }];

const answering = (body: string, contentType: string, status = 200): typeof fetch =>
  // Only the call itself is needed of the fetch interface.
  (async () => new Response(body, { status, headers: { 'content-type': contentType } })) as unknown as typeof fetch;

const anthropic = (body: string, type = 'text/event-stream', status = 200): Anthropic =>
  new Anthropic({ apiKey: 'k', baseURL: 'http://localhost', maxRetries: 0, fetch: answering(body, type, status) });
const openai = (body: string, type = 'text/event-stream', status = 200): OpenAI =>
  new OpenAI({ apiKey: 'k', baseURL: 'http://localhost/v1', maxRetries: 0, fetch: answering(body, type, status) });

describe('the Anthropic client', () => {
  const dialect = dialects['anthropic-messages'];
  const ask = { model: 'planning', max_tokens: 100, messages: USER };
  const seen = (message: Anthropic.Message) => ({
    blocks: message.content.map((block): string => block.type),
    text: message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
    inputs: message.content.flatMap((block) => (block.type === 'tool_use' ? [block.input] : [])),
    stop: String(message.stop_reason),
    usage: [message.usage.input_tokens, message.usage.cache_read_input_tokens, message.usage.output_tokens],
    model: String(message.model),
  });
  const expected = {
    blocks: ['thinking', 'text', 'tool_use', 'tool_use'],
    text: 'Größe 🙂',
    inputs: [{ path: 'a' }, {}],
    stop: 'tool_use',
    usage: [30, 20, 9],
    model: 'planning',
  };

  test('reads our stream', async () => {
    const message = await anthropic(encodeParts(dialect, PARTS)).messages.stream(ask).finalMessage();
    expect(seen(message)).toEqual(expected);
  });

  test('reads our stream with keepalives in front and in the middle', async () => {
    const spoken = encodeParts(dialect, PARTS);
    const kept =
      dialect.keepalive + spoken.replace('event: content_block_stop', `${dialect.keepalive}event: content_block_stop`);
    expect(seen(await anthropic(kept).messages.stream(ask).finalMessage())).toEqual(expected);
  });

  test('reads our whole reply', async () => {
    const reply = dialect.encodeWhole(PARTS, contextOf());
    const body = JSON.stringify(reply.ok ? reply.body : undefined);
    expect(seen(await anthropic(body, 'application/json').messages.create(ask))).toEqual(expected);
  });

  test('fails on our error event, after whatever was said before', async () => {
    const spoken =
      encodeParts(dialect, PARTS.slice(0, 7)) +
      dialect.errorEvent(sayFailure(failure('broken', 'broke off'), dialect.name, 'stream'), 'req_1');
    await expect(anthropic(spoken).messages.stream(ask).finalMessage()).rejects.toThrow(/broke off/);
  });

  test('knows the refusal of a thread by its code', async () => {
    const refusal = dialect.readRequest({ ...ask, thread: { type: 'create' } }, '{}');
    if (!('kind' in refusal)) throw new Error('accepted');
    const body = JSON.stringify(dialect.errorBody(sayFailure(refusal, dialect.name, 'head'), 'req_1'));
    const error = await anthropic(body, 'application/json', refusal.status)
      .messages.create(ask)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toMatchObject({ status: 400, errorCode: 'thread_unsupported_request' });
  });
});

describe('the OpenAI client', () => {
  const dialect = dialects['openai-chat'];
  const ask = { model: 'planning', messages: USER };
  const seen = ({ choices, usage, model }: OpenAI.ChatCompletion) => ({
    text: choices[0]?.message.content,
    calls: choices[0]?.message.tool_calls?.map((call) => (call.type === 'function' ? [call.id, call.function] : call)),
    finish: choices[0]?.finish_reason,
    usage: [usage?.prompt_tokens, usage?.prompt_tokens_details?.cached_tokens, usage?.completion_tokens],
    model,
  });
  const expected = {
    text: 'Größe 🙂',
    calls: [
      ['call_a', { name: 'Read', arguments: '{"path":"a"}' }],
      ['call_b', { name: 'List', arguments: '{}' }],
    ],
    finish: 'tool_calls' as const,
    usage: [50, 20, 9],
    model: 'planning',
  };

  test('reads our stream', async () => {
    const client = openai(encodeParts(dialect, PARTS));
    const stream = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
    const { choices, usage, model } = await stream.finalChatCompletion();
    const plain = JSON.parse(JSON.stringify({ choices, usage, model }), (key, value) =>
      key === 'parsed_arguments' ? undefined : value,
    );
    expect(seen(plain)).toEqual(expected);
  });

  test('reads our whole reply', async () => {
    const reply = dialect.encodeWhole(PARTS, contextOf());
    const body = JSON.stringify(reply.ok ? reply.body : undefined);
    expect(seen(await openai(body, 'application/json').chat.completions.create(ask))).toEqual(expected);
  });

  test('fails on our error event, and passes over keepalives', async () => {
    const spoken =
      dialect.keepalive +
      encodeParts(dialect, PARTS.slice(0, 7)) +
      dialect.errorEvent(sayFailure(failure('broken', 'broke off'), dialect.name, 'stream'), 'req_1');
    await expect(openai(spoken).chat.completions.stream(ask).finalChatCompletion()).rejects.toThrow(/broke off/);
  });

  test('gets the code of an error that it acts on', async () => {
    const body = JSON.stringify(
      dialect.errorBody(sayFailure(failure('over-context', 'too long'), dialect.name, 'head'), 'req_1'),
    );
    const error = await openai(body, 'application/json', 413)
      .chat.completions.create(ask)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toMatchObject({ status: 413, code: 'context_length_exceeded' });
  });
});
