/** The verb `decisions`: recent decisions as a table or JSON. */
import { command } from '#cli/command';
import { openDecisionSource, SOURCE_DETAILS, SOURCE_FLAGS } from '#cli/decision-source';
import { CliError, EXIT, json, printable, type Style, table } from '#cli/output';
import type { DecisionRecord, RequestOutcome } from '#core/decision';
import { tokensOf, workClassOf } from '#core/decision-facts';
import { WORK_CLASSES } from '#core/work-class';

const OUTCOMES = [
  'finished',
  'refused',
  'exhausted',
  'broken',
  'cancelled',
] as const satisfies readonly RequestOutcome[];
const OUTCOME_COLUMN = 2;
const HEADS = ['time', 'id', 'outcome', 'class', 'asked', 'served by', 'tries', 'first byte', 'total', 'tokens', 'usd'];

const milliseconds = (value: number | undefined): string => (value === undefined ? '-' : `${Math.round(value)} ms`);

const rowOf = (record: DecisionRecord): readonly string[] => {
  const tokens = tokensOf(record);
  return [
    new Date(record.at).toISOString().replace('T', ' ').slice(0, 19),
    record.id,
    record.outcome,
    workClassOf(record) ?? '-',
    record.modelAsked === '' ? '-' : record.modelAsked.slice(0, 40),
    record.servedTier ?? '-',
    String(record.attempts.length),
    milliseconds(record.stages.firstByteMs),
    milliseconds(record.stages.endedMs),
    String(tokens.input + tokens.output),
    record.costUsd === 0 ? '0' : record.costUsd.toFixed(6),
  ];
};

const painter =
  (style: Style) =>
  (text: string, column: number, row: number): string => {
    if (row < 0) return style.bold(text);
    if (column !== OUTCOME_COLUMN) return text;
    if (text === 'finished') return style.good(text);
    return text === 'cancelled' ? style.dim(text) : style.bad(text);
  };

export default command({
  details: `Times are UTC, newest first.
${SOURCE_DETAILS}`,
  flags: {
    limit: { kind: 'integer', value: 'N', min: 1, max: 500, default: 20, help: 'How many' },
    tier: { kind: 'text', value: 'ID', help: 'Only those that this tier served' },
    'work-class': { kind: 'choice', value: 'CLASS', choices: WORK_CLASSES, help: 'Only this work class' },
    outcome: { kind: 'choice', value: 'OUTCOME', choices: OUTCOMES, help: 'Only this outcome' },
    session: { kind: 'text', value: 'ID', help: 'Only this session' },
    before: { kind: 'text', value: 'CURSOR', help: 'Continue where an earlier page ended' },
    json: { kind: 'switch', help: 'Print the whole records as JSON' },
    ...SOURCE_FLAGS,
  },
  args: {},
  examples: ['decisions', 'decisions --outcome exhausted --limit 5', 'decisions --store decisions.sqlite --json'],
  async run({ flags }, io) {
    const source = await openDecisionSource(flags, io);
    try {
      const { limit, tier, outcome, session, before } = flags;
      const filters = { tier, workClass: flags['work-class'], outcome, session, before };
      const given = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
      const page = await source.list({ limit, ...given });
      if (page.problem !== undefined) throw new CliError(page.problem, EXIT.usage);
      if (flags.json) io.terminal.out(json(page));
      else if (page.records.length === 0) io.terminal.err('no decisions there\n');
      else io.terminal.out(table(HEADS, page.records.map(rowOf), painter(io.style)));
      if (!flags.json && page.next !== undefined) io.terminal.err(`more with --before ${printable(page.next)}\n`);
      return EXIT.ok;
    } finally {
      source.close();
    }
  },
});
