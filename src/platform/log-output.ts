/** How do log lines reach stdout or stderr without ever blocking, growing without bound, or ending the process? */
import { write as writeFile } from 'node:fs';
import type { Clock } from '#platform/effects';

export interface LogOutput {
  /** Queues one line, newline included; never blocks, never throws. */
  readonly write: (line: string) => void;
  /** Waits until all is written, at most a second. */
  close(): Promise<void>;
  /** Lines lost because the reader was too slow or gone. */
  readonly dropped: number;
}

/** Characters waiting for a slow reader; beyond it lines are dropped and counted. */
const WAITING_CHARS_MAX = 1024 * 1024;
/** Characters per write. */
const CHUNK_CHARS_MAX = 64 * 1024;
const AGAIN_AFTER_MS = 20;
const CLOSE_WITHIN_MS = 1_000;

/** Writes the bytes at the descriptor; calls back with the count written. `fs.write` on the process's own streams. */
export type WriteBytes = (
  bytes: Uint8Array,
  done: (error: { readonly code?: string | undefined } | null, count: number) => void,
) => void;

const encoder = new TextEncoder();

/** An output over any way to write bytes; `openLogOutput` is the usual one. */
export const createLogOutput = (clock: Clock, writeBytes: WriteBytes): LogOutput => {
  let waiting: string[] = [];
  let chars = 0;
  let dropped = 0;
  let untold = 0;
  let busy = false;
  /** The reader is gone for good: nothing more is tried. */
  let gone = false;
  let drained: (() => void) | undefined;

  const take = (): string => {
    let count = 0;
    let length = 0;
    while (count < waiting.length && (count === 0 || length + (waiting[count]?.length ?? 0) <= CHUNK_CHARS_MAX)) {
      length += waiting[count]?.length ?? 0;
      count += 1;
    }
    const text = waiting.slice(0, count).join('');
    waiting = waiting.slice(count);
    chars -= length;
    return text;
  };

  const next = (): void => {
    busy = waiting.length > 0 && !gone;
    if (busy) send(encoder.encode(take()));
    else drained?.();
  };

  const send = (bytes: Uint8Array): void => {
    writeBytes(bytes, (error, count) => {
      if (error?.code === 'EAGAIN') {
        clock.setTimeout(() => send(bytes), AGAIN_AFTER_MS);
      } else if (error) {
        gone = true;
        dropped += waiting.length;
        waiting = [];
        chars = 0;
        next();
      } else if (count < bytes.byteLength) send(bytes.subarray(count));
      else next();
    });
  };

  const write = (line: string): void => {
    if (gone || chars + line.length > WAITING_CHARS_MAX) {
      dropped += 1;
      untold += 1;
      return;
    }
    if (untold > 0) {
      const notice = `${JSON.stringify({ level: 'warn', msg: 'log lines dropped: the reader is too slow', lines: untold })}\n`;
      untold = 0;
      waiting.push(notice);
      chars += notice.length;
    }
    waiting.push(line);
    chars += line.length;
    if (!busy) next();
  };

  return {
    write,
    async close() {
      if (!busy) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      drained = resolve;
      const timer = clock.setTimeout(resolve, CLOSE_WITHIN_MS);
      await promise;
      clock.clearTimeout(timer);
    },
    get dropped() {
      return dropped;
    },
  };
};

/** Standard output (1) or standard error (2) of this process. */
export const openLogOutput = (clock: Clock, descriptor: 1 | 2): LogOutput =>
  createLogOutput(clock, (bytes, done) => writeFile(descriptor, bytes, done));
