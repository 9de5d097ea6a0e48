/** What does an output item look like on the wire: opening, growing, closing and done? One writer per kind of block. */
import type { JsonObject, ToolOrigin } from '#core/message';
import { isObject, parseJson } from '#dialects/json';
import { type Proof, writeEncrypted } from '#dialects/openai-responses/proof';
import { CUSTOM_ARGUMENT } from '#dialects/tool-names';

export type BlockKind = 'text' | 'refusal' | 'thinking' | 'function' | 'custom';

/** One output item, growing. */
export interface Item {
  readonly kind: BlockKind;
  /** Unique in the conversation: clients send items back under it. */
  readonly id: string;
  readonly callId: string;
  /** What the caller calls the tool; undefined for other kinds. */
  readonly tool: Pick<ToolOrigin, 'name' | 'namespace'> | undefined;
  /** Everything the item says. Only grows until the item is done: cutting it on the way would copy it every time. */
  text: string;
  /** The end of `text` that has not left yet. */
  waiting: string;
  proof: Proof | undefined;
  /** Set once `response.output_item.added` has left. */
  outputIndex: number | undefined;
  /** Whether its content or summary part was opened. */
  partOpen: boolean;
  /** In line for the wire. */
  queued: boolean;
  ended: boolean;
}

export const ID_PREFIX: Record<BlockKind, string> = {
  text: 'msg',
  refusal: 'msg',
  thinking: 'rs',
  function: 'fc',
  custom: 'ctc',
};

/** An event's type and its members behind `type` and `sequence_number`. */
export type WireEvent = readonly [type: string, fields: JsonObject];

type ItemStatus = 'in_progress' | 'completed';

const textPart = (text: string): JsonObject => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const refusalPart = (refusal: string): JsonObject => ({ type: 'refusal', refusal });
const summaryPart = (text: string): JsonObject => ({ type: 'summary_text', text });

/** The item as a caller gets it, with as much content as is given. */
const writeItem = (item: Item, status: ItemStatus, content: readonly JsonObject[], input: string): JsonObject => {
  const { kind, id, callId, tool } = item;
  switch (kind) {
    case 'text':
    case 'refusal':
      return { id, type: 'message', status, role: 'assistant', content };
    case 'thinking':
      return { id, type: 'reasoning', status, summary: content, encrypted_content: encryptedOf(item, status) };
    case 'function':
      return { id, type: 'function_call', status, arguments: input, call_id: callId, ...tool };
    case 'custom':
      return { id, type: 'custom_tool_call', status, call_id: callId, input, ...tool };
    default:
      return kind satisfies never;
  }
};

/** Null rather than absent: the measured clients keep the item for the next turn either way. */
const encryptedOf = ({ proof }: Item, status: ItemStatus): string | null =>
  proof === undefined || status === 'in_progress' ? null : writeEncrypted(proof);

/** The item of `response.output_item.added`. */
export const openingItem = (item: Item): JsonObject => writeItem(item, 'in_progress', [], '');

/** The item of `response.output_item.done`, and of the response's `output`. */
export const doneItem = (item: Item): JsonObject => {
  const { text } = item;
  const content = text === '' ? [] : [partOf(item, text)];
  return writeItem(item, 'completed', content, inputOf(item));
};

const partOf = ({ kind }: Item, text: string): JsonObject => {
  if (kind === 'thinking') return summaryPart(text);
  return kind === 'refusal' ? refusalPart(text) : textPart(text);
};

/** What a call is given: nothing spelt out as the empty object, because clients parse it. */
const inputOf = (item: Item): string => {
  if (item.kind === 'custom') return customInput(item.text);
  return item.text.trim() === '' ? '{}' : item.text;
};

/**
 * The free text of a custom call, taken out of the arguments of the function that stood for it. Arguments that do not
 * hold it leave as the tier wrote them: the caller's tool refuses them, and nothing was made up.
 */
const customInput = (json: string): string => {
  if (json.trim() === '') return '';
  const parsed = parseJson(json);
  const input = isObject(parsed) ? parsed[CUSTOM_ARGUMENT] : undefined;
  return typeof input === 'string' ? input : json;
};

/** Members that place an event in its item. */
const place = ({ id, outputIndex }: Item): JsonObject => ({ item_id: id, output_index: outputIndex });
const contentPlace = (item: Item): JsonObject => ({ ...place(item), content_index: 0 });
const summaryPlace = (item: Item): JsonObject => ({ ...place(item), summary_index: 0 });

/** What comes between `output_item.added` and the first delta; nothing for calls. */
const openPart = (item: Item): readonly WireEvent[] => {
  if (item.partOpen) return [];
  item.partOpen = true;
  switch (item.kind) {
    case 'text':
    case 'refusal':
      return [['response.content_part.added', { ...contentPlace(item), part: partOf(item, '') }]];
    case 'thinking':
      return [['response.reasoning_summary_part.added', { ...summaryPlace(item), part: partOf(item, '') }]];
    default:
      return [];
  }
};

const deltaOf = (item: Item, delta: string): WireEvent => {
  switch (item.kind) {
    case 'text':
      return ['response.output_text.delta', { ...contentPlace(item), delta, logprobs: [] }];
    case 'refusal':
      return ['response.refusal.delta', { ...contentPlace(item), delta }];
    case 'thinking':
      return ['response.reasoning_summary_text.delta', { ...summaryPlace(item), delta }];
    case 'function':
      return ['response.function_call_arguments.delta', { ...place(item), delta }];
    default:
      return ['response.custom_tool_call_input.delta', { ...place(item), delta }];
  }
};

/** Events for what the item says beyond what has left. A custom call speaks at its end, when its input can be read. */
export const growEvents = (item: Item): readonly WireEvent[] => {
  if (item.kind === 'custom' || item.waiting === '') return [];
  const delta = item.waiting;
  item.waiting = '';
  return [...openPart(item), deltaOf(item, delta)];
};

/** Events that close what the item says, `output_item.done` included. */
export const closeEvents = (item: Item): readonly WireEvent[] => {
  const done: WireEvent = ['response.output_item.done', { output_index: item.outputIndex, item: doneItem(item) }];
  const { text } = item;
  switch (item.kind) {
    case 'function': {
      const input = inputOf(item);
      const blank: readonly WireEvent[] = input === text ? [] : [deltaOf(item, input)];
      const told = { ...place(item), name: item.tool?.name, arguments: input };
      return [...blank, ['response.function_call_arguments.done', told], done];
    }
    case 'custom': {
      const input = inputOf(item);
      const delta: readonly WireEvent[] = input === '' ? [] : [deltaOf(item, input)];
      return [...delta, ['response.custom_tool_call_input.done', { ...place(item), input }], done];
    }
    default:
      return item.partOpen ? [...closePart(item), done] : [done];
  }
};

const closePart = (item: Item): readonly WireEvent[] => {
  const { kind, text } = item;
  const part = partOf(item, text);
  switch (kind) {
    case 'thinking':
      return [
        ['response.reasoning_summary_text.done', { ...summaryPlace(item), text }],
        ['response.reasoning_summary_part.done', { ...summaryPlace(item), part }],
      ];
    case 'refusal':
      return [
        ['response.refusal.done', { ...contentPlace(item), refusal: text }],
        ['response.content_part.done', { ...contentPlace(item), part }],
      ];
    default:
      return [
        ['response.output_text.done', { ...contentPlace(item), text, logprobs: [] }],
        ['response.content_part.done', { ...contentPlace(item), part }],
      ];
  }
};
