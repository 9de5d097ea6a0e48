/** HTTP as bytes: a bare TCP connection to the server, for what no well-behaved client would ever send. */
import { connect, type Socket } from 'node:net';

/** Bytes one connection may answer before a test has run away. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface RawResponse {
  readonly status: number;
  /** Lower-case names; repeated ones joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawConnection extends AsyncDisposable {
  /** Writes bytes as they are; resolves when the system took them or the connection is gone. */
  send(data: string | Uint8Array): Promise<void>;
  /**
   * The next whole response, 1xx ones included; undefined when the connection ends without another one.
   * @param options.head the response answers a HEAD request, so no body follows its headers
   */
  response(options?: { readonly head?: boolean }): Promise<RawResponse | undefined>;
  /** Resolves once the server has closed the connection, politely or not. */
  readonly closed: Promise<void>;
  /** Everything received so far. */
  readonly text: string;
  /** Reads nothing more, as a caller that has stalled. */
  pause(): void;
  /** Breaks the connection off with an RST. */
  reset(): void;
}

interface Taken {
  readonly response: RawResponse;
  readonly end: number;
}

const headersOf = (lines: readonly string[]): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
};

/** The body of a chunked response and where it ends; undefined while more must come. */
const chunkedBody = (bytes: Buffer, from: number): { readonly body: Buffer; readonly end: number } | undefined => {
  const pieces: Buffer[] = [];
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error('a response chunk has no size');
    const next = lineEnd + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { body: Buffer.concat(pieces), end: next };
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
};

/** The first whole response in these bytes. `ended`: nothing more will come, which ends a body without a length. */
const takeResponse = (bytes: Buffer, head: boolean, ended: boolean): Taken | undefined => {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`);
  const headers = headersOf(lines);
  const from = headEnd + 4;
  const whole = (body: Buffer, end: number): Taken => ({ response: { status, headers, body: body.toString() }, end });
  if (head || status < 200 || status === 204 || status === 304) return whole(Buffer.alloc(0), from);
  if (headers['transfer-encoding'] !== undefined) {
    const read = chunkedBody(bytes, from);
    return read === undefined ? undefined : whole(read.body, read.end);
  }
  if (headers['content-length'] === undefined) return ended ? whole(bytes.subarray(from), bytes.length) : undefined;
  const end = from + Number(headers['content-length']);
  return bytes.length < end ? undefined : whole(bytes.subarray(from, end), end);
};

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });

/** Opens a connection to a server of this machine. */
export const rawConnection = async (url: string): Promise<RawConnection> => {
  const socket = await open(Number(new URL(url).port));
  const closed = Promise.withResolvers<void>();
  let received: Buffer = Buffer.alloc(0);
  let consumed = 0;
  let ended = false;
  let arrived = Promise.withResolvers<void>();
  const tell = (): void => {
    arrived.resolve();
    arrived = Promise.withResolvers();
  };
  const finish = (): void => {
    ended = true;
    tell();
  };
  socket.on('error', finish);
  socket.on('end', finish);
  socket.on('close', () => {
    finish();
    closed.resolve();
  });
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length > ANSWER_BYTES_MAX) socket.destroy();
    tell();
  });
  return {
    closed: closed.promise,
    get text() {
      return received.toString();
    },
    send: (data) =>
      new Promise((resolve) => {
        if (socket.destroyed) resolve();
        else socket.write(data, () => resolve());
      }),
    async response({ head = false } = {}) {
      for (;;) {
        const taken = takeResponse(received.subarray(consumed), head, ended);
        if (taken !== undefined) {
          consumed += taken.end;
          return taken.response;
        }
        if (ended) return undefined;
        await arrived.promise;
      }
    },
    reset: () => socket.resetAndDestroy(),
    pause: () => socket.pause(),
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed.promise;
    },
  };
};

/** The bytes of a request. A body gets its `content-length` unless the headers already frame it. */
export const rawRequest = (
  method: string,
  target: string,
  options: {
    readonly headers?: readonly string[];
    readonly body?: string | Uint8Array;
    readonly version?: string;
  } = {},
): Uint8Array => {
  const { headers = [], body, version = 'HTTP/1.1' } = options;
  const framed = headers.some((line) => /^(?:content-length|transfer-encoding)\s*:/i.test(line));
  const length = body === undefined || framed ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${target} ${version}`, 'host: 127.0.0.1', ...length, ...headers, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body ?? '')]);
};
