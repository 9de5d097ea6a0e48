/** How a Responses tier writes an answer: the events of a Responses stream, or one JSON reply. */
import type { FinishReason, JsonObject, Usage } from '#core/message';
import { type Answer, type AnswerBlock, finishOf, piecesOf, toolIdOf, usageOf } from '#tests/support/answer';

const INCOMPLETE: Partial<Record<FinishReason, string>> = {
  length: 'max_output_tokens',
  'content-filter': 'content_filter',
};

/** The closing members; undefined when the answer never says why it ended. Stop texts have no word here. */
const closingOf = (answer: Answer): JsonObject | undefined => {
  const finish = finishOf(answer);
  if (finish === 'none') return undefined;
  const reason = typeof finish === 'object' ? finish.raw : INCOMPLETE[finish];
  return reason === undefined
    ? { status: 'completed', incomplete_details: null }
    : { status: 'incomplete', incomplete_details: { reason } };
};

const usageBody = (usage: Usage): JsonObject => ({
  input_tokens: usage.input,
  input_tokens_details: { cached_tokens: usage.cacheRead ?? 0, cache_write_tokens: usage.cacheWrite ?? 0 },
  output_tokens: usage.output,
  output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
  total_tokens: usage.input + usage.output,
});

const responseOf = (answer: Answer, told: JsonObject): JsonObject => ({
  id: answer.id ?? 'resp_fake_1',
  object: 'response',
  created_at: 1_767_225_600,
  model: answer.model ?? 'fake-model',
  error: null,
  incomplete_details: null,
  parallel_tool_calls: true,
  tool_choice: 'auto',
  tools: [],
  usage: null,
  ...told,
});

/** An item with as much content as it has in that state. */
const itemOf = (block: AnswerBlock, index: number, status: 'in_progress' | 'completed'): JsonObject => {
  const done = status === 'completed';
  switch (block.kind) {
    case 'text':
    case 'refusal': {
      const part =
        block.kind === 'text'
          ? { type: 'output_text', text: block.text, annotations: [], logprobs: [] }
          : { type: 'refusal', refusal: block.text };
      return { id: `msg_${index}`, type: 'message', status, role: 'assistant', content: done ? [part] : [] };
    }
    case 'thinking': {
      const summary = done ? [{ type: 'summary_text', text: block.text }] : [];
      return { id: `rs_${index}`, type: 'reasoning', summary, encrypted_content: (done && block.signature) || null };
    }
    case 'redacted':
      return { id: `rs_${index}`, type: 'reasoning', summary: [], encrypted_content: done ? block.data : null };
    case 'tool': {
      const call = { call_id: toolIdOf(block, index), name: block.name };
      return { id: `fc_${index}`, type: 'function_call', status, ...call, arguments: done ? block.arguments : '' };
    }
  }
};

type Event = readonly [type: string, fields: JsonObject];

/** The events of one item between `added` and `done`: one opens, one per piece, the rest close. */
const contentEvents = (block: AnswerBlock, index: number, size: number | undefined): readonly Event[] => {
  const place = { item_id: String(itemOf(block, index, 'in_progress').id), output_index: index };
  switch (block.kind) {
    case 'text':
    case 'refusal': {
      const kind = block.kind === 'text' ? 'output_text' : 'refusal';
      const told = block.kind === 'text' ? 'text' : 'refusal';
      const at = { ...place, content_index: 0 };
      return [
        ['response.content_part.added', { ...at, part: { type: kind, [told]: '' } }],
        ...piecesOf(block.text, size).map((delta): Event => [`response.${kind}.delta`, { ...at, delta, logprobs: [] }]),
        [`response.${kind}.done`, { ...at, [told]: block.text }],
        ['response.content_part.done', { ...at, part: { type: kind, [told]: block.text } }],
      ];
    }
    case 'thinking': {
      const at = { ...place, summary_index: 0 };
      const summary = 'response.reasoning_summary';
      return [
        [`${summary}_part.added`, { ...at, part: { type: 'summary_text', text: '' } }],
        ...piecesOf(block.text, size).map((delta): Event => [`${summary}_text.delta`, { ...at, delta }]),
        [`${summary}_text.done`, { ...at, text: block.text }],
        [`${summary}_part.done`, { ...at, part: { type: 'summary_text', text: block.text } }],
      ];
    }
    case 'redacted':
      return [];
    case 'tool': {
      const type = 'response.function_call_arguments';
      return [
        ...piecesOf(block.arguments, size).map((delta): Event => [`${type}.delta`, { ...place, delta }]),
        [`${type}.done`, { ...place, arguments: block.arguments }],
      ];
    }
  }
};

const itemEvents = (block: AnswerBlock, index: number, size: number | undefined): readonly Event[] => [
  ['response.output_item.added', { output_index: index, item: itemOf(block, index, 'in_progress') }],
  ...contentEvents(block, index, size),
  ['response.output_item.done', { output_index: index, item: itemOf(block, index, 'completed') }],
];

const alternate = (lists: readonly (readonly Event[])[]): readonly Event[] => {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat();
};

const closedResponse = (answer: Answer): JsonObject | undefined => {
  const closing = closingOf(answer);
  const usage = usageOf(answer);
  if (closing === undefined) return undefined;
  return responseOf(answer, {
    ...closing,
    output: answer.blocks.map((block, index) => itemOf(block, index, 'completed')),
    ...(usage === undefined ? {} : { usage: usageBody(usage) }),
  });
};

/** The events of the stream, one string each, blank line included. The reason of the end and the end are one event. */
export const responsesEvents = (answer: Answer): string[] => {
  const items = answer.blocks.map((block, index) => itemEvents(block, index, answer.pieceChars));
  const response = responseOf(answer, { status: 'in_progress', output: [] });
  const closed = answer.terminal === false ? undefined : closedResponse(answer);
  const events: readonly Event[] = [
    ['response.created', { response }],
    ['response.in_progress', { response }],
    ...(answer.interleave === true ? alternate(items) : items.flat()),
    ...(closed === undefined ? [] : [[`response.${String(closed.status)}`, { response: closed }] as const]),
  ];
  return events.map(([type, fields], sequence) => event(type, { sequence_number: sequence, ...fields }));
};

const event = (type: string, fields: JsonObject): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

/** The same answer as one JSON reply. */
export const responsesWhole = (answer: Answer): JsonObject =>
  closedResponse(answer) ??
  responseOf(answer, { output: answer.blocks.map((block, at) => itemOf(block, at, 'completed')) });

/** An error event as the API writes it in the middle of a stream. */
export const responsesErrorEvent = (message: string, code = 'server_error'): string =>
  event('error', { sequence_number: 7, code, message, param: null });
