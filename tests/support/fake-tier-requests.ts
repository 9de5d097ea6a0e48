/** What reached the fake tier: HTTP/1.1 requests cut out of a socket's bytes, however they were split. */

/** Bytes of request line and headers together. */
const HEAD_BYTES_MAX = 64 * 1024;
/** Bytes of one request body. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** A request as the tier saw it; `index` is its place in arrival order over all connections. */
export interface SeenRequest {
  readonly index: number;
  /** Which connection, counted from 0 in the order they were accepted. */
  readonly connection: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** From the `?` on; '' when there is none. */
  readonly query: string;
  /** Lower-case names; repeated ones joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

export type ParsedRequest = Omit<SeenRequest, 'index' | 'connection'>;

interface Head {
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly bytes: number;
}

const parseHead = (bytes: Buffer): Head | undefined => {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) {
    if (bytes.length > HEAD_BYTES_MAX) throw new Error(`fake tier: request head above ${HEAD_BYTES_MAX} bytes`);
    return undefined;
  }
  const [requestLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const [method = '', target = ''] = requestLine.split(' ');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { method, target, headers, bytes: end + 4 };
};

/** The body of a chunked request and where it ends; undefined while it is incomplete. */
const parseChunked = (bytes: Buffer, from: number): { body: Buffer; end: number } | undefined => {
  const pieces: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error('fake tier: a request chunk has no size');
    const next = lineEnd + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { body: Buffer.concat(pieces), end: next };
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const requestOf = (head: Head, body: Buffer): ParsedRequest => {
  const mark = head.target.indexOf('?');
  const text = body.toString('utf8');
  return {
    method: head.method,
    path: mark < 0 ? head.target : head.target.slice(0, mark),
    query: mark < 0 ? '' : head.target.slice(mark),
    headers: head.headers,
    body: text,
    json: parseJson(text),
  };
};

export interface RequestParser {
  /** Takes bytes as they come; returns the requests they complete. Throws on what is no HTTP/1.1 request. */
  feed(chunk: Uint8Array): readonly ParsedRequest[];
  /** True once after a head that asks for `100 Continue` before it sends its body. */
  wantsContinue(): boolean;
}

export const createRequestParser = (): RequestParser => {
  let chunks: Uint8Array[] = [];
  let length = 0;
  let needed = 0;
  let continueFor: number | undefined;
  let asked = false;

  const takeOne = (bytes: Buffer): { request: ParsedRequest; end: number } | undefined => {
    const head = parseHead(bytes);
    if (head === undefined) return undefined;
    if (continueFor === undefined) {
      continueFor = head.bytes;
      asked = head.headers.expect?.toLowerCase() === '100-continue';
    }
    if (head.headers['transfer-encoding'] !== undefined) {
      const read = parseChunked(bytes, head.bytes);
      return read === undefined ? undefined : { request: requestOf(head, read.body), end: read.end };
    }
    const end = head.bytes + Number(head.headers['content-length'] ?? 0);
    needed = end;
    if (end > BODY_BYTES_MAX) throw new Error(`fake tier: request body above ${BODY_BYTES_MAX} bytes`);
    if (bytes.length < end) return undefined;
    return { request: requestOf(head, bytes.subarray(head.bytes, end)), end };
  };

  return {
    feed: (chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length < needed) return [];
      let bytes = Buffer.concat(chunks);
      const requests: ParsedRequest[] = [];
      for (let taken = takeOne(bytes); taken !== undefined; taken = takeOne(bytes)) {
        requests.push(taken.request);
        bytes = bytes.subarray(taken.end);
        needed = 0;
        continueFor = undefined;
      }
      chunks = [bytes];
      length = bytes.length;
      return requests;
    },
    wantsContinue: () => {
      const wanted = asked;
      asked = false;
      return wanted;
    },
  };
};
