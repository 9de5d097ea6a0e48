/** Where does an HTTP/1.1 response end? The least that a load generator must understand of what it reads. */

const LF = 10;
const CR = 13;

type Place = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'done';

/** Head bytes collected at most; ours are far smaller. */
const HEAD_CHARS_MAX = 32_768;

const hexOf = (byte: number): number | undefined => {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : undefined;
};

/** Reads one response after another on one connection. Bodies need `Content-Length` or chunks (RFC 9112). */
export class ResponseReader {
  readonly #onBody: (bytes: Buffer) => void;
  #place: Place = 'head';
  #head = '';
  #left = 0;
  #sizeOver = false;
  #lineLength = 0;
  status = 0;
  bodyBytes = 0;
  /** The response cannot be understood; the connection is of no more use. */
  broken = false;

  constructor(onBody: (bytes: Buffer) => void) {
    this.#onBody = onBody;
  }

  /** Starts the next response. */
  reset(): void {
    this.#place = 'head';
    this.#head = '';
    this.status = 0;
    this.bodyBytes = 0;
  }

  /** Takes bytes; true once the response is complete. Nothing may follow it, since we never pipeline. */
  push(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length && this.#place !== 'done' && !this.broken) {
      if (this.#place === 'head') at = this.#takeHead(chunk);
      else if (this.#place === 'length' || this.#place === 'chunk') at = this.#takeBody(chunk, at);
      else at = this.#takeByte(chunk[at] ?? 0, at);
    }
    return this.#place === 'done';
  }

  #takeHead(chunk: Buffer): number {
    const before = this.#head.length;
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) {
      this.broken = this.#head.length > HEAD_CHARS_MAX;
      return chunk.length;
    }
    const head = this.#head.slice(0, end).toLowerCase();
    this.status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length !== undefined) {
      this.#left = Number(length);
      this.#place = this.#left === 0 ? 'done' : 'length';
    } else if (/\r\ntransfer-encoding: *chunked/.test(head)) this.#startSize();
    else this.broken = true;
    return end + 4 - before;
  }

  #takeBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.bodyBytes += end - at;
    this.#left -= end - at;
    this.#onBody(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    if (this.#left === 0) this.#place = this.#place === 'length' ? 'done' : 'chunk-end';
    return end;
  }

  #startSize(): void {
    this.#place = 'chunk-size';
    this.#left = 0;
    this.#sizeOver = false;
  }

  #takeByte(byte: number, at: number): number {
    if (this.#place === 'chunk-size') {
      const digit = this.#sizeOver ? undefined : hexOf(byte);
      if (digit !== undefined) this.#left = this.#left * 16 + digit;
      else this.#sizeOver = true;
      if (byte === LF) {
        this.#place = this.#left === 0 ? 'trailer' : 'chunk';
        this.#lineLength = 0;
      }
    } else if (byte === LF) {
      if (this.#place === 'chunk-end') this.#startSize();
      else if (this.#lineLength === 0) this.#place = 'done';
      this.#lineLength = 0;
    } else if (byte !== CR) this.#lineLength++;
    return at + 1;
  }
}

/** The bytes of one POST with a JSON body, keep-alive. */
export const postBytes = (path: string, port: number, body: string): Buffer =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
      `Accept: */*\r\nUser-Agent: anvil-bench\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
