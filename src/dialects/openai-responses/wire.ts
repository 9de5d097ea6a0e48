/** May a relay pass this frame on unread, and what does it change in it? Edits of Responses frames kept as received. */
import { OPEN_BRACE, SPACE } from '#core/json-codes';
import { responsesResponseId } from '#dialects/openai-responses/shell';
import { bytesAt, fillIdAt, hasId, keyBytes, memberSpan, objectStart, replaceSpan } from '#dialects/wire-bytes';

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

/** Whether nothing but white space stands in front of the object, as in a whole reply. */
const isDocument = (raw: Uint8Array, open: number): boolean => {
  for (let at = 0; at < open; at++) if ((raw[at] ?? 0) > SPACE) return false;
  return true;
};

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
