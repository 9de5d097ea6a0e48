/** What stands in a log file that a program appends to, and what does it add from now on? */
import { createLineSplitter } from '#platform/commands-output';

export interface FileLogWish {
  /** Lines from the end; absent: all that is read of it. */
  readonly tail?: number;
  readonly follow: boolean;
}

/** Between two looks at a file that is followed, in milliseconds. */
const LOOK_MS = 250;
/** Read from the end of what is there; logs are begun anew at this size. */
const READ_BYTES_MAX = 10 * 1024 * 1024;

/** Resolves after a while, or at once with the signal. */
const nextLook = (signal: AbortSignal): Promise<void> => {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
    resolve();
  };
  const timer = setTimeout(done, LOOK_MS);
  signal.addEventListener('abort', done, { once: true });
  return promise;
};

/**
 * Lines of a log, oldest first. Followed, it goes on until the signal, behind which what was added last is still read.
 * A file that became shorter was begun anew and is read from its start.
 * @throws Error when there is no such file
 */
export async function* readLogFile(
  path: string,
  { tail, follow }: FileLogWish,
  signal: AbortSignal,
): AsyncIterable<{ readonly stream: 'out'; readonly text: string }> {
  if (!(await Bun.file(path).exists()))
    throw new Error(`there is no log ${path} — it is written from the first start on`);
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => void lines.push(line));
  const taken = (): readonly { readonly stream: 'out'; readonly text: string }[] =>
    lines.splice(0).map((text) => ({ stream: 'out', text }));
  const decoder = new TextDecoder();
  let read = Math.max(0, Bun.file(path).size - READ_BYTES_MAX);
  const readOn = async (): Promise<void> => {
    const { size } = Bun.file(path);
    if (size < read) read = 0;
    const bytes = await Bun.file(path)
      .slice(read, Math.min(size, read + READ_BYTES_MAX))
      .bytes();
    read += bytes.length;
    splitter.push(decoder.decode(bytes, { stream: true }));
  };
  await readOn();
  if (!follow) splitter.end();
  const there = taken();
  yield* tail === undefined ? there : there.slice(Math.max(0, there.length - tail));
  while (follow && !signal.aborted) {
    await nextLook(signal);
    await readOn();
    yield* taken();
  }
  splitter.end();
  yield* taken();
}
