/** Which events and members of our Responses stream would break a client if they were left out? One test each. */
import { describe, expect, test } from 'bun:test';
import type { StreamPart, ToolOrigin } from '#core/message';
import { openaiResponses as dialect } from '#dialects/openai-responses/dialect';
import { changedStream, withoutEvent, withoutMember } from '#tests/dialects/left-out';
import { checkResponsesStream } from '#tests/dialects/legal-responses';
import { readResponses } from '#tests/dialects/stream-clients';
import { at, contextOf, encodeParts, payloadsOf } from '#tests/dialects/support';
import { rejectionOf } from '#tests/support/rejection';

const PARTS: readonly StreamPart[] = [
  { type: 'thinking-start', index: 0 },
  { type: 'thinking-delta', index: 0, text: 'hm' },
  { type: 'thinking-end', index: 0 },
  { type: 'text-start', index: 1 },
  { type: 'text-delta', index: 1, text: 'hello' },
  { type: 'text-end', index: 1 },
  { type: 'tool-start', index: 2, id: 'call_a', name: 'files__read' },
  { type: 'tool-delta', index: 2, json: '{"path":"a"}' },
  { type: 'tool-end', index: 2 },
  { type: 'finish', reason: 'tool-calls' },
  { type: 'usage', usage: { input: 50, output: 9 } },
  { type: 'end' },
];
const read: ToolOrigin = { kind: 'function', namespace: 'files', name: 'read' };
const SPOKEN = encodeParts(dialect, PARTS, contextOf({ toolOrigin: () => read }));

/** Numbered anew, so that only what is missing can be at fault. */
const numbered = (body: string): string =>
  changedStream(body, (events) => events.map((event, sequence) => ({ ...event, sequence_number: sequence })));

test('nothing is left out of our stream, and the official client reads it', async () => {
  checkResponsesStream(SPOKEN);
  expect(numbered(SPOKEN)).toBe(SPOKEN);
  expect(at(await readResponses(SPOKEN), 'status')).toBe('completed');
});

/** What the official client's stream helper does without is run; what other clients do was measured, or read in them. */
const OPENAI_SDK = 'the OpenAI SDK';

const EVENTS: readonly (readonly [type: string, breaks: string])[] = [
  ['response.created', OPENAI_SDK],
  ['response.output_item.added', OPENAI_SDK],
  ['response.content_part.added', OPENAI_SDK],
  ['response.reasoning_summary_part.added', OPENAI_SDK],
  ['response.output_text.delta', 'the Vercel AI SDK, which reads text from deltas alone'],
  ['response.output_item.done', 'Codex, which reads items from it alone'],
  ['response.completed', 'Codex, which waits for it'],
];

describe('without the event', () => {
  for (const [type, breaks] of EVENTS) {
    test(`${type}, ${breaks} would break`, async () => {
      const body = numbered(withoutEvent(SPOKEN, type));
      expect(body).not.toBe(SPOKEN);
      expect(() => checkResponsesStream(body)).toThrow();
      if (breaks === OPENAI_SDK) await rejectionOf(readResponses(body));
    });
  }
});

const MEMBERS: readonly (readonly [path: string, breaks: string])[] = [
  ['item_id', OPENAI_SDK],
  ['output_index', OPENAI_SDK],
  ['content_index', OPENAI_SDK],
  ['summary_index', OPENAI_SDK],
  ['part', OPENAI_SDK],
  ['item.type', OPENAI_SDK],
  ['item.id', OPENAI_SDK],
  ['item.call_id', OPENAI_SDK],
  ['item.content', OPENAI_SDK],
  ['item.status', 'the Vercel AI SDK, which takes a call for done when its status says so'],
  ['item.name', 'the Vercel AI SDK and Codex, which take no call without a name'],
  ['item.arguments', 'the Vercel AI SDK, which takes no call without arguments, empty at first'],
  ['delta', 'the Vercel AI SDK'],
  ['response.id', 'the Vercel AI SDK'],
  ['response.created_at', 'the Vercel AI SDK'],
  ['response.model', 'the Vercel AI SDK'],
  ['response.usage', 'opencode, which loops'],
  ['response.usage.input_tokens', 'Codex, which asks again'],
  ['response.usage.output_tokens', 'Codex, which asks again'],
  ['response.usage.total_tokens', 'Codex, which asks again'],
  ['response.usage.input_tokens_details.cached_tokens', 'Codex, which asks again'],
  ['response.usage.output_tokens_details.reasoning_tokens', 'Codex, which asks again'],
];

describe('without the member', () => {
  for (const [path, breaks] of MEMBERS) {
    test(`${path}, ${breaks} would break`, async () => {
      const body = numbered(withoutMember(SPOKEN, path));
      expect(body).not.toBe(SPOKEN);
      expect(() => checkResponsesStream(body)).toThrow();
      if (breaks === OPENAI_SDK) await rejectionOf(readResponses(body));
    });
  }

  test('namespace, Codex would not find the tool', () => {
    const items = payloadsOf(SPOKEN).flatMap((event) => at(event, 'item') ?? []);
    const calls = items.filter((item) => at(item, 'type') === 'function_call');
    expect(calls.map((item) => [at(item, 'namespace'), at(item, 'name')])).toEqual([
      ['files', 'read'],
      ['files', 'read'],
    ]);
  });
});

test('usage is whole numbers, whatever a tier counts in, because Codex takes no others', () => {
  const parts: readonly StreamPart[] = [
    { type: 'usage', usage: { input: 1.5, output: 2.4, cacheRead: 0.5, reasoning: 0.2 } },
    { type: 'end' },
  ];
  const usage = at(payloadsOf(encodeParts(dialect, parts)).at(-1), 'response', 'usage');
  expect(usage).toMatchObject({ input_tokens: 2, output_tokens: 2, total_tokens: 4 });
  expect(JSON.stringify(usage)).not.toContain('.');
});
