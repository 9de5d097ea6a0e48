/** How is a failure told to a Messages caller? Anthropic's envelope around the words of the error table. */
import type { SaidFailure } from '#core/error-table';
import type { FailureKind } from '#core/failure';
import type { JsonObject } from '#core/message';

/** Types a tier may be quoted with; another dialect's words would mean nothing to the caller. */
const NATIVE_TYPES: ReadonlySet<string> = new Set([
  'invalid_request_error',
  'authentication_error',
  'billing_error',
  'permission_error',
  'not_found_error',
  'conflict_error',
  'request_too_large',
  'rate_limit_error',
  'timeout_error',
  'api_error',
  'overloaded_error',
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

const typeOf = ({ upstream, type }: SaidFailure): string => {
  if (upstream?.type !== undefined && NATIVE_TYPES.has(upstream.type)) return upstream.type;
  return upstream?.status === 413 ? 'request_too_large' : type;
};

/** `thread` is refused in the form that makes the official client send the whole conversation instead. */
const detailsOf = ({ kind, param, details }: SaidFailure): JsonObject | undefined => {
  if (details) return details;
  if (param === 'thread') {
    if (kind === 'not-found') return { error_code: 'thread_not_found' };
    return { error_code: 'thread_unsupported_request', unsupported: ['context_management'] };
  }
  return CODED.has(kind) ? { error_code: kind.replaceAll('-', '_') } : undefined;
};

export const messagesErrorBody = (said: SaidFailure, requestId: string): JsonObject => {
  const details = detailsOf(said);
  return {
    type: 'error',
    error: { type: typeOf(said), message: said.message, ...(details ? { details } : {}) },
    request_id: requestId,
  };
};
