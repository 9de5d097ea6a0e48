/** Which stream would have ended in this very message? For a tier that answers a streaming caller with one document. */
import type { EncodeContext } from '#core/dialect';
import type { JsonObject } from '#core/message';
import { messagesResponseId } from '#dialects/anthropic-messages/encoder';
import { isObject, listOf, objectsOf, stringOr, textOf } from '#dialects/json';

const sse = (type: string, fields: JsonObject): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

/** Calls, of the caller's tools and of others, whose input is streamed. */
const CALLS: ReadonlySet<unknown> = new Set(['tool_use', 'server_tool_use', 'mcp_tool_use']);

interface Unrolled {
  readonly start: JsonObject;
  readonly deltas: readonly JsonObject[];
}

const delta = (type: string, member: string, value: unknown): readonly JsonObject[] =>
  textOf(value) === undefined ? [] : [{ type, [member]: value }];

/** A block as a stream opens it, and what grows in it. Blocks of unknown types come whole with their start. */
const unrollBlock = (block: JsonObject): Unrolled => {
  if (CALLS.has(block.type)) {
    const json = JSON.stringify(block.input ?? {});
    return { start: { ...block, input: {} }, deltas: delta('input_json_delta', 'partial_json', json) };
  }
  if (block.type === 'text') {
    const cited = listOf(block.citations).map((citation) => ({ type: 'citations_delta', citation }));
    const start = { ...block, text: '', ...(cited.length > 0 ? { citations: [] } : {}) };
    return { start, deltas: [...cited, ...delta('text_delta', 'text', block.text)] };
  }
  if (block.type !== 'thinking') return { start: block, deltas: [] };
  return {
    start: { ...block, thinking: '', signature: '' },
    deltas: [
      ...delta('thinking_delta', 'thinking', block.thinking),
      ...delta('signature_delta', 'signature', block.signature),
    ],
  };
};

const isEmptyText = ({ type, text }: JsonObject): boolean => type === 'text' && stringOr(text, '') === '';

/** SSE text. @param reply a whole message with id, model and usage as the caller is to get them */
export const unrollMessage = (reply: JsonObject, { responseId }: EncodeContext): string => {
  const content = objectsOf(reply.content).filter((block) => !isEmptyText(block));
  const usage = isObject(reply.usage) ? reply.usage : {};
  const called = content.some(({ type }) => type === 'tool_use');
  const stopped = {
    stop_reason: textOf(reply.stop_reason) ?? (called ? 'tool_use' : 'end_turn'),
    stop_sequence: reply.stop_sequence ?? null,
  };
  const opening = { content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 0 } };
  const shell = { id: messagesResponseId(responseId), type: 'message', role: 'assistant' };
  const blocks = content.map(unrollBlock).map(({ start, deltas }, index) => {
    const grown = deltas.map((piece) => sse('content_block_delta', { index, delta: piece }));
    return `${sse('content_block_start', { index, content_block: start })}${grown.join('')}${sse('content_block_stop', { index })}`;
  });
  return [
    sse('message_start', { message: { ...shell, ...reply, ...opening } }),
    ...blocks,
    sse('message_delta', { delta: stopped, usage }),
    sse('message_stop', {}),
  ].join('');
};
