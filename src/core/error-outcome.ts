/** Into which few outcomes do callers' programs divide the many ways of failing, and what does the table say of one? */
import type { FailureKind } from '#core/failure';

/** What a caller is told about: one row of the error table per dialect. Also the names that a configuration uses. */
export const OUTCOMES = [
  'exhausted',
  'overloaded',
  'draining',
  'deadline',
  'budget-spent',
  'over-context',
  'unsupported',
  'caller-error',
  'bad-request',
  'body-too-large',
  'unauthorized',
  'not-found',
  'no-endpoint',
  'method-not-allowed',
  'broken',
  'internal',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** One line for people: when it comes about. */
export const OUTCOME_MEANING: Record<Outcome, string> = {
  exhausted: 'no tier may serve the request, or all of them failed',
  overloaded: 'all places are taken at this moment',
  draining: 'the router is leaving',
  deadline: 'no tier answered within the time for one request',
  'budget-spent': 'a cap of `[router.budgets]` is reached',
  'over-context': 'the prompt fits no window',
  unsupported: 'no tier takes what the request carries',
  'caller-error': 'a tier found fault with the request itself',
  'bad-request': 'the router found fault with the request',
  'body-too-large': 'the body is larger than `body_bytes_max`',
  unauthorized: 'the access token is missing or wrong',
  'not-found': 'no such model or decision',
  'no-endpoint': 'no such path, of those that the dialect has elsewhere for one',
  'method-not-allowed': 'the path is right, the method is not',
  broken: 'the answer had begun to leave and cannot be finished',
  internal: 'a bug of the router',
};

export const OUTCOME_OF: Record<FailureKind, Outcome> = {
  'bad-json': 'bad-request',
  'bad-request': 'bad-request',
  'body-too-large': 'body-too-large',
  'too-deep': 'bad-request',
  'length-required': 'bad-request',
  unauthorized: 'unauthorized',
  'not-found': 'not-found',
  'no-endpoint': 'no-endpoint',
  'method-not-allowed': 'method-not-allowed',
  'caller-error': 'caller-error',
  'over-context': 'over-context',
  denied: 'exhausted',
  metered: 'exhausted',
  uncredentialed: 'exhausted',
  unsupported: 'unsupported',
  unavailable: 'exhausted',
  'pin-unavailable': 'exhausted',
  exhausted: 'exhausted',
  'budget-spent': 'budget-spent',
  overloaded: 'overloaded',
  draining: 'draining',
  deadline: 'deadline',
  broken: 'broken',
  internal: 'internal',
};

/** The reason as a stable word, for the dialects whose errors have a `code`: OpenAI's where it has one, else ours. */
export const CODE_OF: Record<FailureKind, string> = {
  'bad-json': 'invalid_request',
  'bad-request': 'invalid_request',
  'body-too-large': 'payload_too_large',
  'too-deep': 'invalid_request',
  'length-required': 'invalid_request',
  unauthorized: 'invalid_api_key',
  'not-found': 'not_found',
  'no-endpoint': 'not_found',
  'method-not-allowed': 'method_not_allowed',
  'caller-error': 'invalid_request',
  'over-context': 'context_length_exceeded',
  denied: 'denied',
  metered: 'metered',
  uncredentialed: 'uncredentialed',
  unsupported: 'unsupported',
  unavailable: 'unavailable',
  'pin-unavailable': 'pin_unavailable',
  exhausted: 'exhausted',
  'budget-spent': 'budget_spent',
  overloaded: 'server_busy',
  draining: 'draining',
  deadline: 'deadline',
  broken: 'broken',
  internal: 'internal_error',
};

/** What one dialect's callers are told of one outcome, before the head has left and after. */
export interface ErrorRow {
  /** `own`: the failure's own, as the transport or the tier gave it. */
  readonly status: number | 'own';
  /** Seconds for `Retry-After` where the failure knows no better; `known`: only what it knows; `never`: no such header. */
  readonly retryAfter: number | 'known' | 'never';
  /** Value of `x-should-retry`; absent: no such header. */
  readonly shouldRetry?: boolean;
  /** The `type` of the error document. */
  readonly type: string;
  /** The `code`, where it is not the failure's own. */
  readonly code?: string;
  /**
   * What stands in for type and code where no 5xx speaks of the server: with a lower status, and inside a committed
   * stream. Some clients search the words of any error for those of a busy server, and ask again for them.
   */
  readonly unless5xx?: { readonly type?: string; readonly code?: string };
  /** Text with `{message}`, `{prompt}` and `{window}`; the second serves while the numbers are unknown. */
  readonly wording?: { readonly exact: string; readonly vague: string };
  /** Why so: what clients were measured or documented to do. */
  readonly because: string;
}

export type ErrorRows = Readonly<Record<Outcome, ErrorRow>>;
