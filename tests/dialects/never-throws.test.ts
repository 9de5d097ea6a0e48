/** Can a server or a caller make a dialect throw? Not with any bytes, any JSON, or anything close to the real thing. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { checkChatStream, checkMessagesStream } from '#tests/dialects/legal-streams';
import { contextOf, decodeChunks, encodeParts, tierOf } from '#tests/dialects/support';

const RUNS = { numRuns: 600 };
const any = fc.jsonValue({ maxDepth: 2 });

/** An object with some of the members that matter, each of them sane or not. */
const near = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 4, arbitrary: fc.record(members, { requiredKeys: [] }) }, { weight: 1, arbitrary: any });
const word = (...words: string[]): fc.Arbitrary<unknown> => fc.oneof(fc.constantFrom(...words), any);
const some = (entry: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.oneof(fc.array(entry, { maxLength: 3 }), any);
const number = fc.oneof(fc.integer({ min: -1, max: 3 }), any);

const called = near({ name: word('A', ''), arguments: word('{"x":', '1}', '') });
const toolCall = near({ index: number, id: word('a', 'b', ''), type: word('function'), function: called });
const chatDelta = near({
  role: word('assistant'),
  content: word('hi', ''),
  reasoning_content: word('hm'),
  reasoning: word('hm'),
  refusal: word('no'),
  tool_calls: some(toolCall),
  function_call: called,
});
const chatChunk = near({
  id: any,
  model: any,
  choices: some(
    near({
      index: number,
      delta: chatDelta,
      message: chatDelta,
      finish_reason: word('stop', 'error'),
      stop_reason: any,
    }),
  ),
  usage: near({ prompt_tokens: number, completion_tokens: number, prompt_tokens_details: any }),
  error: fc.option(any, { freq: 8 }),
});

const block = near({
  type: word(
    'text',
    'thinking',
    'redacted_thinking',
    'tool_use',
    'server_tool_use',
    'tool_result',
    'image',
    'document',
  ),
  text: word('hi'),
  thinking: word('hm'),
  signature: word('EqQB'),
  data: word('x'),
  id: word('t'),
  name: word('A'),
  input: any,
  tool_use_id: word('t'),
  content: any,
  source: near({
    type: word('base64', 'url', 'text', 'content', 'file'),
    data: word('x'),
    media_type: word('a/b'),
    url: word('u'),
    content: any,
  }),
  is_error: any,
  cache_control: any,
});
const messagesEvent = near({
  type: word(
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
    'error',
    'ping',
  ),
  index: number,
  message: near({ id: any, model: any, usage: any, content: any }),
  content_block: block,
  delta: near({
    type: word('text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta', 'citations_delta'),
    text: word('hi'),
    thinking: word('hm'),
    partial_json: word('{', '}'),
    stop_reason: word('end_turn', 'tool_use', null as never),
    stop_sequence: any,
  }),
  usage: near({ input_tokens: number, output_tokens: number, cache_read_input_tokens: number }),
  error: any,
});

const EVENTS = { 'openai-chat': chatChunk, 'anthropic-messages': messagesEvent } as const;

/** Blocks start, grow and end in order, each index once. */
const checkOrder = (parts: readonly StreamPart[]): void => {
  const open = new Map<number, string>();
  const known = new Set<number>();
  for (const part of parts) {
    if (!('index' in part)) continue;
    const kind = part.type.split('-')[0] ?? '';
    if (part.type.endsWith('-start')) {
      if (known.has(part.index)) throw new Error(`index ${part.index} starts twice`);
      known.add(part.index);
      open.set(part.index, kind);
    } else {
      if (open.get(part.index) !== kind) throw new Error(`${part.type} in no open ${kind} block`);
      if (part.type.endsWith('-end')) open.delete(part.index);
    }
  }
  if (parts.some(({ type }) => type === 'end') && open.size > 0) throw new Error('the answer ends with open blocks');
};

const names = ['openai-chat', 'anthropic-messages'] as const;
for (const name of names) {
  describe(name, () => {
    const dialect = dialects[name];

    test('decodes any bytes', () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => checkOrder(decodeChunks(dialect, chunks))),
        RUNS,
      );
    });

    test('decodes any events into parts in legal order, once the error ends it', () => {
      fc.assert(
        fc.property(fc.array(EVENTS[name], { maxLength: 8 }), fc.boolean(), (events, close) => {
          const decoder = dialect.decoder();
          const parts = events.flatMap((event) => decoder.event({ event: undefined, data: JSON.stringify(event) }));
          if (close) parts.push(...decoder.close());
          checkOrder(parts);
        }),
        { numRuns: 3_000 },
      );
    });

    test('decodes any whole reply into an error or a complete answer', () => {
      const reply =
        name === 'openai-chat' ? chatChunk : near({ content: some(block), stop_reason: word('end_turn'), usage: any });
      fc.assert(
        fc.property(fc.oneof(reply, any), (document) => {
          const parts = dialect.decoder().whole(document);
          checkOrder(parts);
          expect(parts.at(-1)?.type === 'end' || parts.some(({ type }) => type === 'error')).toBe(true);
        }),
        { numRuns: 2_000 },
      );
    });

    test('speaks whatever any decoder reported in legal order', () => {
      const check = name === 'openai-chat' ? (text: string) => checkChatStream(text, true) : checkMessagesStream;
      for (const from of names) {
        fc.assert(
          fc.property(fc.array(EVENTS[from], { maxLength: 8 }), (events) => {
            const decoder = dialects[from].decoder();
            const parts = events.flatMap((event) => decoder.event({ event: undefined, data: JSON.stringify(event) }));
            const closed = parts.filter(({ type }) => type !== 'end' && type !== 'error');
            check(encodeParts(dialect, [...closed, { type: 'end' }]));
            dialect.encodeWhole(closed, contextOf());
          }),
          { numRuns: 1_000 },
        );
      }
    });

    test('reads any body, and translates and forwards every one it accepts', () => {
      const message = near({
        role: word('user', 'assistant', 'system', 'developer', 'tool', 'function', 'other'),
        content: fc.oneof(
          fc.constant('hi'),
          some(
            near({
              ...{ type: word('text', 'image_url', 'file', 'input_audio', 'refusal') },
              text: word('x'),
              image_url: any,
              file: any,
              input_audio: any,
            }),
          ),
          some(block),
        ),
        tool_calls: fc.option(some(toolCall)),
        tool_call_id: word('a'),
        reasoning_content: any,
        function_call: any,
        name: any,
        cache_control: any,
      });
      const body = fc.record(
        {
          model: fc.constantFrom('m', null),
          messages: fc.array(message, { minLength: 1, maxLength: 3 }),
          max_tokens: fc.constantFrom(1, 100, 5_000),
          system: fc.oneof(fc.constant('s'), fc.constant(undefined), some(block)),
          tools: fc.oneof(
            fc.constant(undefined),
            some(
              near({
                type: word('function', 'custom'),
                function: near({ name: word('A'), parameters: any }),
                name: word('A'),
                input_schema: any,
              }),
            ),
          ),
          tool_choice: fc.oneof(fc.constant(undefined), any),
          thinking: fc.oneof(fc.constant(undefined), any),
          output_config: fc.oneof(fc.constant(undefined), any),
          response_format: fc.oneof(fc.constant(undefined), any),
          reasoning: any,
          metadata: any,
        },
        { requiredKeys: ['messages', 'max_tokens'] },
      );
      let accepted = 0;
      fc.assert(
        fc.property(body, fc.constantFrom('local', 'cloud'), fc.boolean(), (raw, privacy, stream) => {
          const text = JSON.stringify(raw);
          const parsed = JSON.parse(text);
          const request = dialect.readRequest(parsed, text);
          if ('kind' in request) return;
          accepted++;
          void [request.facts.chars, request.facts.lastUserText, request.facts.firstUserText, request.facts.systemText];
          JSON.parse(dialect.forward(request, tierOf({ dialect: name, privacy, maxOutputTokens: 50 }), stream).text);
          const conversation = dialect.conversation(request);
          for (const other of names) {
            JSON.parse(dialects[other].render(conversation, request, tierOf({ dialect: other, privacy }), stream).text);
          }
        }),
        { numRuns: 3_000 },
      );
      expect(accepted).toBeGreaterThan(50);
    });

    test('reads any error reply', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 300, max: 599 }),
          fc.oneof(
            fc.string(),
            any.map((value) => JSON.stringify(value)),
          ),
          (status, body) => {
            expect(dialect.classifyError(status, body).detail).toContain(String(status));
          },
        ),
        RUNS,
      );
    });
  });
}
