/** How a failure is said over HTTP: status, headers and body in the caller's dialect, built in one place. */
import type { Dialect } from '#core/dialect';
import { type Failure, NO_TIER_KINDS } from '#core/failure';

/** Kinds that a client must not retry by itself: the same request would end the same way. */
const isFinal = (failure: Failure): boolean =>
  NO_TIER_KINDS.has(failure.kind) || failure.kind === 'budget-spent' || failure.kind === 'pin-unavailable';

/** Sent when nothing better is known: long enough for a gateway to move on to its fallback model instead of waiting. */
const RETRY_AFTER_SECONDS = 120;

const retryAfter = (failure: Failure): number | undefined =>
  failure.retryAfterSeconds ?? (NO_TIER_KINDS.has(failure.kind) ? RETRY_AFTER_SECONDS : undefined);

/** Headers of a failure beside the receipt. */
export const failureHeaders = (failure: Failure): Record<string, string> => {
  const wait = retryAfter(failure);
  return {
    'content-type': 'application/json',
    'x-anvil-reason': failure.kind,
    ...(wait === undefined ? {} : { 'retry-after': String(wait) }),
    ...(isFinal(failure) ? { 'x-should-retry': 'false' } : {}),
    ...(failure.allow === undefined ? {} : { allow: failure.allow }),
  };
};

/**
 * The one place that turns a failure into a Response.
 * @param headers the receipt so far
 */
export const failureResponse = (
  dialect: Pick<Dialect, 'errorBody'>,
  failure: Failure,
  requestId: string,
  headers: Readonly<Record<string, string>>,
): Response =>
  new Response(JSON.stringify(dialect.errorBody(failure, requestId)), {
    status: failure.status,
    headers: { ...headers, ...failureHeaders(failure) },
  });
