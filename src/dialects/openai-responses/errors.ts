/** How is a failure told to a Responses caller? OpenAI's envelope, or a failed response, around the error table's words. */
import type { SaidFailure } from '#core/error-table';
import type { JsonObject } from '#core/message';
import { responseShell } from '#dialects/openai-responses/shell';
import { classifyError } from '#dialects/upstream-error';

/** A tier's own word for the type is passed on as long as it is a word. */
const WORD = /^[\w.-]{1,64}$/;

/** The error document; a caller's own error passed on from a tier keeps the tier's type. */
export const responsesErrorBody = (said: SaidFailure, requestId: string): JsonObject => {
  const { message, param = null, code, upstream } = said;
  const type = upstream?.type !== undefined && WORD.test(upstream.type) ? upstream.type : said.type;
  return { error: { message, type, param, code }, request_id: requestId };
};

/** Higher than any number before it, which is not known here; fits 32 bits. */
const LAST_SEQUENCE = 2 ** 31 - 1;

/** `response.failed`. The response is named as the encoder named it, because the official client compares the ids. */
export const responsesErrorEvent = ({ code, message }: SaidFailure, requestId: string): string => {
  const type = 'response.failed';
  const responseId = requestId.slice(requestId.indexOf('_') + 1);
  const told = { status: 'failed', error: { code, message }, output: [], usage: null };
  // When it began and under which name is not known here; no client measured looks at either in a failed response.
  const response = responseShell({ responseId, created: 0, model: '' }, told);
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: LAST_SEQUENCE, response })}\n\n`;
};

/** A comment: clients that know a closed list of event types pass over it. */
export const RESPONSES_KEEPALIVE = ': keep-alive\n\n';

export const classifyResponsesError = classifyError;
