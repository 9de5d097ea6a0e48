/** What does a whole Messages reply look like, and how is a received one made our own? */
import type { EncodeContext, UsageOwed, WholeReply } from '#core/dialect';
import type { AttemptFailure } from '#core/failure';
import type { DialectName, JsonObject, StreamPart, Usage } from '#core/message';
import {
  type AnswerBlock,
  collectAnswer,
  createToolIds,
  estimatedUsage,
  outputCharsOf,
  toolsOf,
} from '#dialects/answer';
import { UNSIGNED_SIGNATURE } from '#dialects/anthropic-messages/blocks';
import { MESSAGES_TOOL_ID, messagesResponseId } from '#dialects/anthropic-messages/encoder';
import { writeMessagesUsage, writeStop } from '#dialects/anthropic-messages/finish';
import { wrapProof } from '#dialects/carried-proof';
import { countOf, isObject, parseJson } from '#dialects/json';
import { ESTIMATE_MARK, fillUsageAt } from '#dialects/usage-fill';
import {
  bytesAt,
  fillIdAt,
  hasId,
  isDocument,
  keyBytes,
  memberSpan,
  objectStart,
  replaceSpan,
} from '#dialects/wire-bytes';

/** What the callers of these replies speak. */
const SPOKEN: DialectName = 'anthropic-messages';

/** Undefined when the arguments are no JSON object; blank ones mean none. */
const inputOf = (json: string): JsonObject | undefined => {
  if (json.trim() === '') return {};
  const parsed = parseJson(json);
  return isObject(parsed) ? parsed : undefined;
};

/**
 * A whole reply. `tool_use.input` must be an object, so broken arguments make the reply impossible: the failure says
 * `rejected`, and the router goes on to the next tier.
 */
export const encodeMessagesReply = (parts: readonly StreamPart[], context: EncodeContext): WholeReply => {
  const answer = collectAnswer(parts);
  const toolId = createToolIds('toolu', context.responseId, MESSAGES_TOOL_ID);
  const content: JsonObject[] = [];
  for (const [position, block] of answer.blocks.entries()) {
    const written = writeBlock(block, toolId, context);
    if (written === 'broken') return { ok: false, failure: brokenArguments(position) };
    if (written) content.push(written);
  }
  const usage = answer.usage ?? estimatedUsage(context.promptTokens, outputCharsOf(answer));
  const finish = {
    raw: answer.rawReason,
    stopSequence: answer.stopSequence,
    usedTools: toolsOf(answer).length > 0,
  };
  return {
    ok: true,
    body: {
      id: messagesResponseId(context.responseId),
      type: 'message',
      role: 'assistant',
      model: context.model,
      content,
      ...writeStop(answer.reason, finish),
      usage: writeMessagesUsage(usage),
    },
  };
};

const brokenArguments = (position: number): AttemptFailure => ({
  kind: 'rejected',
  detail: `block ${position} is a tool call whose arguments are no JSON object`,
});

const writeBlock = (
  block: AnswerBlock,
  toolId: (id: string) => string,
  { toolOrigin }: EncodeContext,
): JsonObject | 'broken' | undefined => {
  switch (block.kind) {
    case 'text':
    case 'refusal':
      return block.text === '' ? undefined : { type: 'text', text: block.text };
    case 'thinking':
      return writeThinking(block);
    case 'tool': {
      const input = inputOf(block.json);
      if (!input) return 'broken';
      return { type: 'tool_use', id: toolId(block.id), name: toolOrigin(block.name)?.name ?? block.name, input };
    }
    default:
      return block satisfies never;
  }
};

const writeThinking = (block: Extract<AnswerBlock, { kind: 'thinking' }>): JsonObject | undefined => {
  const { text, signature, redacted, origin = SPOKEN } = block;
  if (redacted !== undefined) return { type: 'redacted_thinking', data: wrapProof(redacted, origin, SPOKEN) };
  if (text === '' && signature === undefined) return undefined;
  const proof = signature === undefined ? UNSIGNED_SIGNATURE : wrapProof(signature, origin, SPOKEN);
  return { type: 'thinking', thinking: text, signature: proof };
};

// ---- frames kept as received ------------------------------------------------------------------------------------

const MESSAGE = keyBytes('message');
const MODEL = keyBytes('model');
const ID = keyBytes('id');
const EVENT_FIELD = keyBytes('event:');
const latin1 = new TextDecoder('latin1');

/**
 * `message_start`, `message_delta`, `message_stop` and `error`, by event line or, where there is none, by type; and an error
 * that has neither.
 */
const SIGNIFICANT = /^event:\s?(?:message_|error)|"type"\s*:\s*"(?:message_|error)|"error"\s*:/;

/** The event line tells; only frames without one, or with an empty one, are searched. */
const HEAD_BYTES = 32;
const NAMED = /^event: ?[^\s]/;

/** True when a frame must be decoded; block events need not be. */
export const quickScanMessages = (frameBytes: Uint8Array): boolean => {
  const head = bytesAt(frameBytes, 0, EVENT_FIELD) ? latin1.decode(frameBytes.subarray(0, HEAD_BYTES)) : '';
  return SIGNIFICANT.test(NAMED.test(head) ? head : latin1.decode(frameBytes));
};

/** Where the message object starts: the reply itself, or `message` of `message_start`; -1 in every other frame. */
const messageStart = (raw: Uint8Array): number => {
  if (bytesAt(raw, 0, EVENT_FIELD) && !quickScanMessages(raw)) return -1;
  const open = objectStart(raw);
  if (open < 0) return -1;
  const nested = memberSpan(raw, open, MESSAGE);
  if (nested) return nested.start;
  return memberSpan(raw, open, ID) || memberSpan(raw, open, MODEL) ? open : -1;
};

/** `model` stands in `message_start` and in whole replies only. */
export const echoMessagesModel = (raw: Uint8Array, model: string): Uint8Array => {
  const open = messageStart(raw);
  const span = open < 0 ? undefined : memberSpan(raw, open, MODEL);
  return span ? replaceSpan(raw, span, JSON.stringify(model)) : raw;
};

export const fillMessagesId = (raw: Uint8Array, responseId: string): Uint8Array => {
  const open = messageStart(raw);
  return open < 0 || hasId(raw, open) ? raw : fillIdAt(raw, open, messagesResponseId(responseId));
};

/** The opening message and a whole reply need both counts; the closing event needs the output alone. */
const completeUsage = (told: JsonObject, estimate: Usage, opens: boolean): JsonObject | undefined => {
  const [input, output] = [countOf(told.input_tokens), countOf(told.output_tokens)];
  if (output !== undefined && (!opens || input !== undefined)) return undefined;
  const cached = (countOf(told.cache_read_input_tokens) ?? 0) + (countOf(told.cache_creation_input_tokens) ?? 0);
  const read = opens ? { input_tokens: input ?? Math.max(0, estimate.input - cached) } : {};
  return { ...told, ...read, output_tokens: output ?? estimate.output, ...ESTIMATE_MARK };
};

/** Usage stands in `message_start`, in the event with the stop reason, and in whole replies. */
export const fillMessagesUsage = (
  raw: Uint8Array,
  parts: readonly StreamPart[],
  { estimate }: UsageOwed,
): Uint8Array => {
  const opens = parts[0]?.type === 'start';
  if (!opens && !parts.some(({ type }) => type === 'finish')) return raw;
  const open = objectStart(raw);
  if (open < 0) return raw;
  const message = isDocument(raw, open) || !opens ? undefined : memberSpan(raw, open, MESSAGE);
  return fillUsageAt(raw, message?.start ?? open, (told) => completeUsage(told, estimate, opens));
};
