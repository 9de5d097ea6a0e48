/** How is a failure said over HTTP? Status, headers and body in the caller's dialect, as the error table has it. */
import type { Dialect } from '#core/dialect';
import { type ErrorRule, rulesFor, type SaidFailure, sayFailure } from '#core/error-table';
import type { Failure } from '#core/failure';
import type { Settings } from '#core/settings';

/** Who is told. */
export interface Told<D = Pick<Dialect, 'name' | 'errorBody'>> {
  readonly dialect: D;
  /** What the configuration says for this caller instead of the table. */
  readonly rules: readonly ErrorRule[];
  /** Goes into the error document. */
  readonly requestId: string;
}

/** @param token name of the access token used, if any */
export const tellIn = <D>(
  dialect: D,
  requestId: string,
  token: string | undefined,
  { errors }: Pick<Settings, 'errors'>,
): Told<D> => ({ dialect, requestId, rules: rulesFor(errors, token) });

/** Headers of a failure beside the receipt. */
export const failureHeaders = (said: SaidFailure): Record<string, string> => ({
  'content-type': 'application/json',
  'x-anvil-reason': said.kind,
  ...(said.retryAfterSeconds === undefined ? {} : { 'retry-after': String(said.retryAfterSeconds) }),
  ...(said.shouldRetry === undefined ? {} : { 'x-should-retry': String(said.shouldRetry) }),
  ...(said.allow === undefined ? {} : { allow: said.allow }),
});

/**
 * The one place that turns a failure into a Response.
 * @param headers the receipt so far
 */
export const failureResponse = (
  { dialect, rules, requestId }: Told,
  failure: Failure,
  headers: Readonly<Record<string, string>> = {},
): Response => {
  const said = sayFailure(failure, dialect.name, 'head', rules);
  return new Response(JSON.stringify(dialect.errorBody(said, requestId)), {
    status: said.status,
    headers: { ...headers, ...failureHeaders(said) },
  });
};

/** SSE text that ends a committed stream in an error. */
export const failureEvent = (
  { dialect, rules, requestId }: Told<Pick<Dialect, 'name' | 'errorEvent'>>,
  failure: Failure,
): string => dialect.errorEvent(sayFailure(failure, dialect.name, 'stream', rules), requestId);
