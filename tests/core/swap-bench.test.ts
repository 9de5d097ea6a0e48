// What `bun run bench:swap` promises of the traces it replays. It knows no wall clock, so its numbers may be asserted.
import { describe, expect, test } from 'bun:test';

interface Row {
  readonly trace: string;
  readonly rule: string;
  readonly swapsPer100: number;
  readonly waitP95Ms: number;
  readonly waitMaxMs: number;
  readonly servedPerMinute: number;
  readonly refused: number;
  readonly cut: number;
}

const child = Bun.spawn([process.execPath, new URL('../../bench/swap.ts', import.meta.url).pathname, '--json'], {
  stdout: 'pipe',
  stderr: 'inherit',
});
const text = await new Response(child.stdout).text();
const code = await child.exited;
const { results }: { readonly results: readonly Row[] } = JSON.parse(text);

const rowOf = (trace: string, rule: string): Row => {
  const found = results.find((one) => one.trace === trace && one.rule === rule);
  if (found === undefined) throw new Error(`${trace} under ${rule} is not in the report`);
  return found;
};
const traces = [...new Set(results.map(({ trace }) => trace))];
/** Bound, or one rival's whole round where that is longer, and one load: the longest any request of these traces may wait. */
const LONGEST_MS = 126_000 + 60_000;

describe('the swap bench', () => {
  test('ends well and measures every rule on every trace', () => {
    expect([code, results.length, traces.length]).toEqual([0, 48, 16]);
  });

  for (const trace of ['alternating-10', 'alternating-30', 'alternating-60', 'loops-8']) {
    test(`${trace}: at most half the swaps of first-come, and no longer p95 wait`, () => {
      const [ours, firstCome] = [rowOf(trace, 'ours'), rowOf(trace, 'first-come')];
      expect(ours.swapsPer100).toBeLessThanOrEqual(firstCome.swapsPer100 / 2);
      expect(ours.waitP95Ms).toBeLessThanOrEqual(firstCome.waitP95Ms);
    });
  }

  test('nobody starves, nobody is refused, no answer is cut', () => {
    for (const trace of traces) {
      const { waitMaxMs, refused, cut } = rowOf(trace, 'ours');
      expect({ trace, inTime: waitMaxMs <= LONGEST_MS, refused, cut }).toEqual({
        trace,
        inTime: true,
        refused: 0,
        cut: 0,
      });
    }
  });

  test('a rare model waits far less than where the hot one is never interrupted', () => {
    const [ours, patient] = [rowOf('hot-and-rare', 'ours'), rowOf('hot-and-rare', 'llama-swap')];
    expect(ours.waitMaxMs).toBeLessThan(0.6 * patient.waitMaxMs);
  });

  test('several agents take fewer swaps and get more done than under either other rule', () => {
    for (const trace of ['agents-2', 'agents-3', 'agents-3-of-3']) {
      for (const rule of ['first-come', 'llama-swap']) {
        const [ours, other] = [rowOf(trace, 'ours'), rowOf(trace, rule)];
        expect(ours.swapsPer100).toBeLessThan(other.swapsPer100);
        expect(ours.servedPerMinute).toBeGreaterThan(other.servedPerMinute);
      }
    }
  });

  test('says what docs/design/swap-policy.md says', async () => {
    const page = await Bun.file(new URL('../../docs/design/swap-policy.md', import.meta.url)).text();
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    for (const { trace, rule, swapsPer100, waitP95Ms, waitMaxMs, servedPerMinute } of results) {
      const cell = `${swapsPer100.toFixed(1)} · ${seconds(waitP95Ms)} · ${seconds(waitMaxMs)} · ${servedPerMinute.toFixed(2)}`;
      expect({ trace, rule, cell, told: page.includes(`| ${cell} |`) }).toEqual({ trace, rule, cell, told: true });
    }
  });
});
