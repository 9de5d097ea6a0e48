/** What does a whole Chat reply look like, and how is a received one made our own? */
import type { EncodeContext, WholeReply } from '#core/dialect';
import type { JsonObject, StreamPart } from '#core/message';
import { type Answer, collectAnswer, createToolIds, estimatedUsage, outputCharsOf, toolsOf } from '#dialects/answer';
import { CHAT_TOOL_ID, chatResponseId } from '#dialects/openai-chat/encoder';
import { writeFinish, writeUsage } from '#dialects/openai-chat/finish';
import { fillIdAt, hasId, keyBytes, memberSpan, objectStart, replaceSpan } from '#dialects/wire-bytes';

const textOfKind = (answer: Answer, kind: 'text' | 'thinking' | 'refusal'): string =>
  answer.blocks.map((block) => (block.kind === kind ? block.text : '')).join('');

/** A whole reply. Arguments travel as the tier spelt them, broken or not: Chat callers parse them themselves. */
export const encodeChatReply = (parts: readonly StreamPart[], context: EncodeContext): WholeReply => {
  const answer = collectAnswer(parts);
  const toolId = createToolIds('call', context.responseId, CHAT_TOOL_ID);
  const calls = toolsOf(answer).map(
    ({ id, name, json }): JsonObject => ({
      id: toolId(id),
      type: 'function',
      function: { name, arguments: json.trim() === '' ? '{}' : json },
    }),
  );
  const [text, thinking, refusal] = [
    textOfKind(answer, 'text'),
    textOfKind(answer, 'thinking'),
    textOfKind(answer, 'refusal'),
  ];
  const message = {
    role: 'assistant',
    content: text === '' ? null : text,
    ...(thinking === '' ? {} : { reasoning_content: thinking }),
    refusal: refusal === '' ? null : refusal,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  const finish = writeFinish({
    reason: answer.reason,
    raw: answer.rawReason,
    stopSequence: answer.stopSequence,
    calledTools: calls.length > 0,
    refused: refusal !== '',
  });
  const usage = answer.usage ?? estimatedUsage(context.promptTokens, outputCharsOf(answer));
  return {
    ok: true,
    body: {
      id: chatResponseId(context.responseId),
      object: 'chat.completion',
      created: context.created,
      model: context.model,
      choices: [{ index: 0, message, logprobs: null, ...finish }],
      usage: writeUsage(usage),
    },
  };
};

// ---- frames kept as received ------------------------------------------------------------------------------------

const MODEL = keyBytes('model');
const CHOICES = keyBytes('choices');
const latin1 = new TextDecoder('latin1');

/** A finish reason, a usage object, an error, or the end: what a relay has to understand. Quotes within text are escaped. */
const SIGNIFICANT = /"(?:finish_reason"\s*:\s*"|usage"\s*:\s*\{|error")|\[DONE\]|^event:/;

/** True when a frame must be decoded; plain deltas need not be. */
export const quickScanChat = (frameBytes: Uint8Array): boolean => SIGNIFICANT.test(latin1.decode(frameBytes));

/** Every chunk and every reply carries `model` at its top level. */
export const echoChatModel = (raw: Uint8Array, model: string): Uint8Array => {
  const open = objectStart(raw);
  const span = open < 0 ? undefined : memberSpan(raw, open, MODEL);
  return span ? replaceSpan(raw, span, JSON.stringify(model)) : raw;
};

/** Errors have no id and get none. */
export const fillChatId = (raw: Uint8Array, responseId: string): Uint8Array => {
  const open = objectStart(raw);
  if (open < 0 || hasId(raw, open) || !memberSpan(raw, open, CHOICES)) return raw;
  return fillIdAt(raw, open, chatResponseId(responseId));
};
