/** Which promises do a tier's two breakers keep together under any schedule of requests, outcomes, losses and waits? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { WorkClass } from '#core/work-class';
import type { BreakerOutcome } from '#router/breaker';
import type { Breakers } from '#router/breakers';
import { failTransport, rejectAnswers, SETTINGS, startBreakers } from '#tests/router/breakers-world';

const CLASSES = ['chat', 'review', undefined] as const;
const OUTCOMES = ['success', 'transport-failure', 'rejected', 'neutral'] as const;
const { cooldownMaxMs, probeTimeoutMs } = SETTINGS.breaker;

const step = fc.oneof(
  fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 25 }) }),
  fc.record({ do: fc.constant('timer' as const) }),
  fc.record({ do: fc.constant('break' as const), workClass: fc.constantFrom(...CLASSES) }),
  fc.record({ do: fc.constant('begin' as const), workClass: fc.constantFrom(...CLASSES) }),
  fc.record({
    do: fc.constant('end' as const),
    /** Which of the requests under way, oldest first. */
    which: fc.nat(5),
    outcome: fc.constantFrom<BreakerOutcome>(...OUTCOMES),
    retryAfterMs: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined, freq: 4 }),
  }),
  fc.record({ do: fc.constant('lose' as const), which: fc.nat(5) }),
);

interface Underway {
  readonly id: string;
  readonly workClass: WorkClass | undefined;
}

const openOne = (breakers: Breakers, workClass: WorkClass | undefined): void =>
  workClass === undefined ? failTransport(breakers, 'fast') : rejectAnswers(breakers, 'fast', workClass);

/** Plays a schedule on one tier, checking after each step; the requests it leaves under way are lost. */
const play = async (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
  const world = startBreakers();
  const { breakers, clock, errors } = world;
  const underway: Underway[] = [];
  let ids = 0;
  for (const next of steps) {
    if (next.do === 'wait') await clock.advance(next.seconds * 1000);
    else if (next.do === 'timer') await clock.advanceToNext();
    else if (next.do === 'break') openOne(breakers, next.workClass);
    else if (next.do === 'begin') {
      const request = { id: `r${ids++}`, workClass: next.workClass };
      const seen = breakers.peek('fast', request.workClass);
      const probesBefore = breakers.snapshot().filter((status) => status.probing).length;
      const answer = breakers.admit('fast', request.workClass, request.id);
      const probesAfter = breakers.snapshot().filter((status) => status.probing).length;
      // What planning saw is what asking finds, as nothing happened in between.
      expect(answer.ok).toBe(seen.state !== 'open' && seen.retryAfterMs === 0);
      // A refused request holds nothing; a granted one holds a probe exactly when it is told so.
      expect(probesAfter > probesBefore).toBe(answer.ok && answer.probe);
      if (!answer.ok) expect(answer.retryAfterMs).toBeWithin(1, cooldownMaxMs + 1);
      if (answer.ok) underway.push(request);
    } else {
      const [request] = underway.splice(next.which % Math.max(1, underway.length), 1);
      if (request === undefined || next.do === 'lose') continue;
      breakers.report('fast', request.workClass, request.id, next.outcome, next.retryAfterMs);
    }
    expect(errors).toEqual([]);
  }
  return world;
};

test('admission agrees with what planning saw, and a refused request holds no probe', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      (await play(steps)).breakers.stop();
    }),
    { numRuns: 150 },
  );
});

test('after enough quiet time one good request opens every gate again, however much was lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const { breakers, clock } = await play(steps);
      await clock.advance(cooldownMaxMs + probeTimeoutMs);
      for (const workClass of CLASSES) {
        const id = `fresh for ${workClass}`;
        expect(breakers.admit('fast', workClass, id).ok).toBe(true);
        breakers.report('fast', workClass, id, 'success');
        expect(breakers.peek('fast', workClass)).toEqual({ state: 'closed', retryAfterMs: 0 });
      }
      expect(clock.pending).toBe(0);
      breakers.stop();
    }),
    { numRuns: 150 },
  );
});
