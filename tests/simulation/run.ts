/** Simulations with fresh seeds: `bun tests/simulation/run.ts --seeds 200 --requests 200`; a failure names its seed. */
import { parseArgs } from 'node:util';
import { type SimulationReport, simulate } from '#tests/simulation/simulate';

export interface SimulationPlan {
  /** First seed; the others follow it. */
  readonly from: number;
  readonly seeds: number;
  readonly requests: number;
}

const wholeNumber = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 0xffff_ffff)
    throw new Error(`--${name}: a whole number from 1, not ${JSON.stringify(text)}`);
  return value;
};

/** @throws Error that says which option is wrong */
export const planOf = (options: readonly string[], freshSeed: () => number): SimulationPlan => {
  const { values } = parseArgs({
    args: [...options],
    options: { from: { type: 'string' }, seeds: { type: 'string' }, requests: { type: 'string' } },
  });
  return {
    from: values.from === undefined ? freshSeed() : wholeNumber('from', values.from),
    seeds: wholeNumber('seeds', values.seeds ?? '100'),
    requests: wholeNumber('requests', values.requests ?? '200'),
  };
};

/** Every other seed has a GPU on which the local tiers take turns. */
export const hasGpu = (seed: number): boolean => seed % 2 === 0;

/** What to show for a seed that broke an invariant: the problems, and how to see them again. */
export const failureText = ({ seed, requests, problems }: SimulationReport): string =>
  [
    `seed ${seed}: ${problems.length} problems`,
    ...problems.map((problem) => `  ${problem}`),
    `  again: bun tests/simulation/run.ts --from ${seed} --seeds 1 --requests ${requests}`,
  ].join('\n');

/** Seeds that failed before the run is given up. */
const FAILED_MAX = 10;

const runPlan = async ({ from, seeds, requests }: SimulationPlan): Promise<boolean> => {
  const started = performance.now();
  let failed = 0;
  for (let seed = from; seed < from + seeds && failed < FAILED_MAX; seed++) {
    const report = await simulate(seed, { requests, gpu: hasGpu(seed) });
    if (report.problems.length === 0) continue;
    failed += 1;
    process.stderr.write(`${failureText(report)}\n`);
  }
  const seconds = (performance.now() - started) / 1000;
  const rate = Math.round((seeds * requests) / seconds);
  process.stdout.write(`simulation: seeds ${from} to ${from + seeds - 1}, ${failed} failed, ${rate} requests/s\n`);
  return failed === 0;
};

if (import.meta.main) {
  const plan = planOf(process.argv.slice(2), () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 1);
  process.exit((await runPlan(plan)) ? 0 : 1);
}
