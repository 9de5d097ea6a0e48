/** The process as the command line sees it: its arguments, its two outputs, and how it ends. */

export interface Terminal {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  /** Value of an environment variable, surrounding whitespace removed; undefined when unset or blank. */
  env(name: string): string | undefined;
  /** Result for a person or a pipe. Kept and written whole when the process leaves. */
  out(text: string): void;
  /** Message for a person, written at once. */
  err(text: string): void;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
}

export interface ProcessTerminal extends Terminal {
  /** Writes what `out` collected and ends the process. A reader that has closed the pipe is no error. */
  leave(code: number): Promise<never>;
}

/** The running process. A stream's write callback comes before the bytes are gone, so results are written by one awaited call. */
export const processTerminal = (): ProcessTerminal => {
  const results: string[] = [];
  return {
    argv: process.argv.slice(2),
    env: (name) => process.env[name]?.trim() || undefined,
    out: (text) => {
      results.push(text);
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
        if (results.length > 0) await Bun.write(Bun.stdout, results.join(''));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
      }
      process.exit(code);
    },
  };
};
