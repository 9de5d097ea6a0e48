/** One HTTP call to a tier: open it under deadlines, read it with back-pressure, and name what went wrong. */
import { joinBytes } from '#core/bytes';
import type { AttemptFailure } from '#core/failure';
import type { Deadlines } from '#core/tier';
import type { Clock, FetchSession } from '#platform/effects';
import { createWatchdog, type DeadlineName, type Watchdog } from '#upstream/deadline';

/** Most bytes read of an upstream's error reply. */
const ERROR_BODY_BYTES_MAX = 64 * 1024;

/** Longest wait for an upstream to close its body after the answer has ended, in milliseconds. */
const DRAIN_MS_MAX = 1_000;
const DRAIN_CHUNKS_MAX = 16;

/** Ends the sentence that a deadline passed: who wanted it so early. */
export type Hurries = Readonly<Partial<Record<DeadlineName, string>>>;

export interface UpstreamCall {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;
  readonly deadlines: Pick<Deadlines, 'idleMs' | 'totalMs'>;
  /** Milliseconds until the first body byte, already scaled to the prompt. */
  readonly firstByteMs: number;
  /** Deadlines that come earlier than the tier's own, and on whose account. */
  readonly hurried?: Hurries | undefined;
  /** Whether the reply is expected to stream; otherwise only the total deadline bounds the wait for it. */
  readonly stream: boolean;
}

/** A call in progress. Every method resolves; none throws. */
export interface UpstreamReply {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Headers;
  /** The next chunk, undefined at a clean end, or a failure. */
  read(): Promise<Uint8Array | undefined | AttemptFailure>;
  /** The whole body, refused past `bytesMax`. */
  readAll(bytesMax: number): Promise<Uint8Array | AttemptFailure>;
  /** At most 64 KiB of an error reply, as text. */
  readError(): Promise<string>;
  /** Reads what follows the terminal marker so that the connection can be kept; gives up after a second. */
  drain(): Promise<void>;
}

export interface Upstream {
  /** Resolves once the reply's head is there, or with the failure that prevented it. */
  readonly opened: Promise<UpstreamReply | AttemptFailure>;
  /** Ends the call at once; idempotent. */
  cancel(): void;
}

export const isFailure = (value: object | undefined): value is AttemptFailure => value !== undefined && 'kind' in value;

const timedOut = (name: DeadlineName, ms: number, { hurried }: UpstreamCall): AttemptFailure => {
  const detail = `${name} deadline of ${Math.round(ms / 100) / 10} s passed`;
  const why = hurried?.[name];
  return why === undefined
    ? { kind: 'timeout', detail }
    : { kind: 'timeout', detail: `${detail}, ${why}`, hurried: true };
};

/** Names a transport error without its message, which may hold addresses. */
const transportFailure = (error: unknown, phase: 'open' | 'read'): AttemptFailure => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (phase === 'read') return { kind: 'cut-off', detail: `connection lost mid-answer${code && ` (${code})`}` };
  if (code === 'Malformed_HTTP_Response') return { kind: 'malformed', detail: 'the reply is not HTTP' };
  return { kind: 'unreachable', detail: code === '' ? 'connection failed' : `connection failed (${code})` };
};

const isStaleSocket = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ECONNRESET';

/** A call as its head and its body see it. */
interface Line {
  readonly call: UpstreamCall;
  readonly controller: AbortController;
  readonly watchdog: Watchdog;
  /** The deadline that ended the call. */
  passed: AttemptFailure | undefined;
  /** The head or a chunk is waited for, so whoever waits hears of a deadline. */
  awaited: boolean;
}

/** Silence counts while a chunk is waited for: the first one under its own deadline, later ones under the idle one. */
const readFrom = (line: Line, response: Response): Pick<UpstreamReply, 'read' | 'drain'> => {
  const { call, controller, watchdog } = line;
  const openReader = () => response.body?.getReader();
  let reader: ReturnType<typeof openReader>;
  let begun = false;
  let draining = false;
  const beforeRead = (): void => {
    line.awaited = true;
    if (begun && !draining) watchdog.touch();
  };
  const afterRead = (): void => {
    line.awaited = false;
    if (draining) return;
    if (!begun && call.stream) {
      begun = true;
      watchdog.phase('idle', call.deadlines.idleMs);
    }
    if (begun) watchdog.pause();
  };
  const read = async (): Promise<Uint8Array | undefined | AttemptFailure> => {
    reader ??= openReader();
    if (!reader) return undefined;
    beforeRead();
    try {
      const { done, value } = await reader.read();
      if (done) {
        watchdog.stop();
        return line.passed;
      }
      afterRead();
      return value;
    } catch (error) {
      watchdog.stop();
      return line.passed ?? transportFailure(error, 'read');
    }
  };
  return {
    read,
    async drain() {
      draining = true;
      watchdog.phase('drain', DRAIN_MS_MAX);
      for (let chunks = 0; chunks < DRAIN_CHUNKS_MAX; chunks++) {
        const chunk = await read();
        if (chunk === undefined || isFailure(chunk)) return;
      }
      watchdog.stop();
      controller.abort(new Error('the tier went on after its terminal marker'));
    },
  };
};

/** Of a streamed call each chunk counts against silence; a body whose length is unknown or packed may grow too large. */
const fitsWhole = ({ call }: Line, headers: Headers, bytesMax: number): boolean =>
  !call.stream && Number(headers.get('content-length') ?? Number.NaN) <= bytesMax && !headers.has('content-encoding');

/** A body in one piece: no stream is made for it. */
const readOnce = async (line: Line, response: Response): Promise<Uint8Array | AttemptFailure> => {
  line.awaited = true;
  try {
    const bytes = await response.bytes();
    line.watchdog.stop();
    return bytes;
  } catch (error) {
    line.watchdog.stop();
    return line.passed ?? transportFailure(error, 'read');
  }
};

const replyOf = (line: Line, response: Response): UpstreamReply => {
  line.awaited = false;
  const { read, drain } = readFrom(line, response);
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    headers: response.headers,
    read,
    readAll: (bytesMax) =>
      fitsWhole(line, response.headers, bytesMax) ? readOnce(line, response) : readAll(read, bytesMax),
    readError: () => readError(read),
    drain,
  };
};

const openLine = async (line: Line, session: FetchSession): Promise<UpstreamReply | AttemptFailure> => {
  const { call, controller, watchdog } = line;
  const fetchOnce = (): Promise<Response> =>
    session.fetch(call.url, {
      method: 'POST',
      headers: call.headers,
      body: call.body,
      redirect: 'manual',
      signal: controller.signal,
    });
  try {
    // A kept-alive socket that the tier closed in the meantime resets before any byte; one fresh try is safe then.
    const response = await fetchOnce().catch((error) => {
      if (line.passed || controller.signal.aborted || !isStaleSocket(error)) throw error;
      return fetchOnce();
    });
    return replyOf(line, response);
  } catch (error) {
    watchdog.stop();
    return line.passed ?? transportFailure(error, 'open');
  }
};

/**
 * Opens a call on the tier's own session. Redirects are never followed, so a key never travels further.
 * @param onLate told of a deadline that passed while nobody was reading, which no `read` could tell
 */
export const openUpstream = (
  call: UpstreamCall,
  session: FetchSession,
  clock: Clock,
  onLate: (failure: AttemptFailure) => void,
): Upstream => {
  const controller = new AbortController();
  const watchdog = createWatchdog(clock, call.deadlines.totalMs, (name, ms) => {
    const passed = timedOut(name, ms, call);
    line.passed = passed;
    controller.abort(new Error(passed.detail));
    if (!line.awaited) onLate(passed);
  });
  const line: Line = { call, controller, watchdog, passed: undefined, awaited: true };
  if (call.stream) watchdog.phase('first byte', call.firstByteMs);
  return {
    opened: openLine(line, session),
    cancel() {
      watchdog.stop();
      if (!controller.signal.aborted) controller.abort(new Error('attempt cancelled'));
    },
  };
};

const readAll = async (read: UpstreamReply['read'], bytesMax: number): Promise<Uint8Array | AttemptFailure> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = await read();
    if (chunk === undefined) return joinBytes(chunks);
    if (isFailure(chunk)) return chunk;
    size += chunk.length;
    if (size > bytesMax) return { kind: 'overflow', detail: `reply larger than ${bytesMax} bytes` };
    chunks.push(chunk);
  }
};

const readError = async (read: UpstreamReply['read']): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < ERROR_BODY_BYTES_MAX) {
    const chunk = await read();
    if (chunk === undefined || isFailure(chunk)) break;
    chunks.push(chunk.subarray(0, ERROR_BODY_BYTES_MAX - size));
    size += chunk.length;
  }
  return new TextDecoder().decode(joinBytes(chunks));
};
