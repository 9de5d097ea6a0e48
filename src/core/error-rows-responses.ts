/** What is a Responses caller told of each outcome? Rows of the error table, written for Codex. */
import type { ErrorRows } from '#core/error-outcome';

const INVALID = 'invalid_request_error';
const UNAVAILABLE = 'service_unavailable';
/** After a 5xx with this code Codex asks 5 times within 3 s, after a bare one 30 times within 24 s. */
const OVERLOADED = 'server_is_overloaded';
/** Ends a turn of Codex after one request, with our message, and one of opencode too; `server_error` is asked again. */
const STOP_CODE = 'invalid_prompt';
const STOP = { code: OVERLOADED, unless5xx: { type: INVALID, code: STOP_CODE } };

const STOPS =
  'Codex makes one request and shows the message, OpenClaw goes to its fallback model; a 5xx is asked 5 times';
const PASSES = 'it passes by itself: Codex asks 5 times within 3 s; with Retry-After it would wait before each of 30';
const ONCE = 'Codex makes one request; after any other 4xx but 429 it makes 6';

export const RESPONSES_ROWS: ErrorRows = {
  exhausted: {
    status: 400,
    retryAfter: 'never',
    shouldRetry: false,
    type: UNAVAILABLE,
    ...STOP,
    because: STOPS,
  },
  overloaded: {
    status: 503,
    retryAfter: 'never',
    type: UNAVAILABLE,
    code: OVERLOADED,
    because: PASSES,
  },
  draining: {
    status: 503,
    retryAfter: 'never',
    type: UNAVAILABLE,
    code: OVERLOADED,
    because: PASSES,
  },
  deadline: {
    status: 400,
    retryAfter: 'never',
    shouldRetry: false,
    type: UNAVAILABLE,
    ...STOP,
    because: STOPS,
  },
  'budget-spent': {
    status: 400,
    retryAfter: 'never',
    shouldRetry: false,
    type: 'spending_limit',
    code: STOP_CODE,
    because: 'Codex makes one request and shows the message; `insufficient_quota` would show its own text instead',
  },
  'over-context': {
    status: 400,
    retryAfter: 'never',
    type: INVALID,
    wording: {
      exact:
        "This model's maximum context length is {window} tokens. However, your messages resulted in {prompt} tokens. Please reduce the length of the messages. ({message})",
      vague: '{message}',
    },
    because: "OpenAI's words and code; Codex makes one request",
  },
  unsupported: { status: 400, retryAfter: 'never', type: INVALID, because: ONCE },
  'caller-error': { status: 400, retryAfter: 'never', type: INVALID, code: STOP_CODE, because: ONCE },
  'bad-request': { status: 400, retryAfter: 'never', type: INVALID, because: ONCE },
  'body-too-large': {
    status: 400,
    retryAfter: 'never',
    type: INVALID,
    because: 'after a 413 Codex would upload the same body 6 times',
  },
  unauthorized: {
    status: 401,
    retryAfter: 'never',
    shouldRetry: false,
    type: 'authentication_error',
    because: 'Codex asks 6 times within 6 s and stops; any other status would hide the cause from everybody else',
  },
  'not-found': {
    status: 404,
    retryAfter: 'never',
    type: INVALID,
    because: 'Codex asks 6 times within 6 s and stops; other clients once',
  },
  'no-endpoint': {
    status: 404,
    retryAfter: 'never',
    type: INVALID,
    because: 'no client measured asks for other paths',
  },
  'method-not-allowed': {
    status: 405,
    retryAfter: 'never',
    type: INVALID,
    because: 'a mistake in a program; no client makes it',
  },
  broken: {
    status: 400,
    retryAfter: 'never',
    shouldRetry: false,
    type: 'server_error',
    code: 'server_error',
    because: 'inside a stream Codex asks again, 5 times at most: another tier may serve it, and breakers end it sooner',
  },
  internal: {
    status: 400,
    retryAfter: 'never',
    shouldRetry: false,
    type: 'server_error',
    ...STOP,
    because: STOPS,
  },
};
