// How a plan without candidates refuses: the true kind, a safe sentence for the caller, the way out for the operator.
import { describe, expect, test } from 'bun:test';
import { type PlanInput, plan } from '#core/policy';
import type { World } from '#core/readiness';
import type { WorkClass } from '#core/work-class';
import {
  CLOUD,
  FAST,
  factsOf,
  HEAVY,
  intentOf,
  planInput,
  settingsOf,
  tierOf,
  worldOf,
} from '#tests/core/decide-fixtures';

const NO_TIER = 'no quality-gated tier is available for this request';
const refusal = (workClass: WorkClass, pool: readonly string[], fields: Partial<PlanInput> = {}) =>
  plan(planInput(intentOf(pool, { workClass }), fields)).refusal;

const down = (...ids: string[]): Partial<World> => ({
  unavailable: (id) => (ids.includes(id) ? { reason: 'connection refused', retryAfterMs: 500 } : undefined),
});
const open = settingsOf({ metered: ['planning'] });
const big = () => ({ floor: 999_999, best: 999_999 });

describe('the kind names the barrier nearest to an answer', () => {
  const cases: readonly (readonly [string, ReturnType<typeof refusal>, string, number])[] = [
    ['denied locally', refusal('planning', ['fast-local', 'heavy-local']), 'denied', 503],
    ['denied locally, cloud not opened', refusal('planning', ['heavy-local', 'cloud']), 'metered', 503],
    [
      'cloud without a key',
      refusal('planning', ['heavy-local', 'cloud'], { settings: open, world: worldOf({ hasCredential: () => false }) }),
      'uncredentialed',
      503,
    ],
    [
      'denied and too large',
      refusal('planning', ['fast-local', 'other'], {
        estimate: (tier) => (tier.id === 'fast-local' ? big() : { floor: 1, best: 1 }),
        settings: settingsOf({ tiers: [FAST, tierOf('other')] }),
      }),
      'denied',
      503,
    ],
    [
      'too large and without tools',
      refusal('chat', ['fast-local', 'plain'], {
        estimate: (tier) => (tier.id === 'fast-local' ? big() : { floor: 1, best: 1 }),
        facts: factsOf('x', { needsTools: true }),
        settings: settingsOf({ tiers: [FAST, tierOf('plain', { toolSupport: false })] }),
      }),
      'over-context',
      413,
    ],
    ['too large everywhere', refusal('chat', ['fast-local'], { estimate: big }), 'over-context', 413],
    [
      'denied here, down there',
      refusal('review', ['fast-local', 'heavy-local'], { world: worldOf(down('fast-local', 'heavy-local')) }),
      'unavailable',
      503,
    ],
    ['an empty pool', refusal('chat', []), 'unavailable', 503],
  ];
  for (const [name, found, kind, status] of cases) {
    test(name, () => expect([found?.kind, found?.status]).toEqual([kind, status] as never));
  }
});

test('callers hear nothing of tiers, keys and causes', () => {
  expect(refusal('planning', ['fast-local'])?.message).toBe(NO_TIER);
  expect(
    refusal('planning', ['cloud'], { settings: open, world: worldOf({ hasCredential: () => false }) })?.message,
  ).toBe(NO_TIER);
  expect(refusal('chat', ['fast-local'], { world: worldOf(down('fast-local')) })?.message).toBe(NO_TIER);
  expect(refusal('chat', ['fast-local'], { estimate: big })?.message).toBe(
    'request exceeds the context window of every available tier; send a smaller request',
  );
});

test('a prompt too large for every window comes with its size and the largest of them', () => {
  const settings = settingsOf({
    tiers: [tierOf('small', { contextLimit: 4_000 }), tierOf('wide', { contextLimit: 9_000 })],
  });
  const estimate = () => ({ floor: 10_000, best: 12_345 });
  expect(refusal('chat', ['small', 'wide'], { settings, estimate })?.tokens).toEqual({ prompt: 12_345, window: 9_000 });
  const pinned = plan(planInput(intentOf(['small'], { exact: true, source: 'pinned' }), { settings, estimate }));
  expect(pinned.refusal).toMatchObject({ kind: 'over-context', tokens: { prompt: 12_345, window: 4_000 } });
  expect(refusal('planning', ['fast-local'])).not.toHaveProperty('tokens');
});

test('a missing feature is named, as the fault of the request', () => {
  const plain = settingsOf({ tiers: [tierOf('plain', { toolSupport: false })] });
  expect(refusal('chat', ['plain'], { settings: plain, facts: factsOf('x', { needsTools: true }) })).toMatchObject({
    kind: 'unsupported',
    status: 400,
    message: 'no tier available for this request supports tools',
  });
  const blind = settingsOf({ tiers: [tierOf('blind', { input: ['text'] })] });
  expect(refusal('chat', ['blind'], { settings: blind, facts: factsOf('x', { modalities: ['image'] }) })?.message).toBe(
    'no tier available for this request supports image input',
  );
});

test('operators hear every reason and what to do', () => {
  expect(refusal('planning', ['heavy-local', 'cloud'])?.detail).toBe(
    'planning: heavy-local: denied for planning (seed, score 0.20); cloud: cloud tier not opened for planning; list planning in [router] metered_cloud to allow it — list the class in [router] metered_cloud, or measure a local tier until it is allowed',
  );
});

describe('waiting', () => {
  test('is not told of breakers: their next probe promises nothing', () => {
    const world = worldOf({ breaker: (id) => ({ state: 'open', retryAfterMs: id === 'fast-local' ? 9_001 : 4_000 }) });
    const found = refusal('chat', ['fast-local', 'heavy-local'], { world });
    expect(found?.kind).toBe('unavailable');
    expect(found).not.toHaveProperty('retryAfterSeconds');
  });
  test('is told when the day ends, and not for a session that stays over its cap', () => {
    const settings = settingsOf({ metered: ['chat'], budgets: { dayUsd: 1, sessionUsd: 1 } });
    const zero = { usd: 0, tokens: 0 };
    const two = { usd: 2, tokens: 0 };
    const day = refusal('chat', ['cloud'], {
      settings,
      world: worldOf({ spent: { session: zero, day: two, dayEndsInMs: 1_500 } }),
    });
    expect(day).toMatchObject({
      kind: 'budget-spent',
      status: 429,
      retryAfterSeconds: 2,
      message: 'the spending limit for this request, session or day is reached',
    });
    const session = refusal('chat', ['cloud'], {
      settings,
      world: worldOf({ spent: { session: two, day: zero, dayEndsInMs: 1_500 } }),
    });
    expect(session).toMatchObject({ kind: 'budget-spent', status: 429 });
    expect(session).not.toHaveProperty('retryAfterSeconds');
  });
});

describe('an exact name', () => {
  const exact = (fields: Partial<PlanInput> = {}, source: 'alias' | 'pinned' = 'alias') =>
    plan(
      planInput(intentOf(['cloud'], { exact: true, source }), {
        settings: settingsOf({ tiers: [FAST, HEAVY, CLOUD] }),
        ...fields,
      }),
    );

  test('leads to one candidate whose stream is untouched, whatever verdict and class', () => {
    expect(exact().candidates).toMatchObject([
      {
        tier: { id: 'cloud' },
        hold: 'none',
        checks: 'none',
        why: ['exact alias', 'never another tier, stream untouched'],
      },
    ]);
  });
  test('is refused with the tier and the reason when the tier cannot serve', () => {
    const found = exact({ world: worldOf({ breaker: () => ({ state: 'open', retryAfterMs: 2_000 }) }) });
    expect(found.refusal).toMatchObject({
      kind: 'pin-unavailable',
      status: 503,
      message:
        'tier cloud is failing and not tried until its next probe; a direct name is never served by another tier',
    });
    expect(found.exclusions).toMatchObject([{ tier: 'cloud', kind: 'breaker-open' }]);
    expect(exact({ world: worldOf({ hasCredential: () => false }) }).refusal).toMatchObject({
      kind: 'pin-unavailable',
      message: 'tier cloud has no key configured; a direct name is never served by another tier',
    });
    expect(exact({ world: worldOf(down('cloud')) }).refusal?.kind).toBe('pin-unavailable');
  });
  test('keeps the kind of a failure that the caller can act on', () => {
    expect(exact({ estimate: big }).refusal).toMatchObject({ kind: 'over-context', status: 413 });
    const world = worldOf({ spent: { session: { usd: 0, tokens: 0 }, day: { usd: 9, tokens: 0 }, dayEndsInMs: 1 } });
    expect(exact({ world, settings: settingsOf({ budgets: { dayUsd: 1 } }) }).refusal?.kind).toBe('budget-spent');
  });
  test('of a tier id does not open a cloud tier; an alias is the word of the operator', () => {
    expect(exact({}, 'pinned').refusal).toMatchObject({
      kind: 'metered',
      status: 503,
      message: 'tier cloud is not opened for this kind of request; a direct name is never served by another tier',
    });
    expect(exact({ settings: settingsOf({ metered: ['chat'] }) }, 'pinned').candidates).toHaveLength(1);
  });
  test('of a tier that vanished is refused', () => {
    expect(plan(planInput(intentOf(['gone'], { exact: true, source: 'alias' }))).refusal?.kind).toBe('pin-unavailable');
  });
});
