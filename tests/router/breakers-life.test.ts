/** What becomes of breakers on a reload, on an actor error and at the end? */
import { describe, expect, test } from 'bun:test';
import { failTransport, rejectAnswers, SETTINGS, startBreakers, tier } from '#tests/router/breakers-world';

describe('the life of the breakers', () => {
  test('stopping leaves no timer behind, admits everyone and hears no report', async () => {
    const { breakers, clock, errors } = startBreakers();
    failTransport(breakers, 'fast');
    rejectAnswers(breakers, 'heavy', 'review');
    expect(clock.pending).toBe(2);
    breakers.stop();
    expect(clock.pending).toBe(0);
    expect(breakers.admit('fast', 'chat', 'a')).toEqual({ ok: true, probe: false });
    failTransport(breakers, 'fast');
    expect(breakers.snapshot()).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('an actor that fails is told, reads as closed, and is made anew at the next failure', () => {
    const { breakers, changes, errors } = startBreakers();
    failTransport(breakers, 'fast');
    const broken = { ...SETTINGS.breaker };
    Object.defineProperty(broken, 'cooldownMaxMs', { get: () => 1n, enumerable: true });
    breakers.reconfigure({ ...SETTINGS, breaker: broken });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toStartWith('breaker/availability/fast: ');
    expect(changes.at(-1)).toMatchObject({ from: 'open', state: 'closed' });
    expect(breakers.admit('fast', 'chat', 'a')).toEqual({ ok: true, probe: false });
    breakers.reconfigure(SETTINGS);
    failTransport(breakers, 'fast');
    expect(breakers.peek('fast', 'chat').state).toBe('open');
  });

  test('a reload keeps what it knows of tiers that stayed the same', async () => {
    const { breakers, clock } = startBreakers();
    failTransport(breakers, 'fast');
    rejectAnswers(breakers, 'heavy', 'review', 2);
    await clock.advance(1_000);
    breakers.reconfigure({ ...SETTINGS, tiers: [tier('heavy'), tier('fast')] });
    expect(breakers.peek('fast', 'chat')).toEqual({ state: 'open', retryAfterMs: 9_000 });
    rejectAnswers(breakers, 'heavy', 'review', 1);
    expect(breakers.peek('heavy', 'review').state).toBe('open');
  });

  test('a new address starts with a clean availability, a new fingerprint with a clean quality', () => {
    const { breakers, clock } = startBreakers();
    for (const id of ['fast', 'heavy']) {
      failTransport(breakers, id);
      rejectAnswers(breakers, id, 'review');
    }
    const moved = tier('fast', { baseUrl: 'http://127.0.0.1:4000', fingerprint: 'other' });
    breakers.reconfigure({ ...SETTINGS, tiers: [moved, tier('heavy', { fingerprint: 'other' })] });
    expect(breakers.peek('fast', 'review').state).toBe('closed');
    expect(breakers.peek('heavy', undefined).state).toBe('open');
    expect(breakers.snapshot().map(({ id }) => id)).toEqual([
      'breaker/availability/fast',
      'breaker/availability/heavy',
    ]);
    expect(clock.pending).toBe(1);
  });

  test('a tier that is gone is admitted for those who still ask, and forgotten', () => {
    const { breakers, clock } = startBreakers();
    failTransport(breakers, 'fast');
    breakers.reconfigure({ ...SETTINGS, tiers: [tier('heavy')] });
    expect(clock.pending).toBe(0);
    expect(breakers.admit('fast', 'chat', 'late')).toEqual({ ok: true, probe: false });
    failTransport(breakers, 'fast');
    expect(breakers.snapshot().map(({ tier: id }) => id)).toEqual(['heavy']);
  });

  test('new limits count from the next failure on', () => {
    const { breakers } = startBreakers();
    failTransport(breakers, 'fast', 1);
    breakers.reconfigure({ ...SETTINGS, breaker: { ...SETTINGS.breaker, availabilityFailures: 3 } });
    failTransport(breakers, 'fast', 1);
    expect(breakers.peek('fast', 'chat').state).toBe('closed');
    failTransport(breakers, 'fast', 1);
    expect(breakers.peek('fast', 'chat').state).toBe('open');
  });
});
