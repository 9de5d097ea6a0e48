/** Which stream would have ended in this very response? For a tier that answers a streaming caller with one document. */
import type { EncodeContext } from '#core/dialect';
import type { JsonObject } from '#core/message';
import { objectsOf, textOf } from '#dialects/json';
import { responseShell } from '#dialects/openai-responses/shell';

type WireEvent = readonly [type: string, fields: JsonObject];

interface Unrolled {
  /** The item as its first event shows it. */
  readonly opening: JsonObject;
  /** What comes between that and its end. */
  readonly events: readonly WireEvent[];
}

/** One part of a message: opened empty, said at once, closed. Parts of unknown types come whole. */
const contentEvents = (part: JsonObject, at: JsonObject): readonly WireEvent[] => {
  const member = part.type === 'refusal' ? 'refusal' : 'text';
  const channel = part.type === 'refusal' ? 'response.refusal' : 'response.output_text';
  const spoken = part.type === 'output_text' || part.type === 'refusal';
  const opening = spoken ? { ...part, [member]: '', ...(member === 'text' ? { annotations: [] } : {}) } : part;
  const beside = member === 'text' ? { logprobs: part.logprobs ?? [] } : {};
  const said: readonly WireEvent[] =
    spoken && textOf(part[member]) !== undefined
      ? [
          [`${channel}.delta`, { ...at, delta: part[member], ...beside }],
          [`${channel}.done`, { ...at, [member]: part[member], ...beside }],
        ]
      : [];
  return [
    ['response.content_part.added', { ...at, part: opening }],
    ...said,
    ['response.content_part.done', { ...at, part }],
  ];
};

const summaryEvents = (part: JsonObject, at: JsonObject): readonly WireEvent[] => [
  ['response.reasoning_summary_part.added', { ...at, part: { ...part, text: '' } }],
  ['response.reasoning_summary_text.delta', { ...at, delta: part.text ?? '' }],
  ['response.reasoning_summary_text.done', { ...at, text: part.text ?? '' }],
  ['response.reasoning_summary_part.done', { ...at, part }],
];

const inputEvents = (channel: string, member: string, item: JsonObject, at: JsonObject): readonly WireEvent[] =>
  textOf(item[member]) !== undefined
    ? [
        [`${channel}.delta`, { ...at, delta: item[member] }],
        [`${channel}.done`, { ...at, [member]: item[member] }],
      ]
    : [];

/** An item's opening and growth. Items of unknown types open as they end. */
const unrollItem = (item: JsonObject, at: JsonObject): Unrolled => {
  const begun = { ...item, status: 'in_progress' };
  switch (item.type) {
    case 'message': {
      const parts = objectsOf(item.content);
      const events = parts.flatMap((part, index) => contentEvents(part, { ...at, content_index: index }));
      return { opening: { ...begun, content: [] }, events };
    }
    case 'reasoning': {
      const summary = objectsOf(item.summary);
      const told = summary.flatMap((part, index) => summaryEvents(part, { ...at, summary_index: index }));
      const thought = objectsOf(item.content).map(
        ({ text }, index): WireEvent => [
          'response.reasoning_text.delta',
          { ...at, content_index: index, delta: text ?? '' },
        ],
      );
      return {
        opening: { ...item, summary: [], ...(thought.length > 0 ? { content: [] } : {}) },
        events: [...told, ...thought],
      };
    }
    case 'function_call':
      return {
        opening: { ...begun, arguments: '' },
        events: inputEvents('response.function_call_arguments', 'arguments', item, at),
      };
    case 'custom_tool_call':
      return {
        opening: { ...begun, input: '' },
        events: inputEvents('response.custom_tool_call_input', 'input', item, at),
      };
    default:
      return { opening: item, events: [] };
  }
};

const itemEvents = (item: JsonObject, index: number): readonly WireEvent[] => {
  const { opening, events } = unrollItem(item, { item_id: item.id, output_index: index });
  return [
    ['response.output_item.added', { output_index: index, item: opening }],
    ...events,
    ['response.output_item.done', { output_index: index, item }],
  ];
};

/** SSE text. @param reply a whole response with id, model and usage as the caller is to get them */
export const unrollResponse = (reply: JsonObject, context: EncodeContext): string => {
  const output = objectsOf(reply.output).map((item, index) =>
    textOf(item.id) === undefined ? { ...item, id: `item_${context.responseId}_${index}` } : item,
  );
  const status = reply.status === 'incomplete' ? 'incomplete' : 'completed';
  const closed = responseShell(context, { ...reply, status, output });
  const begun = { ...closed, status: 'in_progress', output: [], usage: null, incomplete_details: null };
  const events: readonly WireEvent[] = [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    ...output.flatMap(itemEvents),
    [`response.${status}`, { response: closed }],
  ];
  return events
    .map(([type, fields], sequence) => {
      const payload = { type, sequence_number: sequence, ...fields };
      return `event: ${type}\ndata: ${JSON.stringify(payload)}\n\n`;
    })
    .join('');
};
