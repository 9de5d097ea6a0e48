/** What is a Messages caller told of each outcome? Rows of the error table, written for Claude Code and Anthropic's SDK. */
import type { ErrorRows } from '#core/error-outcome';

const STOPS =
  'Claude Code and the SDK make one request and show the sentence; a bare 503 makes Claude Code send 8 in 75 s';
const NOT_RETRIED =
  'one request of the SDK; Claude Code sends 400 and 422 again without optional fields, 6 times within a second';

export const MESSAGES_ROWS: ErrorRows = {
  exhausted: {
    status: 503,
    retryAfter: 120,
    shouldRetry: false,
    type: 'overloaded_error',
    unless5xx: { type: 'api_error' },
    because: `${STOPS}; inside a stream it asks 4 times after an overloaded_error, 2 times after any other`,
  },
  overloaded: {
    status: 503,
    retryAfter: 'known',
    type: 'overloaded_error',
    because: 'it passes by itself: Claude Code and the SDK wait so long and ask again',
  },
  draining: {
    status: 503,
    retryAfter: 'known',
    type: 'overloaded_error',
    because: 'it passes by itself: Claude Code and the SDK wait so long and ask again',
  },
  deadline: { status: 504, retryAfter: 120, shouldRetry: false, type: 'timeout_error', because: STOPS },
  'budget-spent': {
    status: 429,
    retryAfter: 120,
    shouldRetry: false,
    type: 'billing_error',
    because: "Claude Code's gateway contract: the message is printed as it is, after one request",
  },
  'over-context': {
    status: 400,
    retryAfter: 'never',
    type: 'invalid_request_error',
    wording: {
      exact: 'prompt is too long: {prompt} tokens > {window} maximum',
      vague: 'prompt is too long: {message}',
    },
    because: 'these words make Claude Code compact, after one request; a 413 it explains as a limit of 32 MB',
  },
  unsupported: { status: 400, retryAfter: 'never', type: 'invalid_request_error', because: NOT_RETRIED },
  'caller-error': { status: 'own', retryAfter: 'never', type: 'invalid_request_error', because: NOT_RETRIED },
  'bad-request': { status: 'own', retryAfter: 'never', type: 'invalid_request_error', because: NOT_RETRIED },
  'body-too-large': {
    status: 413,
    retryAfter: 'never',
    type: 'request_too_large',
    because: 'one request, and Claude Code names the limit',
  },
  unauthorized: {
    status: 401,
    retryAfter: 'never',
    shouldRetry: false,
    type: 'authentication_error',
    because: "Claude Code's gateway contract; without x-should-retry it asks again as after a 5xx",
  },
  'not-found': {
    status: 404,
    retryAfter: 'never',
    type: 'not_found_error',
    because: 'one request of the SDK; Claude Code asks once more without streaming',
  },
  'no-endpoint': {
    status: 501,
    retryAfter: 'never',
    shouldRetry: false,
    type: 'not_supported',
    because: "Claude Code's gateway contract for a path that a gateway lacks",
  },
  'method-not-allowed': {
    status: 405,
    retryAfter: 'never',
    type: 'invalid_request_error',
    because: 'a mistake in a program; no client makes it',
  },
  broken: {
    status: 502,
    retryAfter: 120,
    shouldRetry: false,
    type: 'api_error',
    because: 'inside a stream Claude Code asks at once again, without streaming; the SDK does not',
  },
  internal: { status: 500, retryAfter: 120, shouldRetry: false, type: 'api_error', because: STOPS },
};
