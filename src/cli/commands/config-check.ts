/** The verb `config check`: is the configuration right, and what may serve what? */
import { command } from '#cli/command';
import { CliError, EXIT, json, printable, type Style, table } from '#cli/output';
import { formatProblems } from '#config/problem';
import type { SettingsWarning } from '#core/settings';
import { checkConfigFile, type FileCheck } from '#ops/check-file';
import { formatSlots, SLOT_HEADER, slotRows } from '#ops/check-slots';
import { formatMatrix, MATRIX_HEADER } from '#ops/config-check';

const VERDICT_COLUMN = 4;

const painter =
  (style: Style) =>
  (text: string, column: number, row: number): string => {
    if (row < 0) return style.bold(text);
    if (text === 'excluded') return style.dim(text);
    if (column !== VERDICT_COLUMN) return text;
    if (text === 'allow') return style.good(text);
    return text.startsWith('deny') ? style.bad(text) : style.warn(text);
  };

const headed =
  (style: Style) =>
  (text: string, _column: number, row: number): string =>
    row < 0 ? style.bold(text) : text;

const warningLine = (path: string, { key, line, message }: SettingsWarning): string =>
  `${path}${line === undefined ? '' : `:${line}`}: ${key}: ${message}`;

const asJson = (found: FileCheck): unknown => {
  if (found.kind !== 'valid') return { ok: false, ...found };
  const { path, from, settings, check, warnings } = found;
  const { rows, unservable, unproven } = check;
  const slots = slotRows(settings);
  const { mode, digest } = settings;
  return { ok: true, path, from, mode, digest, rows, slots, unservable, unproven, warnings };
};

export default command({
  details: `Shows every preset with every tier: its verdict, how an answer would be held and checked, or why
the tier is excluded; then who swaps the models of tiers that share a GPU. A registry is read as well, and
compared with the tiers. No tier is called. Warnings fail the check only with --strict.`,
  flags: {
    config: { kind: 'text', value: 'PATH', help: 'Check this file' },
    mode: { kind: 'text', value: 'MODE', help: 'Check the file of this mode: agentic or flexibility' },
    strict: { kind: 'switch', help: 'Let warnings fail the check' },
    json: { kind: 'switch', help: 'Print the outcome as JSON' },
  },
  args: {},
  examples: ['config check --config anvil.toml', 'config check --mode flexibility --json'],
  async run({ flags }, io) {
    const { terminal, style, errStyle } = io;
    const found = await checkConfigFile(flags, io.effects);
    if (found.kind === 'none') {
      throw new CliError('no configuration named — give --config PATH or --mode MODE, or set ANVIL_CONFIG', EXIT.usage);
    }
    if (flags.json) terminal.out(json(asJson(found)));
    if (found.kind === 'unresolved') {
      if (!flags.json) terminal.err(`${formatProblems([found.problem])}\n`);
      return EXIT.usage;
    }
    if (found.kind === 'invalid') {
      const { length } = found.problems;
      const total = `${length} problem${length === 1 ? '' : 's'} in ${found.path}`;
      if (!flags.json) terminal.err(`${formatProblems(found.problems)}\n${errStyle.bad(total)}\n`);
      return EXIT.failed;
    }
    if (!flags.json) {
      terminal.out(table(MATRIX_HEADER, formatMatrix(found.check.rows), painter(style)));
      const slots = slotRows(found.settings);
      if (slots.length > 0) terminal.out(`\n${table(SLOT_HEADER, formatSlots(slots), headed(style))}`);
      for (const warning of found.warnings) {
        terminal.err(`${errStyle.warn('warning')} ${printable(warningLine(found.path, warning))}\n`);
      }
      terminal.out(`\n${style.good('valid')}: ${found.path} (named by ${found.from})\n`);
    }
    return flags.strict && found.warnings.length > 0 ? EXIT.failed : EXIT.ok;
  },
});
