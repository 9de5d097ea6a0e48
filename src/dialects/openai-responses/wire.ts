/** May a relay pass this frame on unread, and what does it change in it? Edits of Responses frames kept as received. */
import type { UsageOwed } from '#core/dialect';
import { OPEN_BRACE } from '#core/json-codes';
import type { StreamPart } from '#core/message';
import { completeUsage } from '#dialects/openai-responses/finish';
import { responsesResponseId } from '#dialects/openai-responses/shell';
import { fillUsageAt } from '#dialects/usage-fill';
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

const MODEL = keyBytes('model');
const OUTPUT = keyBytes('output');
const RESPONSE = keyBytes('response');
const EVENT_FIELD = keyBytes('event: response.');
const latin1 = new TextDecoder('latin1');

/** Events that carry the response object, which alone holds usage, id, model, reason and end. */
const LIFECYCLE = '(?:created|queued|in_progress|completed|incomplete|failed|cancelled)';
const SIGNIFICANT_LINE = new RegExp(`^event: response\\.${LIFECYCLE}[\\r\\n]`);
/** For frames whose event line does not tell. Quotes within text are escaped. */
const SIGNIFICANT = new RegExp(
  `"type"\\s*:\\s*"(?:response\\.${LIFECYCLE}"|error")|"error"\\s*:|^event:\\s?(?:response\\.${LIFECYCLE}|error)`,
  'm',
);

/** The event line tells; only frames without one are searched. */
const HEAD_BYTES = 40;

/** True when a frame must be decoded; events of single items need not be. */
export const quickScanResponses = (frameBytes: Uint8Array): boolean =>
  bytesAt(frameBytes, 0, EVENT_FIELD)
    ? SIGNIFICANT_LINE.test(latin1.decode(frameBytes.subarray(0, HEAD_BYTES)))
    : SIGNIFICANT.test(latin1.decode(frameBytes));

/** Where the response object starts: the reply itself, or `response` of a lifecycle event; -1 in every other frame. */
const responseStart = (raw: Uint8Array): number => {
  const open = objectStart(raw);
  if (open < 0 || isDocument(raw, open)) return open;
  if (!quickScanResponses(raw)) return -1;
  const nested = memberSpan(raw, open, RESPONSE);
  return nested && raw[nested.start] === OPEN_BRACE ? nested.start : -1;
};

/** `model` stands in the response object only. */
export const echoResponsesModel = (raw: Uint8Array, model: string): Uint8Array => {
  const open = responseStart(raw);
  const span = open < 0 ? undefined : memberSpan(raw, open, MODEL);
  return span ? replaceSpan(raw, span, JSON.stringify(model)) : raw;
};

/** Errors have no id and get none. */
export const fillResponsesId = (raw: Uint8Array, responseId: string): Uint8Array => {
  const open = responseStart(raw);
  if (open < 0 || hasId(raw, open) || !memberSpan(raw, open, OUTPUT)) return raw;
  return fillIdAt(raw, open, responsesResponseId(responseId));
};

/** Usage stands in the closing event and in a whole reply; Codex and opencode need it complete. */
export const fillResponsesUsage = (
  raw: Uint8Array,
  parts: readonly StreamPart[],
  { estimate }: UsageOwed,
): Uint8Array => {
  if (parts.at(-1)?.type !== 'end') return raw;
  const open = responseStart(raw);
  return open < 0 ? raw : fillUsageAt(raw, open, (told) => completeUsage(told, estimate));
};
