/** The process as the command line sees it: its arguments, its two outputs, and how it ends. */
import { messageOf } from '#core/thrown';

export interface Terminal {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  /** Value of an environment variable, surrounding whitespace removed; undefined when unset or blank. */
  env(name: string): string | undefined;
  /** Result for a person or a pipe. Kept and written whole when the process leaves. */
  out(text: string): void;
  /** A result that cannot wait for the end, a line of a log for one. False once nobody reads any more. */
  outNow(text: string): Promise<boolean>;
  /** Message for a person, written at once. */
  err(text: string): void;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
}

export interface ProcessTerminal extends Terminal {
  /** Writes what `out` collected and ends the process. A reader that has closed the pipe is no error, a full disk is. */
  leave(code: number): Promise<never>;
}

/** Exit code where what was found out did not arrive. */
const UNWRITTEN = 1;

/** A pipe says the first; a socket, which some programs give their children for one, the second while words were unread. */
const GONE: ReadonlySet<unknown> = new Set(['EPIPE', 'ECONNRESET']);
const isBrokenPipe = (error: unknown): boolean => error instanceof Error && 'code' in error && GONE.has(error.code);

/** The running process. A stream's write callback comes before the bytes are gone, so results are written by one awaited call. */
export const processTerminal = (): ProcessTerminal => {
  const results: string[] = [];
  const flush = async (): Promise<boolean> => {
    const text = results.splice(0).join('');
    try {
      if (text !== '') await Bun.write(Bun.stdout, text);
      return true;
    } catch (error) {
      if (!isBrokenPipe(error)) throw error;
      return false;
    }
  };
  return {
    argv: process.argv.slice(2),
    env: (name) => process.env[name]?.trim() || undefined,
    out: (text) => {
      results.push(text);
    },
    outNow: (text) => {
      results.push(text);
      return flush();
    },
    err: (text) => {
      process.stderr.write(text);
    },
    get outIsTty() {
      return process.stdout.isTTY === true;
    },
    get errIsTty() {
      return process.stderr.isTTY === true;
    },
    leave: async (code) => {
      try {
        await flush();
      } catch (error) {
        process.stderr.write(`the result cannot be written: ${messageOf(error)}\n`);
        process.exit(UNWRITTEN);
      }
      process.exit(code);
    },
  };
};
