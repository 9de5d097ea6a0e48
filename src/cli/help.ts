/** What does the help say? One text for the terminal and for the reference page. */
import type { Command, FlagSpec } from '#cli/command';
import type { Style } from '#cli/output';
import type { VerbEntry } from '#cli/verbs';

export const PROGRAM = 'anvil-serving';

/** Every verb takes this one; the parser answers it before the verb is asked. */
export const HELP_FLAG = { kind: 'switch', help: 'Show this help' } as const satisfies FlagSpec;

const columns = (rows: readonly (readonly [left: string, right: string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join('\n');
};

const section = (style: Style, title: string, body: string): string => `${style.bold(title)}\n${body}\n`;

/** The first page: what there is. */
export const renderRootHelp = (verbs: Readonly<Record<string, VerbEntry>>, style: Style): string =>
  [
    `${PROGRAM} routes coding harnesses to model servers, checks every answer and escalates a bad one.\n`,
    section(style, 'Usage', `  ${PROGRAM} VERB [FLAGS]\n  ${PROGRAM} VERB --help`),
    section(style, 'Verbs', columns(Object.entries(verbs).map(([name, { summary }]) => [name, summary]))),
    section(
      style,
      'Everywhere',
      columns([
        ['--help, -h', 'Show help, of the program or of the verb'],
        ['--version', 'Print the version'],
      ]),
    ),
    'Exit status: 0 done, 1 a check or the work failed, 2 the command line or the configuration is wrong.\n',
  ].join('\n');

const flagRow = (name: string, spec: FlagSpec): readonly [string, string] => {
  if (spec.kind === 'switch') return [`--${name}`, spec.help];
  const choices = spec.kind === 'choice' ? `: ${spec.choices.join(', ')}` : '';
  const standard = spec.default === undefined ? '' : ` (default: ${spec.default})`;
  return [`--${name} ${spec.value}`, `${spec.help}${choices}${standard}`];
};

const argumentWord = (name: string, many: true | undefined): string =>
  many === true ? `[${name.toUpperCase()}...]` : name.toUpperCase();

/** The page of one verb. */
export const renderCommandHelp = (name: string, summary: string, command: Command, style: Style): string => {
  const flags = Object.entries(command.flags);
  const args = Object.entries(command.args);
  const argumentWords = args.map(([argument, { many }]) => ` ${argumentWord(argument, many)}`).join('');
  const usage = `  ${PROGRAM} ${name}${argumentWords}${flags.length === 0 ? '' : ' [FLAGS]'}`;
  const choices = (spec: { help: string; choices?: readonly string[] }): string =>
    spec.choices === undefined ? spec.help : `${spec.help}: ${spec.choices.join(', ')}`;
  return [
    `${summary}.\n`,
    section(style, 'Usage', usage),
    ...(args.length === 0
      ? []
      : [section(style, 'Arguments', columns(args.map(([key, spec]) => [key.toUpperCase(), choices(spec)])))]),
    section(style, 'Flags', columns([...flags.map(([key, spec]) => flagRow(key, spec)), flagRow('help', HELP_FLAG)])),
    ...(command.details === undefined ? [] : [`${command.details}\n`]),
    ...(command.examples === undefined
      ? []
      : [section(style, 'Examples', command.examples.map((line) => `  ${PROGRAM} ${line}`).join('\n'))]),
  ].join('\n');
};

/** The verbs that share a first word, for a noun written alone. */
export const renderGroupHelp = (
  noun: string,
  verbs: readonly (readonly [name: string, summary: string])[],
  style: Style,
): string => section(style, `Verbs of ${noun}`, columns(verbs));
