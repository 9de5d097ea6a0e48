/** Events of a Responses tier, each with what a test is about and no more, and what they decode to. */
import type { StreamPart } from '#core/message';
import { openaiResponses } from '#dialects/openai-responses/dialect';
import { decodeText } from '#tests/dialects/support';

/** A stream of the given events, without `event:` lines and numbers, which nobody may need. */
export const decode = (...events: readonly object[]): readonly StreamPart[] =>
  decodeText(openaiResponses, events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
export const typesOf = (parts: readonly StreamPart[]): string => parts.map(({ type }) => type).join(' ');
export const only = <Type extends StreamPart['type']>(parts: readonly StreamPart[], type: Type) =>
  parts.filter((part): part is Extract<StreamPart, { type: Type }> => part.type === type);
export const textOf = (parts: readonly StreamPart[]): string =>
  only(parts, 'text-delta')
    .map(({ text }) => text)
    .join('');
export const thinkingOf = (parts: readonly StreamPart[]): string =>
  only(parts, 'thinking-delta')
    .map(({ text }) => text)
    .join('');
export const jsonOf = (parts: readonly StreamPart[], index = 0): string =>
  only(parts, 'tool-delta')
    .flatMap((part) => (part.index === index ? [part.json] : []))
    .join('');

export const created = {
  type: 'response.created',
  response: { id: 'resp_1', model: 'm', status: 'in_progress', output: [] },
};
export const completed = (more: object = {}): object => ({
  type: 'response.completed',
  response: { id: 'resp_1', ...more },
});
export const added = (output_index: number, item: object): object => ({
  type: 'response.output_item.added',
  output_index,
  item,
});
export const done = (output_index: number, item: object): object => ({
  type: 'response.output_item.done',
  output_index,
  item,
});
export const delta = (kind: string, output_index: number, piece: string, more: object = {}): object => ({
  type: `response.${kind}.delta`,
  output_index,
  delta: piece,
  ...more,
});
export const message = (...texts: readonly string[]): object => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: texts.map((text) => ({ type: 'output_text', text })),
});
export const call = (args: string | object | undefined, more: object = {}): object => ({
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'A',
  ...(args === undefined ? {} : { arguments: args }),
  ...more,
});
