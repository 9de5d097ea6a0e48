/** What does a whole Chat reply look like, and how is a received one made our own? */
import { joinBytes } from '#core/bytes';
import type { EncodeContext, UsageOwed, WholeReply } from '#core/dialect';
import type { JsonObject, StreamPart, Usage } from '#core/message';
import { type Answer, collectAnswer, createToolIds, estimatedUsage, outputCharsOf, toolsOf } from '#dialects/answer';
import { CHAT_TOOL_ID, chatResponseId, chatUsageFrame } from '#dialects/openai-chat/encoder';
import { writeFinish, writeUsage } from '#dialects/openai-chat/finish';
import { completeCounts, ESTIMATE_MARK, fillUsageAt } from '#dialects/usage-fill';
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
      function: { name: context.toolOrigin(name)?.name ?? name, arguments: json.trim() === '' ? '{}' : json },
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
const utf8 = new TextEncoder();

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

const completeUsage = (told: JsonObject, estimate: Usage): JsonObject | undefined => {
  const counts = completeCounts(
    { input: told.prompt_tokens, output: told.completion_tokens, total: told.total_tokens },
    estimate,
  );
  if (!counts) return undefined;
  const { input, output, total, estimated } = counts;
  const whole = { ...told, prompt_tokens: input, completion_tokens: output, total_tokens: total };
  return estimated ? { ...whole, ...ESTIMATE_MARK } : whole;
};

/**
 * A stream tells usage in a chunk of its own, in front of the end marker or where that would be; a caller who asked for
 * it gets one of ours there when none came.
 */
export const fillChatUsage = (
  raw: Uint8Array,
  parts: readonly StreamPart[],
  { told, estimate, context }: UsageOwed,
): Uint8Array => {
  const open = objectStart(raw);
  const ends = raw.length === 0 || parts.at(-1)?.type === 'end';
  const counts = parts.some(({ type }) => type === 'usage') && (parts.length === 1 || hasFinish(parts));
  if (open >= 0 && (ends || counts)) return fillUsageAt(raw, open, (said) => completeUsage(said, estimate));
  return ends && !told ? joinBytes([utf8.encode(chatUsageFrame({ ...estimate, estimated: true }, context)), raw]) : raw;
};

const hasFinish = (parts: readonly StreamPart[]): boolean => parts.some(({ type }) => type === 'finish');
