/** How is a model server on this machine asked one thing: within a time, without redirects, reading no more than a little? */
import type { Clock, FetchLike } from '#platform/effects';
import { readLimited } from '#platform/limited-text';

export type ProbeAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  /** A connection, but no whole answer in time; or more of it than is read. */
  | { readonly kind: 'silent'; readonly detail: string }
  /** Nobody there, or the connection broke. */
  | { readonly kind: 'none'; readonly detail: string };

export interface ProbeWorld {
  readonly fetch: FetchLike;
  readonly clock: Clock;
}

export interface ProbeOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Makes it a POST; undefined as its value sends none. */
  readonly post?: { readonly json: unknown };
}

/** Bytes of one answer that are read; model lists and server details are far smaller. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/** The system's name of what went wrong, `ECONNREFUSED` for one; never the whole message, which may hold anything. */
const detailOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no connection';

/** Asks once. Never rejects; when the signal ends it, the answer is `none`. */
export const probe = async (
  { fetch, clock }: ProbeWorld,
  url: string,
  { timeoutMs, signal, post }: ProbeOptions,
): Promise<ProbeAnswer> => {
  const deadline = new AbortController();
  const timer = clock.setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const response = await fetch(url, {
      method: post === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline.signal]),
      ...(post?.json === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(post.json) }),
    });
    const text = await readLimited(response, ANSWER_BYTES_MAX);
    if (text === undefined) return { kind: 'silent', detail: `more than ${ANSWER_BYTES_MAX} bytes` };
    return { kind: 'answer', status: response.status, text };
  } catch (error) {
    if (deadline.signal.aborted) return { kind: 'silent', detail: `no answer within ${timeoutMs / 1_000} s` };
    return { kind: 'none', detail: detailOf(error) };
  } finally {
    clock.clearTimeout(timer);
  }
};
