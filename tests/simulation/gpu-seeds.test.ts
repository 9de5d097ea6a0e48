/** Do the promises hold where the local tiers take turns on one GPU, whatever its servers do? */
import { expect, test } from 'bun:test';
import { failureText, hasGpu } from '#tests/simulation/run';
import { type SimulationReport, simulate } from '#tests/simulation/simulate';

/** Even ones, as a run with fresh seeds takes them. */
const SEEDS = Array.from({ length: 24 }, (_, index) => 2 * (index + 1));
const REQUESTS = 60;
/** For a busy machine; alone a seed takes a tenth of a second. */
const TIMEOUT_MS = 60_000;
const reports: SimulationReport[] = [];

for (const seed of SEEDS) {
  test(
    `seed ${seed}: ${REQUESTS} requests for three models on one GPU`,
    async () => {
      const report = await simulate(seed, { requests: REQUESTS, gpu: hasGpu(seed) });
      reports.push(report);
      expect(report.problems.length === 0 ? '' : failureText(report)).toBe('');
    },
    TIMEOUT_MS,
  );
}

test('between them the seeds meet everything that can happen to a GPU', () => {
  const seen = new Set(reports.flatMap((report) => Object.keys(report.seen)));
  const wanted = [
    ...['nothing', 'turn', 'wake', 'load', 'swap', 'retry'].map((needed) => `lease after ${needed}`),
    ...['queue-full', 'load-failed', 'aborted'].map((why) => `refused ${why}`),
    ...['start', 'stop', 'sleep', 'wake', 'end'].map((action) => `server ${action}`),
    ...['killed', 'dies while it loads', 'cannot be started', 'cannot be ended', 'will not sleep'].map(
      (what) => `trouble ${what}`,
    ),
    ...['will not wake', 'has an engine that cannot be asked'].map((what) => `trouble ${what}`),
    'answer cut',
  ];
  expect(wanted.filter((name) => !seen.has(`gpu ${name}`))).toEqual([]);
});

test(
  'the same seed gives the same run, to the byte',
  async () => {
    const digestOf = async (seed: number, gpu: boolean): Promise<string> =>
      (await simulate(seed, { requests: 40, gpu })).digest;
    expect(await digestOf(6, true)).toBe(await digestOf(6, true));
    expect(await digestOf(6, true)).not.toBe(await digestOf(6, false));
  },
  TIMEOUT_MS,
);
