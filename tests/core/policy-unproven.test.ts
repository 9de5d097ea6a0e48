// When a denied tier is served after all, and when the gate stays shut.
import { describe, expect, test } from 'bun:test';
import { type PlanInput, plan } from '#core/policy';
import type { World } from '#core/readiness';
import { CLOUD, FAST, HEAVY, intentOf, planInput, settingsOf, tierOf, worldOf } from '#tests/core/decide-fixtures';

const planning = (pool: readonly string[]) => intentOf(pool, { workClass: 'planning' });
const verify = settingsOf({ whenUnproven: 'verify' });
const decided = (pool: readonly string[], fields: Partial<PlanInput> = {}) =>
  plan(planInput(planning(pool), { settings: verify, ...fields }));

describe('when_unproven = "verify"', () => {
  test('serves the most capable denied tier, wholly held and fully checked', () => {
    const found = decided(['fast-local', 'heavy-local']);
    expect(found.unproven).toBeTrue();
    expect(found.refusal).toBeUndefined();
    expect(found.exclusions).toEqual([]);
    expect(found.candidates).toMatchObject([
      { tier: { id: 'heavy-local' }, verdict: 'deny', verdictFrom: 'unproven', hold: 'all', checks: 'full' },
      { tier: { id: 'fast-local' }, verdict: 'deny', verdictFrom: 'unproven', hold: 'all', checks: 'full' },
    ]);
    expect(found.candidates[0]?.why).toEqual([
      'verdict deny (seed, score 0.20)',
      'served unproven: no proven tier exists and when_unproven = "verify"',
    ]);
  });
  test('prefers the better score to the place in the pool', () => {
    const settings = settingsOf({ whenUnproven: 'verify', tiers: [tierOf('unmeasured'), HEAVY] });
    expect(decided(['unmeasured', 'heavy-local'], { settings }).candidates.map(({ tier }) => tier.id)).toEqual([
      'unmeasured',
      'heavy-local',
    ]);
  });
  test('is not needed while a proven tier may serve', () => {
    const settings = settingsOf({ whenUnproven: 'verify', metered: ['planning'] });
    const found = decided(['heavy-local', 'cloud'], { settings });
    expect(found.unproven).toBeFalse();
    expect(found.candidates.map(({ tier }) => tier.id)).toEqual(['cloud']);
  });
  test('counts a cloud tier without a key, or of a class not opened, as absent', () => {
    expect(decided(['heavy-local', 'cloud']).candidates.map(({ tier }) => tier.id)).toEqual(['heavy-local']);
    const settings = settingsOf({ whenUnproven: 'verify', metered: ['planning'] });
    const found = decided(['heavy-local', 'cloud'], { settings, world: worldOf({ hasCredential: () => false }) });
    expect(found.candidates.map(({ tier }) => tier.id)).toEqual(['heavy-local']);
    expect(found.exclusions.map(({ tier, kind }) => `${tier} ${kind}`)).toEqual(['cloud uncredentialed']);
  });
  test('never serves a denied cloud tier', () => {
    expect(decided(['cloud']).candidates).toEqual([]);
  });
});

describe('availability never overrides the gate: nothing is served unproven while a proven tier is only', () => {
  const settings = settingsOf({ whenUnproven: 'verify', metered: ['planning'], budgets: { dayUsd: 1 } });
  const cases: readonly (readonly [string, Partial<World>, string])[] = [
    [
      'unreachable',
      { unavailable: (id) => (id === 'cloud' ? { reason: 'down', retryAfterMs: 500 } : undefined) },
      'unavailable',
    ],
    [
      'broken',
      { breaker: (id) => (id === 'cloud' ? { state: 'open', retryAfterMs: 9_000 } : undefined) },
      'unavailable',
    ],
    [
      'over budget',
      { spent: { session: { usd: 0, tokens: 0 }, day: { usd: 2, tokens: 0 }, dayEndsInMs: 60_000 } },
      'budget-spent',
    ],
  ];
  test.each(cases)('%s', (_name, world, kind) => {
    const found = decided(['heavy-local', 'cloud'], { settings, world: worldOf(world) });
    expect([found.unproven, found.candidates, found.refusal?.kind]).toEqual([false, [], kind as never]);
  });
});

test('a denied tier that is down cannot serve unproven either', () => {
  const found = decided(['fast-local', 'heavy-local'], {
    world: worldOf({ unavailable: () => ({ reason: 'connection refused', retryAfterMs: 500 }) }),
  });
  expect(found.exclusions.map(({ tier, kind }) => `${tier} ${kind}`)).toEqual([
    'fast-local unavailable',
    'heavy-local unavailable',
  ]);
  expect(found).toMatchObject({ unproven: false, refusal: { kind: 'unavailable' } });
});

test('when_unproven = "refuse" keeps every denied tier out', () => {
  const found = decided(['fast-local', 'heavy-local'], { settings: settingsOf({ tiers: [FAST, HEAVY, CLOUD] }) });
  expect(found).toMatchObject({ unproven: false, candidates: [], refusal: { kind: 'denied' } });
});
