/** What do the rounds say together? Medians of values, and medians of ratios taken within one round. */
import { median } from './numbers';
import type { Sample, Scenario } from './rounds';

export type Quantity =
  | 'p50'
  | 'p99'
  | 'firstByteP50'
  | 'firstByteP99'
  | 'perSecond'
  | 'cpu'
  | 'jitter'
  | 'readsPerEvent';

export interface Summary {
  /** Median over the rounds. */
  value(scenario: Scenario, target: string, quantity: Quantity): number;
  /** Median over the rounds of `target / base`. */
  ratio(scenario: Scenario, target: string, base: string, quantity: Quantity): number;
  /** Median over the rounds of `target - base`. */
  added(scenario: Scenario, target: string, base: string, quantity: Quantity): number;
  /** Median over the rounds of what the target adds to `direct`, divided by what the base adds. */
  addedRatio(scenario: Scenario, target: string, base: string, direct: string, quantity: Quantity): number;
  /** Requests or streams that went wrong, all rounds together. */
  failed(scenario: Scenario, target: string): number;
}

export const summarise = (samples: readonly Sample[]): Summary => {
  const found = new Map(samples.map((sample) => [`${sample.scenario} ${sample.target} ${sample.round}`, sample]));
  const rounds = [...new Set(samples.map(({ round }) => round))];
  const at = (scenario: Scenario, target: string, round: number, quantity: Quantity): number =>
    found.get(`${scenario} ${target} ${round}`)?.[quantity] ?? Number.NaN;
  const overRounds = (combine: (round: number) => number): number => median(rounds.map(combine));
  return {
    value: (scenario, target, quantity) => overRounds((round) => at(scenario, target, round, quantity)),
    ratio: (scenario, target, base, quantity) =>
      overRounds((round) => at(scenario, target, round, quantity) / at(scenario, base, round, quantity)),
    added: (scenario, target, base, quantity) =>
      overRounds((round) => at(scenario, target, round, quantity) - at(scenario, base, round, quantity)),
    addedRatio: (scenario, target, base, direct, quantity) =>
      overRounds((round) => {
        const start = at(scenario, direct, round, quantity);
        return (at(scenario, target, round, quantity) - start) / (at(scenario, base, round, quantity) - start);
      }),
    failed: (scenario, target) =>
      samples
        .filter((sample) => sample.scenario === scenario && sample.target === target)
        .reduce((sum, sample) => sum + sample.failed, 0),
  };
};
