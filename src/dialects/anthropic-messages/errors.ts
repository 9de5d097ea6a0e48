/** How is a failure told to a Messages caller? Anthropic's envelope and its closed list of types. */
import type { Failure, FailureKind } from '#core/failure';
import type { JsonObject } from '#core/message';

type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'api_error'
  | 'overloaded_error';

const TYPES: Record<FailureKind, ErrorType> = {
  'bad-json': 'invalid_request_error',
  'bad-request': 'invalid_request_error',
  'body-too-large': 'request_too_large',
  'too-deep': 'invalid_request_error',
  'length-required': 'invalid_request_error',
  unauthorized: 'authentication_error',
  'not-found': 'not_found_error',
  'method-not-allowed': 'invalid_request_error',
  'caller-error': 'invalid_request_error',
  // With a text that starts "prompt is too long", Claude Code offers to compact.
  'over-context': 'invalid_request_error',
  // One request instead of eight, with our sentence shown: measured for `overloaded_error` with x-should-retry: false.
  denied: 'overloaded_error',
  metered: 'overloaded_error',
  uncredentialed: 'overloaded_error',
  unsupported: 'invalid_request_error',
  unavailable: 'overloaded_error',
  'pin-unavailable': 'overloaded_error',
  exhausted: 'overloaded_error',
  'budget-spent': 'rate_limit_error',
  overloaded: 'overloaded_error',
  draining: 'overloaded_error',
  deadline: 'timeout_error',
  broken: 'api_error',
  internal: 'api_error',
};

/** Types a tier may be quoted with; another dialect's words would mean nothing to the caller. */
const NATIVE_TYPES: ReadonlySet<string> = new Set([
  ...Object.values(TYPES),
  'billing_error',
  'permission_error',
  'conflict_error',
]);

/** Kinds that the caller's software already tells apart by type and status need no further code. */
const CODED: ReadonlySet<FailureKind> = new Set([
  'denied',
  'metered',
  'uncredentialed',
  'unavailable',
  'pin-unavailable',
  'exhausted',
  'budget-spent',
  'over-context',
]);

const OVER_CONTEXT_OPENING = 'prompt is too long';

const messageOf = (failure: Failure): string => {
  if (failure.kind === 'caller-error' && failure.upstream) return failure.upstream.message;
  if (failure.kind !== 'over-context' || failure.message.startsWith(OVER_CONTEXT_OPENING)) return failure.message;
  return `${OVER_CONTEXT_OPENING}: ${failure.message}`;
};

const typeOf = (failure: Failure): string => {
  const quoted = failure.kind === 'caller-error' ? failure.upstream?.type : undefined;
  if (quoted !== undefined && NATIVE_TYPES.has(quoted)) return quoted;
  return failure.upstream?.status === 413 ? 'request_too_large' : TYPES[failure.kind];
};

/** `thread` is refused in the form that makes the official client send the whole conversation instead. */
const detailsOf = (failure: Failure): JsonObject | undefined => {
  if (failure.param === 'thread') {
    if (failure.kind === 'not-found') return { error_code: 'thread_not_found' };
    return { error_code: 'thread_unsupported_request', unsupported: ['context_management'] };
  }
  return CODED.has(failure.kind) ? { error_code: failure.kind.replaceAll('-', '_') } : undefined;
};

export const messagesErrorBody = (failure: Failure, requestId: string): JsonObject => {
  const details = detailsOf(failure);
  return {
    type: 'error',
    error: { type: typeOf(failure), message: messageOf(failure), ...(details ? { details } : {}) },
    request_id: requestId,
  };
};
