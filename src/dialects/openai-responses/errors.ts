/** How is a failure told to a Responses caller? OpenAI's envelope, or a failed response, around the error table's words. */
import type { SaidFailure } from '#core/error-table';
import { openAiErrorBody } from '#dialects/openai-error';
import { responseShell } from '#dialects/openai-responses/shell';
import { classifyError } from '#dialects/upstream-error';

export const responsesErrorBody = openAiErrorBody;

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
