/** Is everything given back when the last request has ended, and was no more spent than allowed? */
import type { DecisionRecord } from '#core/decision';
import { WORK_CLASSES } from '#core/work-class';
import type { Assembly } from '#server/assembly';
import type { ConfigurationFacts } from '#tests/simulation/configurations';
import type { SimulatedClock } from '#tests/support/clock';

/** Timers that may fire until a router at rest has none left. */
const TIMERS_MAX = 10_000;

/** Longer than any tier is ever left alone. */
const QUIET_MS = 15 * 60 * 1000;

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/**
 * What metered tiers cost, by the prices of the configuration and the usage that went on record. A cap may be overshot
 * by what an answer cost beyond the expectation, so answers that broke off, however long, do not count here.
 */
const judgeSpend = (records: readonly DecisionRecord[], facts: ConfigurationFacts): string[] => {
  const { dayUsd, dayTokens, sessionUsd } = facts.budgets;
  const charges = records.flatMap((record) =>
    record.attempts.flatMap((attempt) => {
      const tier = facts.tiers.find(({ id }) => id === attempt.tier);
      if (!tier?.cloud || !attempt.usage || attempt.usage.estimated) return [];
      const { input, output } = attempt.usage;
      const usd = (input * tier.usdPerMillionInput + output * tier.usdPerMillionOutput) / 1e6;
      return [{ session: record.session ?? '', tokens: input + output, usd }];
    }),
  );
  const problems: string[] = [];
  const usd = sumOf(charges.map((charge) => charge.usd));
  const tokens = sumOf(charges.map((charge) => charge.tokens));
  if (dayUsd !== undefined && usd > dayUsd + 1e-9) problems.push(`${usd} USD spent, the day's cap is ${dayUsd}`);
  if (dayTokens !== undefined && tokens > dayTokens)
    problems.push(`${tokens} tokens spent, the day's cap is ${dayTokens}`);
  for (const [session, own] of Map.groupBy(charges, (charge) => charge.session)) {
    const spent = sumOf(own.map((charge) => charge.usd));
    if (sessionUsd !== undefined && spent > sessionUsd + 1e-9)
      problems.push(`${spent} USD spent in ${session}, its cap is ${sessionUsd}`);
  }
  return problems;
};

const judgeLeases = ({ router }: Assembly, facts: ConfigurationFacts): string[] => {
  const problems: string[] = [];
  const inside = router.admission.inFlight();
  if (inside !== 0) problems.push(`${inside} places of the router were never given back`);
  for (const { id } of facts.tiers) {
    const { inFlight, waiting } = router.admission.loadOf(id);
    if (inFlight !== 0 || waiting !== 0) problems.push(`${id}: ${inFlight} places and ${waiting} waiters left`);
  }
  return problems;
};

const judgeBreakers = ({ router }: Assembly, facts: ConfigurationFacts): string[] =>
  facts.tiers.flatMap(({ id }) =>
    [undefined, ...WORK_CLASSES].flatMap((workClass, index) => {
      const probe = `probe-${id}-${index}`;
      const answer = router.breakers.admit(id, workClass, probe);
      if (!answer.ok) return [`the ${answer.breaker} breaker of ${id} admits nobody after a long quiet time`];
      router.breakers.report(id, workClass, probe, 'neutral');
      return router.presence.absence(id) ? [`${id} is still taken to be absent`] : [];
    }),
  );

/** Lets time pass until no timer is left; undefined when there is no end to them. */
const comeToRest = async (clock: SimulatedClock): Promise<string | undefined> => {
  for (let fired = 0; fired < TIMERS_MAX; fired++) if (!(await clock.advanceToNext())) return undefined;
  return `timers without end: ${clock.pending} still set`;
};

/**
 * Judges a run that has ended.
 * @param facts the newest configuration; budgets are judged only when it was the only one
 */
export const judgeRun = async (
  assembly: Assembly,
  clock: SimulatedClock,
  records: readonly DecisionRecord[],
  facts: ConfigurationFacts,
  reloaded: boolean,
): Promise<string[]> => {
  const leases = judgeLeases(assembly, facts);
  // A store that cannot write tries again for as long as it is open.
  await assembly.decisions.close();
  const restless = await comeToRest(clock);
  await clock.advance(QUIET_MS);
  return [
    ...leases,
    ...(restless === undefined ? [] : [restless]),
    ...judgeBreakers(assembly, facts),
    ...(reloaded ? [] : judgeSpend(records, facts)),
  ];
};
