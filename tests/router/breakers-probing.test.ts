/** Does one request at a time find out whether a tier works again, for both of its breakers? */
import { describe, expect, test } from 'bun:test';
import { failTransport, rejectAnswers, startBreakers } from '#tests/router/breakers-world';

describe('probing', () => {
  test('one request gets the probe, and its success admits everyone', async () => {
    const { breakers, clock } = startBreakers();
    failTransport(breakers, 'fast');
    await clock.advance(10_000);
    expect(breakers.admit('fast', 'chat', 'first')).toEqual({ ok: true, probe: true });
    expect(breakers.admit('fast', 'chat', 'second')).toEqual({
      ok: false,
      breaker: 'availability',
      retryAfterMs: 5_000,
    });
    breakers.report('fast', 'chat', 'first', 'success');
    expect(breakers.admit('fast', 'chat', 'second')).toEqual({ ok: true, probe: false });
  });

  test('a request that asks twice keeps its probe', async () => {
    const { breakers, clock } = startBreakers();
    failTransport(breakers, 'fast');
    await clock.advance(10_000);
    breakers.admit('fast', 'chat', 'first');
    expect(breakers.admit('fast', 'chat', 'first')).toEqual({ ok: true, probe: true });
  });

  test('the probe of one breaker is given back when the other refuses', async () => {
    const { breakers, clock } = startBreakers();
    failTransport(breakers, 'fast');
    await clock.advance(5_000);
    rejectAnswers(breakers, 'fast', 'review');
    await clock.advance(5_000);
    expect(breakers.admit('fast', 'review', 'first')).toEqual({ ok: false, breaker: 'quality', retryAfterMs: 5_000 });
    expect(breakers.admit('fast', 'chat', 'second')).toEqual({ ok: true, probe: true });
  });

  test('both breakers are probed by one request and judged by what it saw of each', async () => {
    const { breakers, clock } = startBreakers();
    rejectAnswers(breakers, 'fast', 'review');
    failTransport(breakers, 'fast');
    await clock.advance(10_000);
    expect(breakers.admit('fast', 'review', 'first')).toEqual({ ok: true, probe: true });
    breakers.report('fast', 'review', 'first', 'rejected');
    expect(breakers.admit('fast', 'chat', 'second')).toEqual({ ok: true, probe: false });
    expect(breakers.admit('fast', 'review', 'third')).toEqual({ ok: false, breaker: 'quality', retryAfterMs: 20_000 });
  });

  test('a transport failure leaves the quality probe to the next request', async () => {
    const { breakers, clock } = startBreakers();
    rejectAnswers(breakers, 'fast', 'review');
    await clock.advance(10_000);
    expect(breakers.admit('fast', 'review', 'first')).toEqual({ ok: true, probe: true });
    breakers.report('fast', 'review', 'first', 'transport-failure');
    expect(breakers.admit('fast', 'review', 'second')).toEqual({ ok: true, probe: true });
  });

  test('a probe that never reports is given up after its time', async () => {
    const { breakers, clock } = startBreakers();
    failTransport(breakers, 'fast');
    await clock.advance(10_000);
    breakers.admit('fast', 'chat', 'lost');
    await clock.advance(4_999);
    expect(breakers.admit('fast', 'chat', 'next').ok).toBe(false);
    await clock.advance(1);
    expect(breakers.admit('fast', 'chat', 'next')).toEqual({ ok: true, probe: true });
    breakers.report('fast', 'chat', 'lost', 'transport-failure');
    breakers.report('fast', 'chat', 'next', 'success');
    expect(breakers.peek('fast', 'chat').state).toBe('closed');
  });
});
