/** What does a caller get of a tier that writes its tool calls in odd ways? The calls as meant, or another tier's answer. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { DialectName, JsonObject } from '#core/message';
import { dialects } from '#dialects/dialect';
import { quiet } from '#tests/server/quiet';
import { seenBy } from '#tests/server/replay-views';
import { PATH } from '#tests/server/said';
import type { Json } from '#tests/server/strict';
import { answerSteps } from '#tests/support/answers';
import { sse } from '#tests/support/fake-tier-steps';
import { startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const parameters = { type: 'object', properties: { path: { type: 'string' } } };

/** Each request opens a conversation of its own: an old one would stay with the tier that served it last. */
let opened = 0;
const asks = (content = `hello for the ${++opened}. time`): Record<DialectName, JsonObject> => ({
  'openai-chat': {
    messages: [{ role: 'user', content }],
    tools: [{ type: 'function', function: { name: 'read', parameters } }],
  },
  'anthropic-messages': {
    max_tokens: 500,
    messages: [{ role: 'user', content }],
    tools: [{ name: 'read', input_schema: parameters }],
  },
  'openai-responses': { input: content, tools: [{ type: 'function', name: 'read', parameters }] },
});

const data = (body: unknown): string => `data: ${JSON.stringify(body)}\n\n`;
const chunk = (delta: JsonObject, finish: string | null = null): string =>
  data({ id: 'x', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] });
const callChunk = (call: JsonObject): string => chunk({ tool_calls: [call] });
const named = (type: string, fields: JsonObject): string => `event: ${type}\n${data({ type, ...fields })}`;

const CHAT_END = [chunk({}, 'tool_calls'), 'data: [DONE]\n\n'];
const MESSAGE_START = named('message_start', {
  message: { id: 'm', role: 'assistant', content: [], model: 'm', usage: { input_tokens: 5, output_tokens: 1 } },
});
const MESSAGE_END = [
  named('message_delta', { delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } }),
  named('message_stop', {}),
];
const block = (index: number, id: string): string =>
  named('content_block_start', { index, content_block: { type: 'tool_use', id, name: 'read', input: {} } });
const input = (index: number, partial_json: string): string =>
  named('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json } });
const stop = (index: number): string => named('content_block_stop', { index });

const item = (id: string, call_id: string, text = ''): JsonObject => ({
  type: 'function_call',
  id,
  call_id,
  name: 'read',
  arguments: text,
});
const added = (output_index: number, what: JsonObject): string =>
  named('response.output_item.added', { output_index, item: what });
const args = (output_index: number, item_id: string, delta: string): string =>
  named('response.function_call_arguments.delta', { output_index, item_id, delta });
const done = (output_index: number, what: JsonObject): string =>
  named('response.output_item.done', { output_index, item: what });
const usage = { input_tokens: 5, output_tokens: 9, total_tokens: 14 };
const completed = (output: readonly JsonObject[]): string =>
  named('response.completed', { response: { id: 'r', model: 'm', status: 'completed', output, usage } });

const A = '{"path":"a"}';
const B = '{"path":"b"}';

const ONE_INDEX = 'one index for all';
const NO_INDEX = 'no ids, no indexes, both at once';
/** Bytes of the caller's own dialect pass as they are. */
const AS_WRITTEN: ReadonlySet<string> = new Set([ONE_INDEX, NO_INDEX]);

/** Streams that mean two calls, `read a` and `read b`. */
const TWO_CALLS: Record<DialectName, Record<string, readonly string[]>> = {
  'openai-chat': {
    'parallel calls, piece by piece in turn': [
      callChunk({ index: 0, id: 'c0', type: 'function', function: { name: 'read', arguments: '' } }),
      callChunk({ index: 1, id: 'c1', type: 'function', function: { name: 'read', arguments: '' } }),
      ...[...A].flatMap((letter, at) => [
        callChunk({ index: 0, function: { arguments: letter } }),
        callChunk({ index: 1, function: { arguments: B[at] } }),
      ]),
      ...CHAT_END,
    ],
    'arguments in front of the name': [
      callChunk({ index: 0, function: { arguments: A.slice(0, 5) } }),
      callChunk({ index: 0, id: 'c0', function: { name: 'read', arguments: A.slice(5) } }),
      callChunk({ index: 1, function: { arguments: B } }),
      callChunk({ index: 1, id: 'c1', function: { name: 'read' } }),
      ...CHAT_END,
    ],
    [NO_INDEX]: [
      chunk({
        tool_calls: [{ function: { name: 'read', arguments: A } }, { function: { name: 'read', arguments: B } }],
      }),
      ...CHAT_END,
    ],
    [ONE_INDEX]: [
      callChunk({ index: 0, id: 'c0', function: { name: 'read', arguments: A } }),
      callChunk({ index: 0, id: 'c1', function: { name: 'read', arguments: B } }),
      ...CHAT_END,
    ],
    'stop as the reason': [
      callChunk({ index: 0, id: 'c0', function: { name: 'read', arguments: A } }),
      callChunk({ index: 1, id: 'c1', function: { name: 'read', arguments: B } }),
      chunk({}, 'stop'),
      'data: [DONE]\n\n',
    ],
  },
  'anthropic-messages': {
    'parallel blocks, piece by piece in turn': [
      MESSAGE_START,
      block(0, 't0'),
      block(1, 't1'),
      ...[...A].flatMap((letter, at) => [input(0, letter), input(1, B[at] ?? '')]),
      stop(0),
      stop(1),
      ...MESSAGE_END,
    ],
    [ONE_INDEX]: [
      MESSAGE_START,
      block(0, 't0'),
      input(0, A),
      stop(0),
      block(0, 't1'),
      input(0, B),
      stop(0),
      ...MESSAGE_END,
    ],
    'no ends of blocks': [MESSAGE_START, block(0, 't0'), input(0, A), block(1, 't1'), input(1, B), ...MESSAGE_END],
  },
  'openai-responses': {
    'parallel items, piece by piece in turn': [
      added(0, item('f0', 'c0')),
      added(1, item('f1', 'c1')),
      ...[...A].flatMap((letter, at) => [args(0, 'f0', letter), args(1, 'f1', B[at] ?? '')]),
      done(0, item('f0', 'c0', A)),
      done(1, item('f1', 'c1', B)),
      completed([item('f0', 'c0', A), item('f1', 'c1', B)]),
    ],
    'deltas in front of their items': [
      args(0, 'f0', A.slice(0, 5)),
      args(1, 'f1', B),
      added(0, item('f0', 'c0')),
      args(0, 'f0', A.slice(5)),
      done(0, item('f0', 'c0', A)),
      done(1, item('f1', 'c1', B)),
      completed([item('f0', 'c0', A), item('f1', 'c1', B)]),
    ],
    'the closing event alone': [completed([item('f0', 'c0', A), item('f1', 'c1', B)])],
  },
};

/** Streams with one call that no caller may be given as a whole answer. */
const NO_END: Record<DialectName, readonly string[]> = {
  'openai-chat': [callChunk({ index: 0, id: 'c0', function: { name: 'read', arguments: A } })],
  'anthropic-messages': [MESSAGE_START, block(0, 't0'), input(0, A), stop(0)],
  'openai-responses': [added(0, item('f0', 'c0')), args(0, 'f0', A), done(0, item('f0', 'c0', A))],
};

const TWICE: Record<DialectName, readonly string[]> = {
  'openai-chat': [
    callChunk({ index: 0, id: 'c0', function: { name: 'read', arguments: A } }),
    callChunk({ index: 1, id: 'c0', function: { name: 'read', arguments: B } }),
    ...CHAT_END,
  ],
  'anthropic-messages': [
    MESSAGE_START,
    block(0, 't0'),
    input(0, A),
    stop(0),
    block(1, 't0'),
    input(1, B),
    stop(1),
    ...MESSAGE_END,
  ],
  'openai-responses': [
    added(0, item('f0', 'c0')),
    args(0, 'f0', A),
    done(0, item('f0', 'c0', A)),
    added(1, item('f1', 'c0')),
    args(1, 'f1', B),
    done(1, item('f1', 'c0', B)),
    completed([item('f0', 'c0', A), item('f1', 'c0', B)]),
  ],
};

const calls = (...paths: readonly string[]): readonly unknown[] =>
  paths.map((path) => ({ name: 'read', arguments: { path } }));

for (const { name: dialect } of Object.values(dialects))
  for (const { name: caller } of Object.values(dialects))
    describe(`${caller} caller, ${dialect} tier`, () => {
      let two: TwoTiers;
      beforeAll(async () => {
        two = await startTwoTiers({
          dialect,
          router: 'when_unproven = "verify"',
          fast: 'upstream_stream = "always"',
          tables: '[router.hold]\nallow = "all"\n',
        });
        two.heavy.always((request) =>
          answerSteps(dialect, (request.json as Json).stream === true, {
            blocks: [{ kind: 'tool', name: 'read', arguments: '{"path":"rescued"}' }],
          }),
        );
      });
      afterAll(async () => {
        await quiet(two.server);
        expect(two.server.bugs).toEqual([]);
        await two[Symbol.asyncDispose]();
      });

      const ask = async (stream: boolean) => {
        const response = await two.server.post(PATH[caller], { model: 'chat', stream, ...asks()[caller] });
        const body = await response.text();
        expect({ status: response.status, said: response.ok ? '' : body }).toEqual({ status: 200, said: '' });
        return seenBy(caller, stream, body);
      };

      for (const stream of [true, false]) {
        const how = stream ? 'streamed' : 'in one piece';
        for (const [what, events] of Object.entries(TWO_CALLS[dialect])) {
          if (caller === dialect && stream && AS_WRITTEN.has(what)) continue;
          test(`${what}, ${how}`, async () => {
            two.fast.always(sse(events));
            expect((await ask(stream)).tools).toEqual(calls('a', 'b') as never);
          });
        }

        test(`an end without a reason is no answer, ${how}`, async () => {
          two.fast.always(sse(NO_END[dialect]));
          expect((await ask(stream)).tools).toEqual(calls('rescued') as never);
        });

        test(`one id for two calls is proof of a bad answer, ${how}`, async () => {
          two.fast.always(sse(TWICE[dialect]));
          expect((await ask(stream)).tools).toEqual(calls('rescued') as never);
        });
      }
    });
