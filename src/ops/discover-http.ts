/** How is a local server asked one question: briefly, without redirects, and without reading more than a little? */
import type { Clock, FetchLike } from '#platform/effects';
import { readLimited } from '#platform/limited-text';

/** The whole exchange, body included. A server on loopback that needs longer is not ready to serve. */
export const PROBE_MS = 400;
/** Bytes of one reply that are read; model listings and details are far smaller. */
const REPLY_BYTES_MAX = 4 * 1024 * 1024;

export type ProbeReply =
  | { readonly kind: 'json'; readonly status: number; readonly value: unknown }
  /** A reply that is no JSON document, or too large. */
  | { readonly kind: 'other'; readonly status: number }
  /** A connection, but no complete reply in time. */
  | { readonly kind: 'silent' }
  /** Nobody there. */
  | { readonly kind: 'none' };

export interface Prober {
  /** Never rejects. `body` makes it a POST. */
  ask(url: string, body?: unknown): Promise<ProbeReply>;
}

const replyOf = async (response: Response): Promise<ProbeReply> => {
  const { status } = response;
  const text = await readLimited(response, REPLY_BYTES_MAX);
  try {
    if (text !== undefined) return { kind: 'json', status, value: JSON.parse(text) };
  } catch {
    // Not JSON: a web page, for one.
  }
  return { kind: 'other', status };
};

/** A prober whose every question has its own deadline. */
export const createProber = (fetch: FetchLike, clock: Clock, probeMs: number = PROBE_MS): Prober => ({
  ask: async (url, body) => {
    const deadline = new AbortController();
    const timer = clock.setTimeout(() => deadline.abort(new Error('probe deadline passed')), probeMs);
    try {
      const response = await fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        signal: deadline.signal,
        headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return await replyOf(response);
    } catch {
      return deadline.signal.aborted ? { kind: 'silent' } : { kind: 'none' };
    } finally {
      clock.clearTimeout(timer);
    }
  },
});
