/** One call to a Docker Engine: over its socket or plain TCP, under a deadline, with an answer of bounded size. */
import { type DockerAddress, parseDockerAddress } from '#platform/docker-address';
import { answerError, timeoutError, transportError } from '#platform/docker-errors';
import type { Clock } from '#platform/effects';

/** Largest answer that is read whole, in bytes. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
/** Characters kept of what an engine says is wrong. */
const SAID_CHARS_MAX = 500;

export interface DockerCall {
  /** For messages: `start container anvil-fast`. */
  readonly asked: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its query, without a version. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Answers that are no error besides 2xx. */
  readonly accepts?: readonly number[];
  /** Until the whole answer is there; of `stream`, its head. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface DockerAnswer {
  readonly status: number;
  readonly text: string;
}

/** A body as it comes, without a limit of time. */
export interface DockerStream {
  readonly body: ReadableStream<Uint8Array> | undefined;
  /** Ends it; to be called when it has ended by itself as well. */
  close(): void;
}

export interface DockerHttp {
  readonly address: string;
  /** @throws DockerError, or the reason of the signal */
  call(call: DockerCall): Promise<DockerAnswer>;
  /** @throws DockerError, or the reason of the signal */
  stream(call: DockerCall): Promise<DockerStream>;
}

/** Reads to the end, or as far as the limit goes. */
const readText = async (response: Response): Promise<string> => {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) break;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

/** Engines answer `{"message":"…"}`; something else on the socket may not. */
const saidBy = (text: string): string => {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed) return String(parsed.message).trim();
  } catch {
    // Not JSON: its own words will do.
  }
  return text.trim();
};

interface Deadline {
  readonly signal: AbortSignal;
  readonly passed: () => boolean;
  /** The time counts no longer; the caller's signal still does. */
  readonly lift: () => void;
  /** Ends the call if it has not ended. */
  readonly close: () => void;
}

/** Ends the call after `ms`, or when the caller does. */
const deadlineOf = (clock: Clock, { timeoutMs, signal }: DockerCall): Deadline => {
  const controller = new AbortController();
  let passed = false;
  const abort = (): void => controller.abort(signal?.reason);
  const timer = clock.setTimeout(() => {
    passed = true;
    controller.abort();
  }, timeoutMs);
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    passed: () => passed,
    lift: () => clock.clearTimeout(timer),
    close: () => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      controller.abort();
    },
  };
};

export interface DockerHttpOptions {
  /** As DOCKER_HOST has it. */
  readonly address: string;
  /** Whether DOCKER_TLS_VERIFY is set. */
  readonly tls?: boolean;
  readonly clock: Clock;
}

/** Opens nothing by itself: an address that makes no sense is said at the first call. */
export const createDockerHttp = ({ address, tls = false, clock }: DockerHttpOptions): DockerHttp => {
  // No proxy: with HTTP_PROXY set, even 127.0.0.1 would go through it.
  const session = new Bun.FetchSession({ proxy: false });

  const open = ({ path, method, body }: DockerCall, signal: AbortSignal): Promise<Response> => {
    const to: DockerAddress = parseDockerAddress(address, tls);
    return session.fetch(`${to.kind === 'unix' ? 'http://docker' : to.origin}${path}`, {
      method,
      signal,
      // A kept connection may have died with the engine, and a POST on it must not be repeated.
      keepalive: false,
      timeout: false,
      redirect: 'manual',
      ...(to.kind === 'unix' ? { unix: to.path } : {}),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  };

  const failure = (call: DockerCall, deadline: Deadline, error: unknown): unknown => {
    if (deadline.passed()) return timeoutError(call.asked, address, call.timeoutMs);
    if (call.signal?.aborted === true) return call.signal.reason;
    return error instanceof Error && error.name === 'DockerError' ? error : transportError(call.asked, address, error);
  };

  const check = ({ asked, accepts = [] }: DockerCall, status: number, text: string): void => {
    if ((status >= 200 && status < 300) || accepts.includes(status)) return;
    throw answerError(asked, status, saidBy(text).slice(0, SAID_CHARS_MAX));
  };

  return {
    address,
    async call(call) {
      const deadline = deadlineOf(clock, call);
      try {
        const response = await open(call, deadline.signal);
        const text = await readText(response);
        check(call, response.status, text);
        return { status: response.status, text };
      } catch (error) {
        throw failure(call, deadline, error);
      } finally {
        deadline.close();
      }
    },
    async stream(call) {
      const deadline = deadlineOf(clock, call);
      try {
        const response = await open(call, deadline.signal);
        if (!response.ok) check(call, response.status, await readText(response));
        deadline.lift();
        return { body: response.body ?? undefined, close: deadline.close };
      } catch (error) {
        const thrown = failure(call, deadline, error);
        deadline.close();
        throw thrown;
      }
    },
  };
};
