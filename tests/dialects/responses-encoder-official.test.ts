/** Does the official OpenAI client understand our Responses streams, whole replies and errors, sent over a socket? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import OpenAI from 'openai';
import { sayFailure } from '#core/error-table';
import { failure } from '#core/failure';
import type { StreamPart, ToolOrigin } from '#core/message';
import { openaiResponses as dialect } from '#dialects/openai-responses/dialect';
import { contextOf, encodeParts } from '#tests/dialects/support';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { json, sse } from '#tests/support/fake-tier-steps';
import { rejectionOf } from '#tests/support/rejection';

const PARTS: readonly StreamPart[] = [
  { type: 'start' },
  { type: 'thinking-start', index: 0 },
  { type: 'thinking-delta', index: 0, text: 'Hm.' },
  { type: 'thinking-signature', index: 0, signature: 'gAAA', origin: 'openai-responses' },
  { type: 'thinking-end', index: 0 },
  { type: 'text-start', index: 1 },
  { type: 'text-delta', index: 1, text: 'Größe ' },
  { type: 'text-delta', index: 1, text: '🙂' },
  { type: 'text-end', index: 1 },
  { type: 'tool-start', index: 2, id: 'call_a', name: 'files__read' },
  { type: 'tool-delta', index: 2, json: '{"path":' },
  { type: 'tool-start', index: 3, id: 'call_b', name: 'patch' },
  { type: 'tool-delta', index: 3, json: '{"input":"*** Begin"}' },
  { type: 'tool-delta', index: 2, json: '"a"}' },
  { type: 'tool-end', index: 2 },
  { type: 'tool-end', index: 3 },
  { type: 'refusal-delta', text: 'But no.' },
  { type: 'finish', reason: 'tool-calls' },
  { type: 'usage', usage: { input: 50, output: 9, cacheRead: 20, reasoning: 3 } },
  { type: 'end' },
];

const ORIGINS: Readonly<Record<string, ToolOrigin>> = {
  files__read: { kind: 'function', namespace: 'files', name: 'read' },
  patch: { kind: 'custom', name: 'patch' },
};
const context = contextOf({ toolOrigin: (name) => ORIGINS[name] });
const ASK = { model: 'planning', input: 'go' };

const seen = ({ output, output_text, status, usage, model, id }: OpenAI.Responses.Response) => ({
  id,
  model,
  status,
  output_text,
  items: output.map((item): unknown => {
    if (item.type === 'reasoning') return [item.type, item.summary.map(({ text }) => text), item.encrypted_content];
    if (item.type === 'function_call') return [item.type, item.namespace, item.name, item.call_id, item.arguments];
    if (item.type === 'custom_tool_call') return [item.type, item.name, item.call_id, item.input];
    if (item.type !== 'message') return item.type;
    return [item.type, item.content.map((part) => (part.type === 'refusal' ? part.refusal : part.text))];
  }),
  usage: [usage?.input_tokens, usage?.input_tokens_details.cached_tokens, usage?.output_tokens, usage?.total_tokens],
});

const EXPECTED: ReturnType<typeof seen> = {
  id: 'resp_0123456789abcdef01234567',
  model: 'planning',
  status: 'completed',
  output_text: 'Größe 🙂',
  items: [
    ['reasoning', ['Hm.'], 'gAAA'],
    ['message', ['Größe 🙂']],
    ['function_call', 'files', 'read', 'call_a', '{"path":"a"}'],
    ['custom_tool_call', 'patch', 'call_b', '*** Begin'],
    ['message', ['But no.']],
  ],
  usage: [50, 20, 9, 59],
};

/** Our stream, one chunk per event, with a keepalive in front of each. */
const keptAlive = (text: string): readonly string[] =>
  text
    .split(/(?<=\n\n)/)
    .filter((event) => event !== '')
    .flatMap((event) => [dialect.keepalive, event]);

describe('the OpenAI client', () => {
  let tier: FakeTier;
  let client: OpenAI;

  beforeAll(async () => {
    tier = await startFakeTier();
    client = new OpenAI({ apiKey: 'k', baseURL: `${tier.url}/v1`, maxRetries: 0 });
  });
  afterAll(() => tier.stop());

  test('reads our stream with its helper, keepalives in between', async () => {
    tier.reply(sse(keptAlive(encodeParts(dialect, PARTS, context))));
    expect(seen(await client.responses.stream(ASK).finalResponse())).toEqual(EXPECTED);
  });

  test('sees every delta of our stream as it comes', async () => {
    tier.reply(sse(keptAlive(encodeParts(dialect, PARTS, context))));
    const text: string[] = [];
    let last: string | undefined;
    for await (const event of await client.responses.create({ ...ASK, stream: true })) {
      if (event.type === 'response.output_text.delta') text.push(event.delta);
      last = event.type;
    }
    expect(text).toEqual(['Größe ', '🙂']);
    expect(last).toBe('response.completed');
  });

  test('reads our whole reply', async () => {
    const reply = dialect.encodeWhole(PARTS, context);
    tier.reply(json(200, reply.ok ? reply.body : undefined));
    expect(seen(await client.responses.create(ASK))).toEqual(EXPECTED);
  });

  test('learns why an answer is incomplete', async () => {
    const cut: readonly StreamPart[] = [...PARTS.slice(0, 7), { type: 'finish', reason: 'length' }, { type: 'end' }];
    tier.reply(sse([encodeParts(dialect, cut, context)]));
    const response = await client.responses.stream(ASK).finalResponse();
    expect([response.status, response.incomplete_details?.reason]).toEqual(['incomplete', 'max_output_tokens']);
    expect(response.output_text).toBe('Größe ');
  });

  test('learns in the stream that the answer failed, and why', async () => {
    const told = sayFailure(failure('exhausted', 'no tier could serve this'), dialect.name, 'stream');
    const spoken = encodeParts(dialect, PARTS.slice(0, 7), context);
    tier.reply(sse([spoken, dialect.errorEvent(told, 'req_0123456789abcdef01234567')]));
    const response = await client.responses.stream(ASK).finalResponse();
    expect(response.status).toBe('failed');
    expect(response.error?.message).toBe('no tier could serve this');
  });

  test('gets the words and the code of an error that comes instead of an answer', async () => {
    const told = sayFailure(failure('over-context', 'too long'), dialect.name, 'head');
    tier.reply(json(told.status, dialect.errorBody(told, 'req_1')));
    const error = await rejectionOf(client.responses.create(ASK));
    expect(error).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    expect(error.message).toContain('too long');
  });
});
