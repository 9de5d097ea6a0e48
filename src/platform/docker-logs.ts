/** How do the bytes of a container's log become lines? Frames may be split anywhere; a container with a TTY has none. */
import { joinBytes } from '#core/bytes';
import { LOG_LINE_CHARS_MAX, type LogLine } from '#platform/docker-engine';

/** Docker Engine API, "Attach to a container", stream format: stream type, three zeros, length as big-endian uint32. */
const HEADER_BYTES = 8;
const STDERR = 2;
/** The engine cuts messages at 16 KiB; more than this is no log. Bytes. */
const FRAME_BYTES_MAX = 1024 * 1024;
/** An RFC 3339 time with nine decimals is 30 characters long. */
const TIME_BYTES_MAX = 40;
const SPACE = 32;
const NO_BYTES = new Uint8Array(0);
const TIME = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) /;

type Stream = LogLine['stream'];

export interface LogReader {
  /** Lines completed by these bytes. @throws Error when they are not a log */
  push(chunk: Uint8Array): readonly LogLine[];
  /** What a last line without an end left. */
  end(): readonly LogLine[];
}

/** Collects the text of one stream until its line ends; what exceeds the limit is dropped, not kept for later. */
const createLineBuilder = (stream: Stream) => {
  const decoder = new TextDecoder();
  let held = '';
  let at: string | undefined;
  const finish = (): LogLine => {
    const text = held.endsWith('\r') ? held.slice(0, -1) : held;
    const line = { stream, text, ...(at === undefined ? {} : { at }) };
    held = '';
    at = undefined;
    return line;
  };
  const add = (text: string): void => {
    held += text.slice(0, Math.max(0, LOG_LINE_CHARS_MAX - held.length));
  };
  return {
    /** @param time when this piece was printed, for the line that it begins */
    push(bytes: Uint8Array, time: string | undefined): readonly LogLine[] {
      at ??= time;
      const pieces = decoder.decode(bytes, { stream: true }).split('\n');
      const last = pieces.pop() ?? '';
      const lines = pieces.map((piece) => {
        add(piece);
        return finish();
      });
      add(last);
      return lines;
    },
    end: (): readonly LogLine[] => (held === '' ? [] : [finish()]),
  };
};

/** A message of the log begins with its time when that was asked for. */
const splitTime = (message: Uint8Array): { readonly time: string | undefined; readonly rest: Uint8Array } => {
  const space = message.subarray(0, TIME_BYTES_MAX).indexOf(SPACE);
  const time = space < 0 ? undefined : TIME.exec(new TextDecoder().decode(message.subarray(0, space + 1)))?.[1];
  return time === undefined ? { time, rest: message } : { time, rest: message.subarray(space + 1) };
};

/** Both streams in one, each message behind a header. */
const createFrameReader = (): LogReader => {
  const builders = { out: createLineBuilder('out'), err: createLineBuilder('err') };
  let held: Uint8Array = NO_BYTES;
  return {
    push(chunk) {
      held = held.length === 0 ? chunk : joinBytes([held, chunk]);
      const lines: LogLine[] = [];
      while (held.length >= HEADER_BYTES) {
        const length = new DataView(held.buffer, held.byteOffset).getUint32(4);
        if (length > FRAME_BYTES_MAX) throw new Error(`a log frame of ${length} bytes: this is no container log`);
        if (held.length < HEADER_BYTES + length) break;
        const { time, rest } = splitTime(held.subarray(HEADER_BYTES, HEADER_BYTES + length));
        lines.push(...builders[held[0] === STDERR ? 'err' : 'out'].push(rest, time));
        held = held.subarray(HEADER_BYTES + length);
      }
      return lines;
    },
    end: () => [...builders.out.end(), ...builders.err.end()],
  };
};

/** One stream without headers, each line behind its time. */
const createPlainReader = (): LogReader => {
  const builder = createLineBuilder('out');
  const timed = (line: LogLine): LogLine => {
    const at = TIME.exec(line.text)?.[1];
    return at === undefined ? line : { ...line, at, text: line.text.slice(at.length + 1) };
  };
  return {
    push: (chunk) => builder.push(chunk, undefined).map(timed),
    end: () => builder.end().map(timed),
  };
};

export const createLogReader = (tty: boolean): LogReader => (tty ? createPlainReader() : createFrameReader());
