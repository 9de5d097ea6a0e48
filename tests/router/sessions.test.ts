// What is remembered of a session, and when it is forgotten.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createSessions, SESSION_IDLE_MS } from '#router/sessions';
import { createSimulatedClock } from '#tests/support/clock';

const usd = (value: number) => ({ usd: value, tokens: value * 10 });

describe('affinity', () => {
  test('is the tier that served the lane last', () => {
    const sessions = createSessions(createSimulatedClock(), 10);
    sessions.served('s', 'main', 'fast');
    sessions.served('s', 'main', 'heavy');
    sessions.served('s', 'sub', 'fast');
    expect([sessions.affinity('s', 'main'), sessions.affinity('s', 'sub'), sessions.affinity('t', 'main')]).toEqual([
      'heavy',
      'fast',
      undefined,
    ]);
  });
  test('ends when that tier fails, not when another does', () => {
    const sessions = createSessions(createSimulatedClock(), 10);
    sessions.served('s', 'main', 'fast');
    sessions.failed('s', 'main', 'heavy');
    expect(sessions.affinity('s', 'main')).toBe('fast');
    sessions.failed('s', 'main', 'fast');
    sessions.failed('unknown', 'main', 'fast');
    expect(sessions.affinity('s', 'main')).toBeUndefined();
  });
  test('is kept for 16 lanes, the least recently served goes first', () => {
    const sessions = createSessions(createSimulatedClock(), 10);
    for (let lane = 0; lane < 16; lane += 1) sessions.served('s', `${lane}`, 'fast');
    sessions.served('s', '0', 'fast');
    sessions.served('s', '16', 'fast');
    expect([sessions.affinity('s', '0'), sessions.affinity('s', '1'), sessions.affinity('s', '16')]).toEqual([
      'fast',
      undefined,
      'fast',
    ]);
  });
});

describe('a session', () => {
  test('is forgotten after six silent hours, its spending with it', async () => {
    const clock = createSimulatedClock();
    const sessions = createSessions(clock, 10);
    sessions.served('s', 'main', 'fast');
    sessions.reserve('s', usd(1))(usd(1));
    await clock.advance(SESSION_IDLE_MS);
    expect(sessions.affinity('s', 'main')).toBe('fast');
    await clock.advance(1);
    expect([sessions.affinity('s', 'main'), sessions.spent('s'), sessions.size]).toEqual([undefined, usd(0), 0]);
  });
  test('gives way to more recent ones beyond the bound', () => {
    const sessions = createSessions(createSimulatedClock(), 2);
    for (const id of ['a', 'b']) sessions.served(id, 'main', 'fast');
    sessions.served('a', 'main', 'fast');
    sessions.served('c', 'main', 'fast');
    expect(['a', 'b', 'c'].map((id) => sessions.affinity(id, 'main'))).toEqual(['fast', undefined, 'fast']);
    sessions.resize(1);
    expect(sessions.size).toBe(1);
    expect(sessions.affinity('c', 'main')).toBe('fast');
  });
});

describe('spending', () => {
  test('counts what is reserved until it is settled, then what was really spent, once', () => {
    const sessions = createSessions(createSimulatedClock(), 10);
    const first = sessions.reserve('s', usd(5));
    const second = sessions.reserve('s', usd(3));
    expect(sessions.spent('s')).toEqual(usd(8));
    first(usd(1));
    first(usd(100));
    expect(sessions.spent('s')).toEqual(usd(4));
    second(usd(0));
    expect(sessions.spent('s')).toEqual(usd(1));
  });
  test('never counts less than what was really spent, in any order of settling', () => {
    const steps = fc.array(fc.record({ expected: fc.nat(100), actual: fc.nat(100), settles: fc.boolean() }));
    fc.assert(
      fc.property(steps, (all) => {
        const sessions = createSessions(createSimulatedClock(), 10);
        let real = 0;
        let open = 0;
        for (const { expected, actual, settles } of all) {
          const settle = sessions.reserve('s', usd(expected));
          if (settles) settle(usd(actual));
          if (settles) real += actual;
          else open += expected;
        }
        expect(sessions.spent('s').usd).toBeCloseTo(real + open, 6);
      }),
    );
  });
});
