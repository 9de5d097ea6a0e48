/** How is the output of a program read: as its end within a limit of bytes, or line by line? */

/** Characters kept of one line; the rest of it is dropped, not wrapped. */
const LINE_CHARS_MAX = 4_096;

export interface CollectedOutput {
  /** Resolves when the stream has ended. Never rejects. */
  readonly ended: Promise<void>;
  /** What has come until now, and stops reading. */
  take(): string;
}

/** Keeps the last `bytesMax` bytes of a stream: when a program fails, the reason stands at the end. */
export const collectEnd = (stream: ReadableStream<Uint8Array>, bytesMax: number): CollectedOutput => {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parts.push(value);
      bytes += value.length;
      for (let first = parts[0]; first !== undefined && bytes - first.length >= bytesMax; first = parts[0]) {
        parts.shift();
        bytes -= first.length;
      }
    }
  };
  const ended = read().catch(() => undefined);
  return {
    ended,
    take: () => {
      reader.cancel().catch(() => undefined);
      const all = new Uint8Array(bytes);
      let at = 0;
      for (const part of parts) {
        all.set(part, at);
        at += part.length;
      }
      return new TextDecoder().decode(all.subarray(Math.max(0, bytes - bytesMax)));
    },
  };
};

export interface LineSplitter {
  push(text: string): void;
  /** What stands behind the last line break is a line too. */
  end(): void;
}

/**
 * Cuts text into lines as a person would see them on a terminal: colours are taken out, and of a line that was written
 * over with carriage returns the last state counts. Each is cut at 4,096 characters.
 */
export const createLineSplitter = (onLine: (line: string) => void): LineSplitter => {
  let open = '';
  const tell = (raw: string): void => {
    const line = plainLine(raw);
    if (line !== '') onLine(line);
  };
  return {
    push(text: string): void {
      const lines = (open + text).split('\n');
      open = (lines.pop() ?? '').slice(-2 * LINE_CHARS_MAX);
      for (const line of lines) tell(line);
    },
    end(): void {
      tell(open);
      open = '';
    },
  };
};

/** One line without what only a terminal understands. */
export const plainLine = (raw: string): string => {
  const shown = Bun.stripANSI(raw).trimEnd();
  const last = shown.slice(shown.lastIndexOf('\r') + 1);
  return last
    .replaceAll('\t', ' ')
    .replace(/\p{Cc}/gu, '')
    .trimEnd()
    .slice(0, LINE_CHARS_MAX);
};

/** After so many bytes of output, in one piece or many, … */
const PACE_BYTES = 1024 * 1024;
/** … others have their turn for so long: a program that prints without end waits for us, not we for it. Milliseconds. */
const PACE_MS = 50;

/** Reads a stream to its end as lines. Never rejects: a stream that breaks has ended. */
export const eachLine = async (stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> => {
  const decoder = new TextDecoder();
  const splitter = createLineSplitter(onLine);
  const reader = stream.getReader();
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
      if (bytes > PACE_BYTES) {
        bytes = 0;
        await Bun.sleep(PACE_MS);
      }
      splitter.push(decoder.decode(value, { stream: true }));
    }
  } catch {
    // The pipe broke with its writer.
  }
  splitter.push(decoder.decode());
  splitter.end();
};
