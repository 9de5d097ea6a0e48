/** Where does one server-sent event end and the next begin? Keeps the received bytes beside what they say. */

const LF = 10;
const CR = 13;
const HELD_BYTES_FIRST = 1024;
const NO_FRAMES: readonly SseFrame[] = [];
const NO_BYTES = new Uint8Array(0);

/** The BOM is cut by hand: only at the start of a stream it is no content. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

interface Fields {
  readonly event: string | undefined;
  readonly data: string;
}

/** Reads the fields of one event (WHATWG HTML 9.2.6); `id`, `retry` and comments are of no use to a relay. */
const readFields = (text: string): Fields => {
  const carriageReturns = text.includes('\r');
  // One data line is the rule; it needs no loop.
  if (!carriageReturns && text.startsWith('data:')) {
    const end = text.indexOf('\n');
    if (end === text.length - 2 && text.charCodeAt(end + 1) === LF) {
      return { event: undefined, data: text.slice(text.charCodeAt(5) === 32 ? 6 : 5, end) };
    }
  }
  const lines = carriageReturns ? text.replace(/\r\n?/g, '\n') : text;
  let event: string | undefined;
  let data: string | undefined;
  let from = 0;
  while (from < lines.length) {
    const found = lines.indexOf('\n', from);
    const end = found < 0 ? lines.length : found;
    const colon = lines.indexOf(':', from);
    const nameEnd = colon < 0 || colon > end ? end : colon;
    const valueStart = lines.charCodeAt(nameEnd + 1) === 32 ? nameEnd + 2 : nameEnd + 1;
    const name = lines.slice(from, nameEnd);
    if (name === 'data') {
      const value = valueStart > end ? '' : lines.slice(valueStart, end);
      data = data === undefined ? value : `${data}\n${value}`;
    } else if (name === 'event') event = valueStart > end ? '' : lines.slice(valueStart, end);
    from = end + 1;
  }
  return { event: event === '' ? undefined : event, data: data ?? '' };
};

/** One event as received. Its text is decoded only when asked for. */
export class SseFrame {
  /** Exactly the bytes received, separators included; a view into the chunk when the event lay in one chunk. */
  readonly raw: Uint8Array;
  readonly #first: boolean;
  #fields: Fields | undefined;

  constructor(raw: Uint8Array, first: boolean) {
    this.raw = raw;
    this.#first = first;
  }

  /** The `event:` field; undefined when absent or empty. */
  get event(): string | undefined {
    return this.#read().event;
  }

  /** Data lines joined by \n; '' for comments and blank lines, which carry none. */
  get data(): string {
    return this.#read().data;
  }

  #read(): Fields {
    if (this.#fields === undefined) {
      const text = utf8.decode(this.raw);
      this.#fields = readFields(this.#first && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
    }
    return this.#fields;
  }
}

/** Cuts a byte stream into frames; the frames' bytes in order are the stream's bytes. */
export class SseSplitter {
  readonly #eventBytesMax: number;
  /** Bytes of an unfinished event; grows by doubling, so no stream costs more than linear time. */
  #held = NO_BYTES;
  #heldLength = 0;
  #lineEmpty = true;
  #afterCr = false;
  #first = true;
  #overflow = false;

  constructor(eventBytesMax: number) {
    this.#eventBytesMax = eventBytesMax;
  }

  /** True once an event outgrew the limit; nothing more is delivered then. */
  get overflow(): boolean {
    return this.#overflow;
  }

  /** Frames completed by these bytes. The chunk must not be changed afterwards: frames point into it. */
  push(chunk: Uint8Array): readonly SseFrame[] {
    if (this.#overflow || chunk.length === 0) return NO_FRAMES;
    const frames: SseFrame[] = [];
    const start = this.#afterCr || chunk.includes(CR) ? this.#pushAny(chunk, frames) : this.#pushLf(chunk, frames);
    if (start < chunk.length && !this.#overflow) this.#hold(chunk.subarray(start));
    return frames;
  }

  /** The last event of a stream that ended without a blank line, if any. */
  flush(): readonly SseFrame[] {
    if (this.#overflow || this.#heldLength === 0) return NO_FRAMES;
    const frames: SseFrame[] = [];
    this.#emit(NO_BYTES, frames);
    return frames;
  }

  /** Lines end with LF only, so native search finds them. Returns where the unfinished event starts. */
  #pushLf(chunk: Uint8Array, frames: SseFrame[]): number {
    let start = 0;
    let position = 0;
    let lineEmpty = this.#lineEmpty;
    while (position < chunk.length && !this.#overflow) {
      if (lineEmpty && chunk[position] === LF) {
        position++;
        this.#emit(start === 0 && position === chunk.length ? chunk : chunk.subarray(start, position), frames);
        start = position;
        continue;
      }
      const end = chunk.indexOf(LF, position);
      lineEmpty = end >= 0;
      position = lineEmpty ? end + 1 : chunk.length;
    }
    this.#lineEmpty = lineEmpty;
    return start;
  }

  /** Any of LF, CR and CRLF ends a line; a CRLF may be torn between two chunks. */
  #pushAny(chunk: Uint8Array, frames: SseFrame[]): number {
    let start = 0;
    for (let position = 0; position < chunk.length && !this.#overflow; position++) {
      const byte = chunk[position];
      const completesCrLf = byte === LF && this.#afterCr;
      this.#afterCr = byte === CR;
      if (completesCrLf) continue;
      if (byte !== LF && byte !== CR) {
        this.#lineEmpty = false;
        continue;
      }
      if (!this.#lineEmpty) {
        this.#lineEmpty = true;
        continue;
      }
      if (byte === CR && chunk[position + 1] === LF) {
        position++;
        this.#afterCr = false;
      }
      this.#emit(chunk.subarray(start, position + 1), frames);
      start = position + 1;
    }
    return start;
  }

  #emit(tail: Uint8Array, frames: SseFrame[]): void {
    const length = this.#heldLength + tail.length;
    if (length > this.#eventBytesMax) {
      this.#giveUp();
      return;
    }
    let raw = tail;
    if (this.#heldLength > 0) {
      raw = new Uint8Array(length);
      raw.set(this.#held.subarray(0, this.#heldLength));
      raw.set(tail, this.#heldLength);
      this.#heldLength = 0;
    }
    frames.push(new SseFrame(raw, this.#first));
    this.#first = false;
  }

  #hold(tail: Uint8Array): void {
    const length = this.#heldLength + tail.length;
    if (length > this.#eventBytesMax) {
      this.#giveUp();
      return;
    }
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(HELD_BYTES_FIRST, 2 * this.#held.length, length));
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(tail, this.#heldLength);
    this.#heldLength = length;
  }

  #giveUp(): void {
    this.#overflow = true;
    this.#held = NO_BYTES;
    this.#heldLength = 0;
  }
}

/** @param eventBytesMax largest event in bytes; a larger one sets `overflow` and ends delivery */
export const createSseSplitter = (eventBytesMax: number): SseSplitter => new SseSplitter(eventBytesMax);
