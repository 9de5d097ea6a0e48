/** Where does the output of a started program go, and what were its last lines? To a file, so that it survives us. */

import { createScrubber, type Scrubber } from '#core/redact';
import { messageOf } from '#core/thrown';
import { createTail, TAIL_CHARS_MAX, TAIL_LINES_MAX } from '#drivers/driver';
import { logTail, prepareLog, trimLog } from '#platform/commands-log';

export interface ServeOutput {
  /** The file; absent: piped to us, because the file cannot be had. */
  readonly logPath?: string;
  /** Byte of the file from which on its lines stand; 0 when piped. */
  readonly from: number;
  /** Takes a line that was piped. */
  push(line: string): void;
  /** Oldest first, without secrets. */
  tail(): readonly string[];
  /** Keeps the file within its size. Never rejects. */
  trim(): Promise<void>;
}

/** A name as a file's, told apart from others that come to the same. */
export const logFileName = (serve: string, sha256: (text: string) => string): string => {
  const plain = serve.replace(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_');
  return plain === serve ? `${plain}.log` : `${plain}-${sha256(serve).slice(0, 8)}.log`;
};

/** Output in a file, from a byte on: of a start just made, or of one that is taken over. */
export const fileOutput = (logPath: string, from: number, secrets: readonly string[]): ServeOutput => {
  const scrub: Scrubber = createScrubber(secrets);
  let begins = from;
  return {
    logPath,
    from,
    push: () => undefined,
    tail: () => logTail(logPath, begins, TAIL_LINES_MAX).map((line) => scrub(line).slice(0, TAIL_CHARS_MAX)),
    trim: async () => {
      if (await trimLog(logPath)) begins = 0;
    },
  };
};

const pipedOutput = (secrets: readonly string[]): ServeOutput => {
  const tail = createTail(createScrubber(secrets));
  return { from: 0, push: tail.push, tail: tail.lines, trim: async () => undefined };
};

export interface OutputWish {
  readonly serve: string;
  readonly logPath: string;
  /** Written before the output of this start. */
  readonly firstLine: string;
  readonly secrets: readonly string[];
  readonly onWarning: (message: string) => void;
}

/** A file, or, when the folder cannot be written or the disk is full, a pipe and a warning: a log is no reason not to serve. */
export const openOutput = ({ serve, logPath, firstLine, secrets, onWarning }: OutputWish): ServeOutput => {
  try {
    return fileOutput(logPath, prepareLog(logPath, firstLine), secrets);
  } catch (error) {
    const reason = messageOf(error);
    onWarning(
      `the log of ${serve} cannot be written to ${logPath} (${reason}); its output goes through this process instead, ` +
        'and it may end with it. Free the disk or correct the folder, then load it again.',
    );
    return pipedOutput(secrets);
  }
};
