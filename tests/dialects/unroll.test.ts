/** Does a whole reply, told as a stream, say what it says, keep what has no typed form, and read as legal? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { DialectName, JsonObject, StreamPart } from '#core/message';
import { collectAnswer } from '#dialects/answer';
import { dialects } from '#dialects/dialect';
import { answerParts } from '#tests/dialects/part-sequences';
import { at, contextOf, decodeText, payloadsOf, textOf, utf8 } from '#tests/dialects/support';
import { GOOD_ANSWERS } from '#tests/support/answer';
import { wholeFor } from '#tests/support/answers';
import { createSseSplitter } from '#upstream/sse';

const NAMES = Object.keys(dialects) as DialectName[];

const unrolled = (name: DialectName, reply: JsonObject): string => dialects[name].unroll(reply, contextOf());

/** What parts amount to, but for how they are cut, and whether arguments that are none are spelt out. */
const gistOf = (parts: readonly StreamPart[]) => {
  const { blocks, usage, reason } = collectAnswer(parts);
  const spelt = blocks.map((block) => (block.kind === 'tool' && block.json === '' ? { ...block, json: '{}' } : block));
  return { blocks: spelt, usage, reason, ended: parts.at(-1)?.type };
};

/** The reply as the router has it when it unrolls it: with usage. */
const counted = (name: DialectName, reply: JsonObject): JsonObject => {
  const dialect = dialects[name];
  const parts = dialect.decoder().whole(reply);
  const owed = { told: false, estimate: { input: 3, output: 2 }, context: contextOf() };
  return JSON.parse(textOf(dialect.fillUsage(utf8.encode(JSON.stringify(reply)), parts, owed)));
};

/** The document a keeper puts together again from a stream. */
const collectedFrom = (name: DialectName, stream: string): JsonObject => {
  const dialect = dialects[name];
  const keeper = dialect.keeper?.();
  for (const frame of createSseSplitter(1_000_000).push(utf8.encode(stream))) keeper?.frame(frame.raw);
  const reply = dialect.encodeWhole(decodeText(dialect, stream), contextOf());
  if (!reply.ok) throw new Error(reply.failure.detail);
  return keeper?.complete(reply.body) ?? reply.body;
};

for (const name of NAMES) {
  describe(name, () => {
    const dialect = dialects[name];

    test('the stream says what a sound tier’s document says', () => {
      for (const answer of Object.values(GOOD_ANSWERS)) {
        const reply = counted(name, wholeFor(name, answer));
        const told = gistOf(decodeText(dialect, unrolled(name, reply)));
        expect(told).toEqual(gistOf(dialect.decoder().whole(reply)));
      }
    });

    test('and what any document of ours says', () => {
      fc.assert(
        fc.property(answerParts, (parts) => {
          const reply = dialect.encodeWhole(parts, contextOf());
          if (!reply.ok) return;
          const body: JsonObject = JSON.parse(JSON.stringify(reply.body));
          const told = gistOf(decodeText(dialect, unrolled(name, body)));
          expect(told).toEqual(gistOf(dialect.decoder().whole(body)));
        }),
        { numRuns: 200 },
      );
    });

    test('any document is told without a word', () => {
      fc.assert(
        fc.property(
          fc.dictionary(fc.constantFrom('content', 'choices', 'output', 'usage', 'id'), fc.jsonValue()),
          (reply) => {
            expect(payloadsOf(unrolled(name, reply)).length).toBeGreaterThan(0);
          },
        ),
      );
    });
  });
}

const SEARCH = { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { query: 'rain' } };
const CITED = { type: 'url_citation', url: 'x', start_index: 0, end_index: 1 };

test('a Responses stream keeps items of hosted tools, sources and members that nobody knows', () => {
  const message = {
    type: 'message',
    id: 'msg_1',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Rain.', annotations: [CITED], logprobs: [{ token: 'Rain.' }] }],
  };
  const reply = {
    id: 'resp_1',
    model: 'm',
    status: 'completed',
    odd: 1,
    output: [SEARCH, message],
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
  };
  const payloads = payloadsOf(unrolled('openai-responses', reply));
  expect(payloads.map((payload) => at(payload, 'sequence_number'))).toEqual([...payloads.keys()]);
  const done = payloads.filter((payload) => at(payload, 'type') === 'response.output_item.done');
  expect(done.map((payload) => at(payload, 'item'))).toEqual([SEARCH, message]);
  expect(at(payloads.at(-1), 'response')).toMatchObject(reply);
  expect(collectedFrom('openai-responses', unrolled('openai-responses', reply))).toMatchObject({
    odd: 1,
    output: [SEARCH, message],
  });
});

test('a Responses item without an id gets one, the same in all its events', () => {
  const output = [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a":1}' }];
  const payloads = payloadsOf(unrolled('openai-responses', { status: 'completed', output }));
  const ids = payloads.flatMap((payload) => at(payload, 'item_id') ?? at(payload, 'item', 'id') ?? []);
  expect(new Set(ids).size).toBe(1);
  expect(at(payloads.at(-1), 'response', 'output', 0, 'id')).toBe(ids[0]);
});

test('a Messages stream keeps blocks of server tools and sources', () => {
  const content = [
    { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'rain' } },
    { type: 'web_search_tool_result', tool_use_id: 's', content: [{ type: 'web_search_result', url: 'x' }] },
    { type: 'text', text: 'Rain.', citations: [{ type: 'web_search_result_location', url: 'x' }] },
  ];
  const reply = {
    id: 'msg_1',
    content,
    container: { id: 'c' },
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 1 } },
  };
  const collected = collectedFrom('anthropic-messages', unrolled('anthropic-messages', reply));
  expect(collected).toMatchObject({
    content,
    container: { id: 'c' },
    usage: { server_tool_use: { web_search_requests: 1 } },
  });
});

test('a Chat stream keeps log probabilities, sources, further choices and members that nobody knows', () => {
  const message = { role: 'assistant', content: 'Rain.', annotations: [CITED], odd: 1 };
  const other = { index: 1, message: { content: 'Sun.' }, finish_reason: 'length' };
  const reply = {
    id: 'chatcmpl-1',
    model: 'm',
    citations: ['x'],
    choices: [{ index: 0, message, logprobs: { content: [{ token: 'Rain.' }] }, finish_reason: 'stop' }, other],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  };
  const stream = unrolled('openai-chat', reply);
  expect(collectedFrom('openai-chat', stream)).toMatchObject({
    citations: ['x'],
    choices: [{ message, logprobs: { content: [{ token: 'Rain.' }] } }],
  });
  const second = payloadsOf(stream).filter((payload) => at(payload, 'choices', 0, 'index') === 1);
  expect(second.map((payload) => at(payload, 'choices', 0, 'delta', 'content'))).toEqual(['Sun.', undefined]);
  expect(at(payloadsOf(stream).at(-2), 'usage')).toEqual(reply.usage);
});

test('a Chat caller that asked for no usage gets none', () => {
  const reply = wholeFor('openai-chat', GOOD_ANSWERS.text);
  const stream = dialects['openai-chat'].unroll(reply, contextOf({ includeUsage: false }));
  expect(stream).not.toContain('"usage"');
});
