/** What do planning, health and the event feed see of the breakers? */
import { describe, expect, test } from 'bun:test';
import { failTransport, rejectAnswers, startBreakers } from '#tests/router/breakers-world';

describe('planning', () => {
  test('a look changes nothing and takes no probe', async () => {
    const { breakers, clock, events } = startBreakers();
    failTransport(breakers, 'fast');
    await clock.advance(10_000);
    const before = events.length;
    expect(breakers.peek('fast', 'chat')).toEqual({ state: 'half-open', retryAfterMs: 0 });
    expect(breakers.peek('fast', 'chat')).toEqual({ state: 'half-open', retryAfterMs: 0 });
    expect(events.length).toBe(before);
    breakers.admit('fast', 'chat', 'probe');
    expect(breakers.peek('fast', 'chat')).toEqual({ state: 'half-open', retryAfterMs: 5_000 });
  });

  test('the stricter of the two breakers is shown', () => {
    const { breakers } = startBreakers();
    rejectAnswers(breakers, 'fast', 'review');
    expect(breakers.peek('fast', 'review')).toEqual({ state: 'open', retryAfterMs: 10_000 });
    expect(breakers.peek('fast', 'chat')).toEqual({ state: 'closed', retryAfterMs: 0 });
    expect(breakers.peek('unknown', 'chat')).toEqual({ state: 'closed', retryAfterMs: 0 });
  });

  test('the snapshot lists every tier, and quality where something was rejected', async () => {
    const { breakers, clock } = startBreakers();
    failTransport(breakers, 'fast');
    rejectAnswers(breakers, 'heavy', 'review', 1);
    await clock.advance(4_000);
    const healthy = { state: 'closed', probing: false, failures: 0, retryAfterMs: 0 } as const;
    expect(breakers.snapshot()).toEqual([
      {
        id: 'breaker/availability/fast',
        kind: 'availability',
        tier: 'fast',
        ...healthy,
        state: 'open',
        retryAfterMs: 6_000,
      },
      { id: 'breaker/availability/heavy', kind: 'availability', tier: 'heavy', ...healthy },
      {
        id: 'breaker/quality/heavy/review',
        kind: 'quality',
        tier: 'heavy',
        workClass: 'review',
        ...healthy,
        failures: 1,
      },
    ]);
  });

  test('changes are told once each, with both ends', async () => {
    const { breakers, clock, changes } = startBreakers();
    failTransport(breakers, 'fast', 4);
    await clock.advance(10_000);
    breakers.admit('fast', 'chat', 'probe');
    breakers.report('fast', 'chat', 'probe', 'success');
    expect(changes.map(({ id, from, state, retryAfterMs }) => [id, from, state, retryAfterMs])).toEqual([
      ['breaker/availability/fast', 'closed', 'open', 10_000],
      ['breaker/availability/fast', 'open', 'half-open', 0],
      ['breaker/availability/fast', 'half-open', 'closed', 0],
    ]);
  });
});
