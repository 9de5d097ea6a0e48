/** How often does each verifier pass, fail or give up, and how much time does it take? */
import type { VerifierResult } from '#core/verifier';
import { Counter, type Registry } from '#platform/prom-client-parts';
import { amount } from '#router/metric-parts';

/** How a check ended, as a label value; what a newer chain says of silence reads `no_opinion`. */
const VERDICTS = ['pass', 'fail', 'unfinished', 'over_budget', 'threw', 'no_opinion'] as const;
type VerdictLabel = (typeof VERDICTS)[number];

const OF_SILENCE: Readonly<Record<string, VerdictLabel>> = {
  unfinished: 'unfinished',
  'over-budget': 'over_budget',
  threw: 'threw',
};

const verdictOf = ({ verdict, code }: VerifierResult): VerdictLabel =>
  verdict === 'no-opinion' ? (OF_SILENCE[code ?? ''] ?? 'no_opinion') : verdict;

interface Tally {
  readonly counts: Record<VerdictLabel, number>;
  micros: number;
}

/**
 * Counts every check of every answer, so it adds plain numbers and turns them into series at the scrape.
 * @param labelOf bounds the names that get series of their own
 */
export const registerCheckMetrics = (
  registry: Registry,
  labelOf: (name: string) => string,
): ((row: VerifierResult) => void) => {
  const tallies = new Map<string, Tally>();

  new Counter({
    name: 'anvil_verifier_verdicts_total',
    help: 'How checks ended. unfinished: the answer was stopped before; over_budget, threw: given up, never a rejection.',
    labelNames: ['verifier', 'verdict'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [verifier, { counts }] of tallies)
        for (const verdict of VERDICTS) if (counts[verdict] > 0) this.inc({ verifier, verdict }, counts[verdict]);
    },
  });

  new Counter({
    name: 'anvil_verifier_seconds_total',
    help: 'Time that checks took, estimated from samples.',
    labelNames: ['verifier'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [verifier, { micros }] of tallies) this.inc({ verifier }, micros / 1_000_000);
    },
  });

  return (row) => {
    const verifier = labelOf(row.verifier);
    let tally = tallies.get(verifier);
    if (!tally) {
      tally = { counts: { pass: 0, fail: 0, unfinished: 0, over_budget: 0, threw: 0, no_opinion: 0 }, micros: 0 };
      tallies.set(verifier, tally);
    }
    tally.counts[verdictOf(row)] += 1;
    tally.micros = amount(tally.micros + amount(row.costMicros));
  };
};
