/** How often does each rule swap, and how long do requests wait? Runs as bun run bench:swap; `--json` for programs, `--cost` for microseconds. */
import { shown } from './numbers';
import { type Cost, measureCosts } from './swap-cost';
import { type Measured, measure } from './swap-measure';
import { RULE_NAMES } from './swap-rules';
import { TRACE_NAMES, TRACES, type TraceName } from './swap-traces';

/** Traces for which half the swaps of first-come are promised at an equal or lower p95 wait. */
const PROMISED: readonly TraceName[] = ['alternating-10', 'alternating-30', 'alternating-60'];

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

const COST_HEAD = [
  'models',
  'of which fit',
  'waiting',
  'lease µs',
  'p99',
  'estimate µs',
  'p99',
  'status µs',
  'p99',
] as const;

const costRow = ({ models, resident, waiting, lease, estimate, status }: Cost): readonly string[] => [
  ...[models, resident, waiting].map(String),
  ...[lease, estimate, status].flatMap(({ p50, p99 }) => [shown(p50), shown(p99)]),
];

const HEAD = ['', 'swaps/100', 'p50 s', 'p95 s', 'longest s', 'served/min', 'refused', 'cut'] as const;

const rowOf = (one: Measured): readonly string[] => [
  one.rule,
  one.swapsPer100.toFixed(1),
  seconds(one.waitP50Ms),
  seconds(one.waitP95Ms),
  seconds(one.waitMaxMs),
  one.servedPerMinute.toFixed(2),
  String(one.refused),
  String(one.cut),
];

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0), 3));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
};

if (process.argv.includes('--cost')) {
  process.stdout.write(`${tableOf(COST_HEAD, (await measureCosts()).map(costRow))}\n`);
  process.exit(0);
}

const measured = TRACE_NAMES.map((trace) => ({ trace, results: RULE_NAMES.map((rule) => measure(trace, rule)) }));

const targets = measured.map(({ trace, results }) => {
  const [ours, firstCome] = results;
  if (ours === undefined || firstCome === undefined) throw new Error(`${trace}: not measured`);
  return {
    trace,
    promised: PROMISED.includes(trace),
    halfTheSwaps: ours.swapsPer100 <= firstCome.swapsPer100 / 2,
    noLongerP95: ours.waitP95Ms <= firstCome.waitP95Ms,
  };
});

if (process.argv.includes('--json')) {
  process.stdout.write(
    `${JSON.stringify({ results: measured.flatMap(({ results }) => results), targets }, null, 2)}\n`,
  );
} else {
  for (const { trace, results } of measured) {
    process.stdout.write(`### ${TRACES[trace].title}\n\n${tableOf(HEAD, results.map(rowOf))}\n\n`);
  }
  for (const { trace, promised, halfTheSwaps, noLongerP95 } of targets) {
    const verdict = `${halfTheSwaps ? 'at most half' : 'more than half'} the swaps, p95 ${noLongerP95 ? 'no longer' : 'longer'}`;
    process.stdout.write(`${trace}: ${verdict}${promised ? ' (target)' : ''}\n`);
  }
}
