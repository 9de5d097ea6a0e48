/** Can a server make the Responses decoder throw, or talk out of order? Not with any bytes, nor with nearly right events. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { openaiResponses as dialect } from '#dialects/openai-responses/dialect';
import { checkResponsesStream } from '#tests/dialects/legal-responses';
import { at, contextOf, decodeChunks, encodeParts, utf8 } from '#tests/dialects/support';
import { any, EVENTS, near, some, word } from '#tests/dialects/wild-values';
import { createSseSplitter } from '#upstream/sse';

const RUNS = { numRuns: 400 };

const number = fc.oneof(fc.integer({ min: -1, max: 3 }), any);
const ITEM_TYPES = ['message', 'reasoning', 'function_call', 'custom_tool_call', 'web_search_call', 'tool_search_call'];
const content = near({ type: word('output_text', 'refusal', 'summary_text'), text: word('hi'), refusal: word('no') });
const item = near({
  id: word('a', 'b', ''),
  type: word(...ITEM_TYPES),
  call_id: word('c', ''),
  name: word('A', ''),
  namespace: word('n'),
  arguments: word('{"x":', '1}'),
  input: word('raw'),
  content: some(content),
  summary: some(content),
  encrypted_content: word('gAAA', ''),
});
const response = near({
  id: word('resp_1', ''),
  model: word('m'),
  status: word('completed', 'incomplete', 'failed', 'in_progress', 'cancelled'),
  output: some(item),
  usage: near({ input_tokens: number, output_tokens: number, input_tokens_details: any, output_tokens_details: any }),
  incomplete_details: near({ reason: word('max_output_tokens') }),
  error: fc.option(any, { freq: 8 }),
});
const TYPES = [
  'response.created',
  'response.in_progress',
  'response.output_item.added',
  'response.output_item.done',
  'response.output_text.delta',
  'response.refusal.delta',
  'response.reasoning_summary_text.delta',
  'response.reasoning_text.delta',
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
  'response.output_text.done',
  'response.completed',
  'response.incomplete',
  'response.failed',
  'error',
];
const event = near({
  type: word(...TYPES),
  output_index: number,
  content_index: number,
  summary_index: number,
  item_id: word('a', 'b'),
  delta: word('x', '{"', ''),
  item,
  response,
  error: fc.option(any, { freq: 8 }),
});
const events = fc.array(event, { maxLength: 10 });

/** Blocks start, grow and end in order, each index once; nothing is open at the end. */
const checkOrder = (parts: readonly StreamPart[]): void => {
  const open = new Map<number, string>();
  let next = 0;
  for (const part of parts) {
    if (!('index' in part)) continue;
    const kind = part.type.split('-')[0] ?? '';
    if (part.type.endsWith('-start')) {
      if (part.index !== next++) throw new Error(`index ${part.index} starts out of turn`);
      open.set(part.index, kind);
    } else if (open.get(part.index) !== kind) throw new Error(`${part.type} in no open ${kind} block`);
    else if (part.type.endsWith('-end')) open.delete(part.index);
  }
  const ends = parts.filter(({ type }) => type === 'end').length;
  if (ends > 1 || (ends === 1 && (open.size > 0 || parts.at(-1)?.type !== 'end'))) throw new Error('a bad end');
};

const decodeAll = (list: readonly unknown[]): readonly StreamPart[] => {
  const decoder = dialect.decoder();
  const parts = list.flatMap((one) => decoder.event({ event: undefined, data: JSON.stringify(one) }));
  if (decoder.ended() !== parts.some(({ type }) => type === 'end')) throw new Error('an end that is none');
  return [...parts, ...decoder.close()];
};

test('any bytes decode', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => checkOrder(decodeChunks(dialect, chunks))),
    RUNS,
  );
});

test('any events decode into parts in legal order', () => {
  fc.assert(
    fc.property(events, (list) => checkOrder(decodeAll(list))),
    { numRuns: 1_000 },
  );
});

test('any whole reply decodes into an error or a complete answer', () => {
  fc.assert(
    fc.property(fc.oneof(response, any), (reply) => {
      const parts = dialect.decoder().whole(reply);
      checkOrder(parts);
      expect(parts.at(-1)?.type === 'end' || parts.some(({ type }) => type === 'error')).toBe(true);
    }),
    RUNS,
  );
});

test('whatever any decoder reports is spoken in legal order', () => {
  const wild = {
    ...EVENTS,
    'openai-responses': event,
  };
  for (const from of Object.keys(wild) as (keyof typeof wild)[]) {
    fc.assert(
      fc.property(fc.array(wild[from], { maxLength: 8 }), (list) => {
        const decoder = dialects[from].decoder();
        const parts = list.flatMap((one) => decoder.event({ event: undefined, data: JSON.stringify(one) }));
        const closed = parts.filter(({ type }) => type !== 'end' && type !== 'error');
        checkResponsesStream(encodeParts(dialect, [...closed, { type: 'end' }]));
        expect(dialect.encodeWhole(closed, contextOf()).ok).toBe(true);
      }),
      RUNS,
    );
  }
});

test('a frame that the quick scan lets pass never tells usage, finish, error or end', () => {
  const significant = new Set(['usage', 'finish', 'error', 'end']);
  fc.assert(
    fc.property(event, fc.constantFrom(undefined, 1), fc.boolean(), (one, indent, named) => {
      const type = at(one, 'type');
      const line = named && typeof type === 'string' ? `event: ${type.replace(/[\r\n]/g, '')}\n` : '';
      const data = JSON.stringify(one, undefined, indent).replaceAll('\n', '\ndata: ');
      const [frame] = createSseSplitter(100_000).push(utf8.encode(`${line}data: ${data}\n\n`));
      if (!frame || dialect.quickScan(frame.raw)) return;
      const told = dialect
        .decoder()
        .event(frame)
        .filter((part) => significant.has(part.type));
      // What no server means as an event of the dialect is malformed, and caught where streams are checked.
      expect(told.filter((part) => part.type !== 'error' || part.kind !== 'malformed')).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
