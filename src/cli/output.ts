/** How does a verb speak: exit codes, tables, JSON, colours, and text from elsewhere that must not steer a terminal? */

/** 0: done, the check is good. 1: the check failed or the work did. 2: the command line or the configuration is wrong. */
export type ExitCode = 0 | 1 | 2;
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const satisfies Record<string, ExitCode>;

/** Ends a verb with a message for people; everything else thrown counts as a bug. */
export class CliError extends Error {
  readonly exit: ExitCode;

  constructor(message: string, exit: ExitCode) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
  }
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
}

const paint =
  (code: number, end: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[${end}m`;
const plain = (text: string): string => text;

/** Colours for a terminal only, and never where NO_COLOR is set to anything (no-color.org). */
export const styleFor = (isTty: boolean, env: (name: string) => string | undefined): Style =>
  isTty && env('NO_COLOR') === undefined && env('TERM') !== 'dumb'
    ? { bold: paint(1, 22), dim: paint(2, 22), good: paint(32, 39), bad: paint(31, 39), warn: paint(33, 39) }
    : { bold: plain, dim: plain, good: plain, bad: plain, warn: plain };

/** Control characters, and the marks that turn the reading direction of what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text that came from elsewhere (a caller's model name, for one), safe to show: no escape sequences, one line. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, '\ufffd');

/** A two-space table; cells are made printable. `paintCell` may colour one after its width is settled. */
export const table = (
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  paintCell: (text: string, column: number, row: number) => string = plain,
): string => {
  const cells = [heads, ...rows].map((row) => row.map(printable));
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row, line) =>
    row
      .map((cell, column) => {
        const padding = column === row.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - cell.length);
        return `${paintCell(cell, column, line - 1)}${padding}`;
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
};

/** Indented JSON with a final line break, for `--json`. */
export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
