/** What is a Chat caller told of each outcome? Rows of the error table, written for a dozen harnesses and OpenAI's SDK. */
import type { ErrorRows } from '#core/error-outcome';

const INVALID = 'invalid_request_error';
/** v0.9's word for "no tier may serve this"; gateways look for it. */
const UNAVAILABLE = 'service_unavailable';

const STOPS =
  'OpenClaw goes to its fallback model at once (it needs more than 90 s), the SDK makes one request; opencode and Qwen Code wait it out';
const PASSES = 'it passes by itself: clients wait so long, or their own backoff, and ask again';
const ONCE = 'one request of every client measured';
/** opencode asks again, whatever the status, where an error speaks of an exhausted, unavailable or failed server. */
const STOP = { unless5xx: { type: INVALID, code: 'invalid_prompt' } };

export const CHAT_ROWS: ErrorRows = {
  exhausted: { status: 503, retryAfter: 120, shouldRetry: false, type: UNAVAILABLE, ...STOP, because: STOPS },
  overloaded: { status: 503, retryAfter: 'known', type: UNAVAILABLE, because: PASSES },
  draining: { status: 503, retryAfter: 'known', type: UNAVAILABLE, because: PASSES },
  deadline: { status: 504, retryAfter: 120, shouldRetry: false, type: UNAVAILABLE, ...STOP, because: STOPS },
  'budget-spent': {
    status: 400,
    retryAfter: 'known',
    shouldRetry: false,
    type: 'spending_limit',
    because:
      'one request of every client, and OpenClaw falls back; 429 makes opencode ask without end and Continue 27 times, 402 may close the whole provider in OpenClaw',
  },
  'over-context': {
    status: 413,
    retryAfter: 'never',
    type: INVALID,
    wording: {
      exact:
        "This model's maximum context length is {window} tokens. However, your messages resulted in {prompt} tokens. Please reduce the length of the messages. ({message})",
      vague: '{message}',
    },
    because: "one request; OpenAI's words and code, and v0.9's status, which makes opencode compact",
  },
  unsupported: { status: 400, retryAfter: 'never', type: INVALID, because: ONCE },
  'caller-error': { status: 'own', retryAfter: 'never', type: INVALID, because: ONCE },
  'bad-request': { status: 'own', retryAfter: 'never', type: INVALID, because: ONCE },
  'body-too-large': { status: 413, retryAfter: 'never', type: INVALID, because: ONCE },
  unauthorized: {
    status: 401,
    retryAfter: 'never',
    shouldRetry: false,
    type: 'authentication_error',
    because: `${ONCE}; OpenClaw falls back`,
  },
  'not-found': { status: 404, retryAfter: 'never', type: INVALID, because: `${ONCE}; OpenClaw falls back` },
  'no-endpoint': { status: 404, retryAfter: 'never', type: INVALID, because: ONCE },
  'method-not-allowed': {
    status: 405,
    retryAfter: 'never',
    type: INVALID,
    because: 'a mistake in a program; no client makes it',
  },
  broken: {
    status: 502,
    retryAfter: 120,
    shouldRetry: false,
    type: 'server_error',
    because:
      'another tier may serve it: inside a stream opencode and Continue ask again, most others stop; the Vercel AI SDK drops it, which only holding avoids',
  },
  internal: { status: 500, retryAfter: 120, shouldRetry: false, type: 'server_error', ...STOP, because: STOPS },
};
