/** How is a failure told to a Chat caller? OpenAI's envelope, with v0.9's words where clients may depend on them. */
import type { Failure, FailureKind } from '#core/failure';
import type { JsonObject } from '#core/message';

interface Words {
  /** OpenAI's own class of error, except where v0.9 already had a better known one. */
  readonly type: string;
  /** The reason as a stable word: v0.9's type, OpenAI's code, or our kind. */
  readonly code: string;
}

const INVALID = 'invalid_request_error';
/** v0.9's word for "no tier may serve this"; gateways look for it. */
const UNAVAILABLE = 'service_unavailable';

const WORDS: Record<FailureKind, Words> = {
  'bad-json': { type: INVALID, code: 'invalid_request' },
  'bad-request': { type: INVALID, code: 'invalid_request' },
  'body-too-large': { type: INVALID, code: 'payload_too_large' },
  'too-deep': { type: INVALID, code: 'invalid_request' },
  'length-required': { type: INVALID, code: 'invalid_request' },
  unauthorized: { type: 'authentication_error', code: 'invalid_api_key' },
  'not-found': { type: INVALID, code: 'not_found' },
  'method-not-allowed': { type: INVALID, code: 'method_not_allowed' },
  'caller-error': { type: INVALID, code: 'invalid_request' },
  // Harnesses compact the conversation when they see this code.
  'over-context': { type: INVALID, code: 'context_length_exceeded' },
  denied: { type: UNAVAILABLE, code: 'denied' },
  metered: { type: UNAVAILABLE, code: 'metered' },
  uncredentialed: { type: UNAVAILABLE, code: 'uncredentialed' },
  unsupported: { type: INVALID, code: 'unsupported' },
  unavailable: { type: UNAVAILABLE, code: 'unavailable' },
  'pin-unavailable': { type: UNAVAILABLE, code: 'pin_unavailable' },
  exhausted: { type: UNAVAILABLE, code: 'exhausted' },
  'budget-spent': { type: 'rate_limit_error', code: 'budget_spent' },
  overloaded: { type: UNAVAILABLE, code: 'server_busy' },
  draining: { type: UNAVAILABLE, code: 'draining' },
  deadline: { type: UNAVAILABLE, code: 'deadline' },
  broken: { type: 'server_error', code: 'broken' },
  internal: { type: 'server_error', code: 'internal_error' },
};

/** The error document; a caller's own error passed on from a tier keeps the tier's type and words. */
export const chatErrorBody = (failure: Failure, requestId: string): JsonObject => {
  const words = WORDS[failure.kind];
  const upstream = failure.kind === 'caller-error' ? failure.upstream : undefined;
  return {
    error: {
      message: upstream?.message ?? failure.message,
      type: upstream?.type ?? words.type,
      param: failure.param ?? null,
      code: words.code,
    },
    request_id: requestId,
  };
};
