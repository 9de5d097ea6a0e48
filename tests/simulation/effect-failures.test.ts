/** Whichever call to the outside world fails, whatever the failure: do all promises hold? */
import { expect, test } from 'bun:test';
import { failureText } from '#tests/simulation/run';
import { simulate } from '#tests/simulation/simulate';
import { connectionReset, diskFull, type FailingEffects, failingAt } from '#tests/support/effects';

const REQUESTS = 20;
/** For a busy machine; alone it takes a second. */
const TIMEOUT_MS = 60_000;
const refused = (): Error => Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
/** A bug of the platform rather than an error of the system. */
const strange = (): Error => new TypeError('undefined is not an object');

const callsOf = async (seed: number): Promise<number> => {
  let failing: FailingEffects | undefined;
  await simulate(seed, {
    requests: REQUESTS,
    callers: 4,
    disturb: (effects) => {
      failing = failingAt(effects, 0);
      return failing.effects;
    },
  });
  return failing?.calls() ?? 0;
};

for (const [name, error, seed] of [
  ['a reset', connectionReset, 2],
  ['a refusal', refused, 15],
  ['a full disk', diskFull, 15],
  ['a bug', strange, 2],
] as const) {
  test(
    `seed ${seed}: ${name} at each call in turn`,
    async () => {
      const calls = await callsOf(seed);
      expect(calls).toBeGreaterThan(10);
      // The first call reads the profile: without it there is no router to simulate.
      for (let nth = 2; nth <= calls; nth++) {
        const disturb: NonNullable<Parameters<typeof simulate>[1]['disturb']> = (effects) =>
          failingAt(effects, nth, error).effects;
        const report = await simulate(seed, { requests: REQUESTS, callers: 4, disturb });
        expect(report.problems.length === 0 ? '' : `call ${nth}: ${failureText(report)}`).toBe('');
      }
    },
    TIMEOUT_MS,
  );
}
