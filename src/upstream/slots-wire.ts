/** How is a multiplexer elsewhere asked something, so that silence, failures and strangers become a reason in words? */
import type { Clock, FetchSession } from '#platform/effects';

/** Until the head of a reply is there. */
const HEAD_MS = 10_000;

export interface Wire {
  /** Where it listens, without a path and a slash at the end. */
  readonly url: string;
  /** Its access token. */
  readonly token: string | undefined;
  /** Lent: whoever opened it closes it. */
  readonly session: FetchSession;
  readonly clock: Clock;
}

/** The next piece of a body, waited for so long; undefined at its end. */
export type Next = (ms: number) => Promise<Uint8Array | undefined>;

/** How an exchange ended: there is no such path, or the reason why it is over; undefined: nothing is wrong. */
export type Ended = 'absent' | { readonly problem: string | undefined };

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';

/** Names what is wrong with a reply's head; undefined when its body can be read. */
const headProblem = ({ status, headers }: Response, type: string): string | undefined => {
  if (status === 401 || status === 403)
    return `it refuses the token (status ${status}): set the variable that auth_env of the swap group names`;
  if (status !== 200) return `it answers with status ${status}`;
  return (headers.get('content-type') ?? '').startsWith(type) ? undefined : 'what answers there is no multiplexer';
};

const NO_BODY: Promise<{ readonly value: undefined }> = Promise.resolve({ value: undefined });

/**
 * Gets `path` and has its body read. Never rejects. Redirects are not followed, so that the token goes nowhere else.
 * @param type content type of an answer that is meant
 * @param read returns what is wrong, if anything; whatever it has left unread is given up
 */
export const askWire = async (
  { url, token, session, clock }: Wire,
  path: string,
  type: string,
  signal: AbortSignal,
  read: (next: Next) => Promise<string | undefined>,
): Promise<Ended> => {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const within = async <Value>(ms: number, what: Promise<Value>): Promise<Value> => {
    const timer = clock.setTimeout(stop, ms);
    try {
      return await what;
    } finally {
      clock.clearTimeout(timer);
    }
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const headers = { accept: type, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  try {
    const asked = session.fetch(url + path, { headers, redirect: 'manual', signal: controller.signal });
    const response = await within(HEAD_MS, asked);
    if (response.status === 404) return 'absent';
    const problem = headProblem(response, type);
    if (problem !== undefined) return { problem };
    const reader = response.body?.getReader();
    return { problem: await read(async (ms) => (await within(ms, reader?.read() ?? NO_BODY)).value) };
  } catch (error) {
    return { problem: controller.signal.aborted ? 'it has fallen silent' : `the connection failed${codeOf(error)}` };
  } finally {
    signal.removeEventListener('abort', stop);
    // The body of a reply that nobody wants would keep its connection.
    stop();
  }
};
