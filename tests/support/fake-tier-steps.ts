/** What a fake tier does with one request: a list of steps, from exact bytes on the wire to a reset connection. */
import type { Socket } from 'node:net';
import { settle } from '#tests/support/clock';
import type { SeenRequest } from '#tests/support/fake-tier-requests';
import type { Gates } from '#tests/support/gates';

/**
 * One thing the tier does. A reply that runs out of steps is ended as with `{ end: true }`.
 * `chunk` is one HTTP chunk and one write to the socket, unless the head has a `content-length` or says
 * `connection: close` without `transfer-encoding`: then its bytes go out bare. `raw` bypasses all framing.
 * `waitFor` holds until `tier.release(name)`. `close` ends the connection politely, complete reply or not;
 * `reset` breaks it off with an RST. `hang` never does anything more until the caller leaves or the tier stops.
 */
export type Step =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Reason phrase of the status line. */
      readonly reason?: string;
    }
  | { readonly chunk: string | Uint8Array }
  | { readonly raw: string | Uint8Array }
  | { readonly waitFor: string }
  | { readonly end: true }
  | { readonly close: true }
  | { readonly reset: true }
  | { readonly hang: true };

export type Steps = Iterable<Step> | AsyncIterable<Step>;
export type ReplyFunction = (request: SeenRequest) => Steps | Promise<Steps>;

/** Steps of a whole JSON answer. */
export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Step[] => {
  const bytes = Buffer.from(JSON.stringify(body));
  return [
    { status, headers: { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers } },
    { chunk: bytes },
  ];
};

/** The head of an event stream. */
export const sseHead = (headers: Readonly<Record<string, string>> = {}): Step => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...headers },
});

/** Steps of an event stream, one chunk per element. */
export const sse = (events: readonly (string | Uint8Array)[]): Step[] => [
  sseHead(),
  ...events.map((chunk) => ({ chunk })),
];

/** How a reply left the connection. */
export type ReplyEnd = 'complete' | 'closed' | 'reset' | 'caller-gone';

interface Wire {
  readonly socket: Socket;
  readonly gates: Gates;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly gone: Promise<void>;
  /** Told how many bytes each write handed to the system. */
  readonly sent: (bytes: number) => void;
}

type Framing = 'none' | 'chunked' | 'bare';

interface Progress {
  framing: Framing;
  closeAfter: boolean;
}

const bytesOf = (value: string | Uint8Array): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value);

const headText = (step: Extract<Step, { status: number }>, progress: Progress): string => {
  const headers = Object.entries(step.headers ?? {});
  const value = (name: string): string | undefined => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  progress.closeAfter = value('connection')?.toLowerCase() === 'close';
  const bare =
    value('content-length') !== undefined || (progress.closeAfter && value('transfer-encoding') === undefined);
  progress.framing = bare || step.status === 204 || step.status === 304 ? 'bare' : 'chunked';
  if (progress.framing === 'chunked' && value('transfer-encoding') === undefined) {
    headers.push(['transfer-encoding', 'chunked']);
  }
  const lines = headers.map(([key, text]) => `${key}: ${text}\r\n`).join('');
  return `HTTP/1.1 ${step.status} ${step.reason ?? 'Scripted'}\r\n${lines}\r\n`;
};

/**
 * Hands bytes to the system as one write, waits for room, and lets the event loop come round twice: a caller on a bare
 * socket in the same process reads these bytes before the next ones are written. (A `fetch` caller reads on another
 * thread and may still see two writes as one; a `waitFor` step between them separates them for certain.)
 */
const write = async (wire: Wire, bytes: Uint8Array): Promise<void> => {
  if (bytes.length === 0 || wire.socket.destroyed) return;
  const room = wire.socket.write(bytes);
  if (!room) {
    const drained = Promise.withResolvers<void>();
    wire.socket.once('drain', drained.resolve);
    await Promise.race([drained.promise, wire.gone]);
    wire.socket.off('drain', drained.resolve);
  }
  wire.sent(bytes.length);
  await settle();
  await settle();
};

const chunkOf = (bytes: Uint8Array, framing: Framing): Uint8Array =>
  framing === 'bare'
    ? bytes
    : Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);

const end = async (wire: Wire, progress: Progress): Promise<ReplyEnd> => {
  if (progress.framing === 'none') await write(wire, Buffer.from(headText({ status: 200, headers: {} }, progress)));
  if (progress.framing === 'chunked') await write(wire, Buffer.from('0\r\n\r\n'));
  if (wire.socket.destroyed) return 'caller-gone';
  if (!progress.closeAfter) return 'complete';
  wire.socket.end();
  return 'closed';
};

/** Does one step; an outcome when that ended the reply. */
const perform = async (step: Step, wire: Wire, progress: Progress): Promise<ReplyEnd | undefined> => {
  if ('status' in step) await write(wire, Buffer.from(headText(step, progress)));
  else if ('chunk' in step) {
    const bytes = bytesOf(step.chunk);
    // An empty HTTP chunk would be the terminal one.
    if (bytes.length > 0) await write(wire, chunkOf(bytes, progress.framing));
  } else if ('raw' in step) await write(wire, bytesOf(step.raw));
  else if ('waitFor' in step) await Promise.race([wire.gates.wait(step.waitFor), wire.gone]);
  else if ('end' in step) return end(wire, progress);
  else if ('close' in step) {
    wire.socket.end();
    return 'closed';
  } else if ('reset' in step) {
    wire.socket.resetAndDestroy();
    return 'reset';
  } else await wire.gone;
  return undefined;
};

/** Plays a reply on a connection. Never rejects because the caller left: that is an outcome. */
export const play = async (steps: Steps, wire: Wire): Promise<ReplyEnd> => {
  const progress: Progress = { framing: 'none', closeAfter: false };
  let left = false;
  wire.gone.then(() => {
    left = true;
  });
  for await (const step of steps) {
    const ended = await perform(step, wire, progress);
    if (ended !== undefined) return ended;
    if (left) return 'caller-gone';
  }
  return end(wire, progress);
};
