/** How do the verbs of serves speak: what was done, how things stand, what a server printed? */
import type { Io } from '#cli/io';
import { EXIT, type ExitCode, json, printable, type Style, table } from '#cli/output';
import { inOneLine } from '#core/plain-words';
import type { Scrubber } from '#core/redact';
import type { GpuFacts } from '#drivers/gpus';
import { hasFailed, type Outcome } from '#ops/serves/outcome';
import type { ServeReport, StatusReport } from '#ops/serves/status';

/**
 * Tells what was done, without the secrets that a command line or a server may have printed.
 * @returns the exit code that follows from it
 */
export const finish = (outcomes: readonly Outcome[], asJson: boolean, scrub: Scrubber, io: Io): ExitCode => {
  const clean = outcomes.map((outcome) => ({
    ...outcome,
    message: scrub(outcome.message),
    warnings: outcome.warnings.map(scrub),
    lines: outcome.lines.map(scrub),
  }));
  if (asJson) io.terminal.out(json(clean));
  else tellOutcomes(clean, io);
  return clean.some(hasFailed) ? EXIT.failed : EXIT.ok;
};

/** Of a line that a server printed: a minified program's stack trace is one of thousands. */
const LINE_CHARS_SHOWN = 300;

/** Results go to standard output, failures and warnings to standard error. */
const tellOutcomes = (outcomes: readonly Outcome[], { terminal, style, errStyle }: Io): void => {
  for (const outcome of outcomes) {
    const { serve, did, message, warnings, lines } = outcome;
    const line = printable(`${serve}: ${message}`);
    if (hasFailed(outcome)) terminal.err(`${errStyle.bad(did)} ${line}\n`);
    else terminal.out(`${did === 'ready' ? style.good(line) : line}\n`);
    for (const warning of warnings) terminal.err(`${errStyle.warn('warning')} ${printable(`${serve}: ${warning}`)}\n`);
    for (const said of lines) terminal.err(`  ${errStyle.dim(inOneLine(said, LINE_CHARS_SHOWN))}\n`);
  }
};

const HEADS = ['SERVE', 'CONTAINER', 'PORT', 'DOCKER', 'HEALTH', 'MODEL', 'DRIFT', 'UPTIME'];
const COLUMN = { state: 3, health: 4, drift: 6 } as const;
const OTHER = '-';

const rowOf = (report: ServeReport): readonly string[] => [
  report.serve,
  report.container ?? `(${report.driver})`,
  String(report.port),
  report.state,
  String(report.health ?? OTHER),
  report.models === null
    ? OTHER
    : (report.models.find((id) => id === report.declared_model) ?? report.models[0] ?? OTHER),
  driftCell(report),
  report.uptime_ms === null ? OTHER : uptime(report.uptime_ms),
];

/** `?` where nothing was found, but not everything could be compared. */
const driftCell = ({ drift, not_compared }: ServeReport): string => {
  if (drift.length > 0) return 'yes';
  return not_compared.length > 0 ? '?' : OTHER;
};

/** `41s`, `12m`, `3h12m`, `5d3h`. */
export const uptime = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
};

const painter =
  (style: Style, reports: readonly ServeReport[]) =>
  (text: string, column: number, row: number): string => {
    const report = reports[row];
    if (report === undefined) return style.bold(text);
    if (column === COLUMN.state) return text === 'running' ? style.good(text) : style.warn(text);
    if (column === COLUMN.health && text !== OTHER) return text.startsWith('2') ? style.good(text) : style.bad(text);
    return column === COLUMN.drift && text === 'yes' ? style.warn(text) : text;
  };

const notesOf = (report: ServeReport): readonly string[] => [
  ...(report.detail === null ? [] : [report.detail]),
  ...(report.out_of_memory ? ['ran out of memory'] : []),
  ...(report.exit_code === null ? [] : [`last exit code ${report.exit_code}`]),
  ...(report.restarts === null || report.restarts === 0 ? [] : [`restarted ${report.restarts} times by itself`]),
  ...report.drift.map((what) => `drift: ${what}`),
  ...report.not_compared.map((what) => `not compared: ${what}`),
];

const gpuLine = ({ index, usedMib, totalMib }: GpuFacts): string =>
  `GPU ${index}: ${usedMib ?? '?'} MiB used of ${totalMib ?? '?'} MiB`;

/** The table, then what needs words, then the memory of the GPUs. */
export const statusText = ({ serves, gpus }: StatusReport, style: Style): string =>
  [
    table(HEADS, serves.map(rowOf), painter(style, serves)),
    ...serves.flatMap((report) => notesOf(report).map((note) => `${printable(`${report.serve}: ${note}`)}\n`)),
    ...gpus.map((gpu) => `${gpuLine(gpu)}\n`),
  ].join('');

/** Colours, which a server's log may have on a terminal; every other sequence could steer it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: keeping them is the purpose
const COLOUR = /(\u001b\[[0-9;]*m)/;
const RESET = '\u001b[0m';

/** A line of a log for a terminal; a pipe gets it as it is. */
export const logText = (text: string, isTty: boolean): string => {
  if (!isTty) return `${text}\n`;
  const pieces = text.replaceAll('\t', '  ').split(COLOUR);
  const safe = pieces.map((piece, index) => (index % 2 === 1 ? piece : printable(piece))).join('');
  return `${safe}${pieces.length > 1 ? RESET : ''}\n`;
};
