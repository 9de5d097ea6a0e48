/** Which outcome opens which breaker of a tier, and what does a healthy tier cost? */
import { describe, expect, test } from 'bun:test';
import { failTransport, rejectAnswers, SETTINGS, startBreakers } from '#tests/router/breakers-world';

describe('what opens what', () => {
  test('transport failures open the tier for every class of work', () => {
    const { breakers } = startBreakers();
    failTransport(breakers, 'fast');
    expect(breakers.admit('fast', 'chat', 'next')).toEqual({
      ok: false,
      breaker: 'availability',
      retryAfterMs: 10_000,
    });
    expect(breakers.admit('fast', undefined, 'next')).toMatchObject({ ok: false, breaker: 'availability' });
    expect(breakers.admit('heavy', 'chat', 'next')).toEqual({ ok: true, probe: false });
  });

  test('rejected answers open the tier for their class of work only', () => {
    const { breakers } = startBreakers();
    rejectAnswers(breakers, 'fast', 'review');
    expect(breakers.admit('fast', 'review', 'next')).toEqual({ ok: false, breaker: 'quality', retryAfterMs: 10_000 });
    expect(breakers.admit('fast', 'chat', 'next')).toEqual({ ok: true, probe: false });
    expect(breakers.admit('fast', undefined, 'next')).toEqual({ ok: true, probe: false });
  });

  test('a rejected answer shows that the transport works', () => {
    const { breakers } = startBreakers();
    failTransport(breakers, 'fast', 1);
    rejectAnswers(breakers, 'fast', 'chat', 1);
    failTransport(breakers, 'fast', 1);
    expect(breakers.peek('fast', undefined).state).toBe('closed');
  });

  test('transport failures say nothing about quality', () => {
    const { breakers } = startBreakers();
    for (let i = 0; i < 10; i++) breakers.report('fast', 'chat', `r${i}`, 'transport-failure');
    expect(breakers.snapshot().filter((status) => status.kind === 'quality')).toEqual([]);
  });

  test('neutral ends open nothing', () => {
    const { breakers } = startBreakers();
    for (let i = 0; i < 10; i++) breakers.report('fast', 'chat', `r${i}`, 'neutral');
    expect(breakers.admit('fast', 'chat', 'next')).toEqual({ ok: true, probe: false });
  });

  test('rejected answers may have a window of their own', async () => {
    const settings = { ...SETTINGS, breaker: { ...SETTINGS.breaker, qualityWindowMs: 1_000 } };
    const { breakers, clock } = startBreakers(settings);
    failTransport(breakers, 'heavy', 1);
    rejectAnswers(breakers, 'fast', 'review', 2);
    await clock.advance(1_000);
    rejectAnswers(breakers, 'fast', 'review', 1);
    failTransport(breakers, 'heavy', 1);
    expect(breakers.peek('fast', 'review').state).toBe('closed');
    expect(breakers.peek('heavy', 'review').state).toBe('open');
  });

  test('Retry-After lengthens the open time of the availability breaker, up to the maximum', async () => {
    const { breakers, clock } = startBreakers();
    breakers.report('fast', 'chat', 'a', 'transport-failure');
    breakers.report('fast', 'chat', 'b', 'transport-failure', 25_000);
    expect(breakers.peek('fast', 'chat')).toEqual({ state: 'open', retryAfterMs: 25_000 });
    await clock.advance(24_999);
    expect(breakers.admit('fast', 'chat', 'c').ok).toBe(false);
    await clock.advance(1);
    expect(breakers.admit('fast', 'chat', 'c')).toEqual({ ok: true, probe: true });
    breakers.report('fast', 'chat', 'c', 'transport-failure', 3_600_000);
    expect(breakers.peek('fast', 'chat')).toEqual({ state: 'open', retryAfterMs: 40_000 });
  });
});

describe('a healthy tier', () => {
  test('costs no event', () => {
    const { breakers, events } = startBreakers();
    for (let i = 0; i < 100; i++) {
      expect(breakers.admit('fast', 'chat', `r${i}`)).toEqual({ ok: true, probe: false });
      breakers.report('fast', 'chat', `r${i}`, i % 5 === 0 ? 'neutral' : 'success');
    }
    expect(events).toEqual([]);
  });

  test('costs no event once its failures are made good', () => {
    const { breakers, events } = startBreakers();
    failTransport(breakers, 'fast', 1);
    rejectAnswers(breakers, 'fast', 'chat', 1);
    breakers.report('fast', 'chat', 'good', 'success');
    const before = events.length;
    for (let i = 0; i < 100; i++) {
      breakers.admit('fast', 'chat', `r${i}`);
      breakers.report('fast', 'chat', `r${i}`, 'success');
    }
    expect(events.length).toBe(before);
  });
});
