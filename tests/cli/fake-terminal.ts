/** A command line for tests: words and variables in, what was printed out. */
import { main } from '#cli/main';
import type { ExitCode } from '#cli/output';
import type { Terminal } from '#platform/terminal';

export interface Ran {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
}

/** Runs the CLI in this process. Variables of the real environment are not seen by the terminal's own `env`. */
export const run = async (words: readonly string[], options: TerminalOptions = {}): Promise<Ran> => {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    argv: words,
    env: (name) => options.env?.[name],
    out: (text) => {
      out += text;
    },
    outNow: async (text) => {
      out += text;
      return true;
    },
    err: (text) => {
      err += text;
    },
    outIsTty: options.tty === true,
    errIsTty: options.tty === true,
  };
  return { exit: await main(terminal), out, err };
};
