/** Does the one timer behind all deadlines name the one that passed, at its moment, and cost nothing per chunk? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createSimulatedClock } from '#tests/support/clock';
import { createWatchdog, type DeadlineName } from '#upstream/deadline';

const start = (totalMs: number) => {
  const clock = createSimulatedClock();
  const passed: { name: DeadlineName; ms: number; at: number }[] = [];
  const watchdog = createWatchdog(clock, totalMs, (name, ms) => passed.push({ name, ms, at: clock.now() }));
  return { clock, passed, watchdog };
};

describe('a deadline', () => {
  test('passes at its moment, once, under its name', async () => {
    const { clock, passed, watchdog } = start(1_000);
    watchdog.phase('first byte', 300);
    await clock.advance(299);
    expect(passed).toEqual([]);
    await clock.advance(5_000);
    expect(passed).toEqual([{ name: 'first byte', ms: 300, at: 300 }]);
    expect(clock.pending).toBe(0);
  });

  test('counts from the last touch', async () => {
    const { clock, passed, watchdog } = start(10_000);
    watchdog.phase('idle', 300);
    for (let touches = 0; touches < 10; touches++) {
      await clock.advance(200);
      watchdog.touch();
    }
    await clock.advance(300);
    expect(passed).toEqual([{ name: 'idle', ms: 300, at: 2_300 }]);
  });

  test('does not count while the reader rests, and counts anew from the next touch', async () => {
    const { clock, passed, watchdog } = start(10_000);
    watchdog.phase('idle', 300);
    watchdog.pause();
    await clock.advance(5_000);
    watchdog.touch();
    await clock.advance(299);
    expect(passed).toEqual([]);
    await clock.advance(1);
    expect(passed).toEqual([{ name: 'idle', ms: 300, at: 5_300 }]);
  });

  test('a later phase takes the place of the one before, shorter or longer', async () => {
    for (const [first, second] of [
      [300, 100],
      [100, 300],
    ] as const) {
      const { clock, passed, watchdog } = start(10_000);
      watchdog.phase('first byte', first);
      await clock.advance(50);
      watchdog.phase('idle', second);
      await clock.advance(1_000);
      expect(passed).toEqual([{ name: 'idle', ms: second, at: 50 + second }]);
    }
  });

  test('the total goes on, whatever is touched and whoever rests', async () => {
    for (const rest of ['touch', 'pause'] as const) {
      const { clock, passed, watchdog } = start(1_000);
      watchdog.phase('idle', 300);
      for (let turn = 0; turn < 5; turn++) {
        await clock.advance(200);
        watchdog[rest]();
      }
      await clock.advance(1_000);
      expect(passed).toEqual([{ name: 'total', ms: 1_000, at: 1_000 }]);
    }
  });

  test('is over when stopped', async () => {
    const { clock, passed, watchdog } = start(1_000);
    watchdog.phase('idle', 300);
    watchdog.stop();
    watchdog.touch();
    watchdog.phase('drain', 10);
    expect(clock.pending).toBe(0);
    await clock.advance(5_000);
    expect(passed).toEqual([]);
  });
});

test('a busy stream never has more than one timer', async () => {
  const { clock, watchdog } = start(100_000);
  watchdog.phase('idle', 300);
  for (let chunk = 0; chunk < 100; chunk++) {
    watchdog.touch();
    watchdog.pause();
    watchdog.touch();
    expect(clock.pending).toBe(1);
    await clock.advance(7);
  }
});

test('any schedule: what is due passes at its moment, give or take a millisecond', async () => {
  const action = fc.oneof(
    fc.record({ act: fc.constant('phase' as const), ms: fc.integer({ min: 1, max: 500 }) }),
    fc.record({ act: fc.constantFrom('touch' as const, 'pause' as const), ms: fc.constant(0) }),
    fc.record({ act: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 400 }) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 30 }),
      fc.integer({ min: 1, max: 3_000 }),
      async (actions, total) => {
        const { clock, passed, watchdog } = start(total);
        let due = total;
        let phase: number | undefined;
        const expected = (): number => Math.min(total, due);
        for (const { act, ms } of actions) {
          if (expected() <= clock.now() || passed.length > 0) break;
          if (act === 'advance') {
            await clock.advance(ms);
            continue;
          }
          if (act === 'phase') {
            phase = ms;
            watchdog.phase('idle', ms);
          } else watchdog[act]();
          if (act === 'pause' || phase === undefined) due = Number.POSITIVE_INFINITY;
          else due = clock.now() + phase;
          if (act === 'touch' && phase === undefined) due = clock.now() + total;
        }
        await clock.advance(10_000);
        const [first, ...more] = passed;
        expect(more).toEqual([]);
        expect(first?.at).toBeWithin(expected() - 1, expected() + 2);
      },
    ),
    { numRuns: 200 },
  );
});
