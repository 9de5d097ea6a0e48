// What holds for every plan, whatever the tiers, the request and the state of the world.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { expectationOf, isSoonEnough, timeToPass } from '#core/expected-time';
import type { RequestFacts } from '#core/message';
import type { Candidate, Intent, Plan } from '#core/plan';
import { type PlanInput, plan } from '#core/policy';
import { buildProfile, verdictFor } from '#core/profile';
import type { World } from '#core/readiness';
import type { Tier } from '#core/tier';
import { WORK_CLASSES, type WorkClass } from '#core/work-class';
import { factsOf, inferredAs, planInput, SILENT, settingsOf, tierOf, worldOf } from '#tests/core/decide-fixtures';

const IDS = ['fast-local', 'heavy-local', 'cloud', 'a', 'b', 'c'] as const;
const profile = buildProfile();

const anyTier = (id: string): fc.Arbitrary<Tier> =>
  fc
    .record({
      privacy: fc.constantFrom('local' as const, 'cloud' as const),
      contextLimit: fc.integer({ min: 1_000, max: 100_000 }),
      toolSupport: fc.boolean(),
      price: fc.constantFrom(undefined, 0, 3),
      swapGroup: fc.constantFrom(undefined, 'gpu0', 'gpu1'),
      maxConcurrency: fc.constantFrom(undefined, 1, 2),
      seesImages: fc.constantFrom(undefined, true, false),
    })
    .map(({ price, swapGroup, maxConcurrency, seesImages, ...rest }) =>
      tierOf(id, {
        ...rest,
        ...(price === undefined ? {} : { prices: { input: price, output: price } }),
        ...(swapGroup === undefined ? {} : { swapGroup }),
        ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
        ...(seesImages === undefined
          ? {}
          : { input: seesImages ? ['text' as const, 'image' as const] : ['text' as const] }),
      }),
    );

const anyTiers = fc.tuple(...IDS.map(anyTier));

/** One state per tier id, drawn from a small set by the id's place. */
const anyWorld: fc.Arbitrary<World> = fc
  .record({
    keys: fc.array(fc.boolean(), { minLength: IDS.length, maxLength: IDS.length }),
    states: fc.array(fc.constantFrom('up' as const, 'down' as const, 'open' as const, 'half-open' as const), {
      minLength: IDS.length,
      maxLength: IDS.length,
    }),
    inFlight: fc.array(fc.nat(3), { minLength: IDS.length, maxLength: IDS.length }),
    waits: fc.array(fc.constantFrom(undefined, 0, 500, 20_000, 300_000), {
      minLength: IDS.length,
      maxLength: IDS.length,
    }),
    affinity: fc.constantFrom(undefined, ...IDS),
    spentUsd: fc.constantFrom(0, 0.5, 2),
  })
  .map(({ keys, states, inFlight, waits, affinity, spentUsd }) => {
    const at = <T>(list: readonly T[], id: string): T | undefined => list[IDS.indexOf(id as (typeof IDS)[number])];
    return worldOf({
      hasCredential: (id) => at(keys, id) === true,
      unavailable: (id) => (at(states, id) === 'down' ? { reason: 'down', retryAfterMs: 500 } : undefined),
      breaker: (id) => {
        const state = at(states, id);
        return state === 'open' || state === 'half-open' ? { state, retryAfterMs: 1_000 } : undefined;
      },
      loadOf: (id) => ({ inFlight: at(inFlight, id) ?? 0, queued: 0 }),
      residency: ({ id }) => {
        const readyInMs = at(waits, id);
        return readyInMs === undefined
          ? undefined
          : { state: 'empty', readyInMs, needs: readyInMs === 0 ? 'nothing' : 'swap', inFlight: 0, queued: 0 };
      },
      spent: { session: { usd: 0, tokens: 0 }, day: { usd: spentUsd, tokens: 0 }, dayEndsInMs: 60_000 },
      ...(affinity === undefined ? {} : { affinity }),
    });
  });

const anyFacts: fc.Arbitrary<RequestFacts> = fc
  .record({ needsTools: fc.boolean(), image: fc.boolean(), chars: fc.constantFrom(10, 20_000, 200_000, 2_000_000) })
  .map(({ needsTools, image, chars }) =>
    factsOf('hello', {
      needsTools,
      modalities: image ? ['image'] : [],
      imageCount: image ? 1 : 0,
      chars: { system: 0, messages: chars, tools: 0 },
    }),
  );

const anyIntent: fc.Arbitrary<Intent> = fc
  .record({
    pool: fc.array(fc.constantFrom(...IDS, 'gone'), { maxLength: 7 }),
    workClass: fc.constantFrom<WorkClass | undefined>(...WORK_CLASSES, undefined),
    text: fc.constantFrom(...WORK_CLASSES),
    ambiguous: fc.boolean(),
  })
  .map(({ pool, workClass, text, ambiguous }) => ({
    source: 'declared',
    pool,
    exact: false,
    ambiguous,
    inferred: ambiguous ? SILENT : inferredAs(text),
    ...(workClass === undefined ? {} : { workClass, gateClass: ambiguous ? workClass : text }),
  }));

const anyInput: fc.Arbitrary<PlanInput> = fc
  .record({
    tiers: anyTiers,
    world: anyWorld,
    facts: anyFacts,
    intent: anyIntent,
    metered: fc.subarray([...WORK_CLASSES]),
    whenUnproven: fc.constantFrom('refuse' as const, 'verify' as const),
  })
  .map(({ tiers, world, facts, intent, metered, whenUnproven }) =>
    planInput(intent, { world, facts, settings: settingsOf({ tiers, metered, whenUnproven, budgets: { dayUsd: 1 } }) }),
  );

const RUNS = { numRuns: 500 };
const holds = (check: (input: PlanInput, found: Plan) => void): void =>
  fc.assert(
    fc.property(anyInput, (input) => check(input, plan(input))),
    RUNS,
  );

const ids = ({ candidates }: Plan): string[] => candidates.map(({ tier }) => tier.id);
const isFree = (tier: Tier): boolean => tier.privacy === 'local' && !((tier.prices.input ?? 0) > 0);

describe('every plan', () => {
  test('has either candidates or a refusal', () => {
    holds((_input, found) => expect(found.candidates.length > 0).toBe(found.refusal === undefined));
  });
  test('accounts for every tier of the pool exactly once, repeats as repeats', () => {
    holds(({ intent }, found) => {
      const told = [...ids(found), ...found.exclusions.map(({ tier }) => tier)];
      expect(told.sort()).toEqual([...intent.pool].sort());
    });
  });
  test('is the same for the same input', () => {
    holds((input, found) => expect(plan(input)).toEqual(found));
  });
  test('contains no denied tier unless it says that it is unproven', () => {
    holds(({ intent }, found) => {
      const denied = found.candidates.filter(
        ({ tier }) => verdictFor(profile, tier, intent.workClass).verdict === 'deny',
      );
      expect(denied.length > 0).toBe(found.unproven);
      for (const { tier, hold, checks } of denied)
        expect([tier.privacy, hold, checks]).toEqual(['local', 'all', 'full']);
    });
  });
  test('contacts a cloud tier only for a class that was opened, and no metered tier once a cap is spent', () => {
    holds(({ intent, settings, world }, found) => {
      for (const { tier } of found.candidates) {
        if (tier.privacy === 'cloud') expect(settings.meteredClasses.has(intent.workClass as WorkClass)).toBeTrue();
        if (!isFree(tier)) expect(world.spent.day.usd).toBeLessThanOrEqual(1);
      }
    });
  });
  test('refuses a window only when the floor exceeds it', () => {
    holds(({ settings, estimate }, found) => {
      for (const { tier: id, kind } of found.exclusions) {
        const tier = settings.tierById.get(id);
        if (tier !== undefined && kind === 'over-context')
          expect(estimate(tier).floor).toBeGreaterThan(tier.contextLimit);
      }
      for (const { tier } of found.candidates) expect(estimate(tier).floor).toBeLessThanOrEqual(tier.contextLimit);
    });
  });
  test('contains no tier that is down, without its key, or behind an open breaker', () => {
    holds(({ world }, found) => {
      for (const { tier } of found.candidates) {
        expect(world.unavailable(tier.id)).toBeUndefined();
        expect(world.breaker(tier.id, undefined)?.state).not.toBe('open');
        if (tier.privacy === 'cloud') expect(world.hasCredential(tier.id)).toBeTrue();
      }
    });
  });
  test('never shows the caller a tier id', () => {
    holds((_input, found) => {
      for (const id of ['fast-local', 'heavy-local']) expect(found.refusal?.message ?? '').not.toContain(id);
    });
  });
});

describe('changing one thing', () => {
  /** Both plans of one input, the second with a changed intent or world. */
  const compares = (
    change: (input: PlanInput) => PlanInput,
    check: (before: Plan, after: Plan, input: PlanInput) => void,
  ): void => holds((input, found) => check(found, plan(change(input)), input));

  const calm = (input: PlanInput): PlanInput => {
    const { affinity: _none, ...world } = input.world;
    return { ...input, world: { ...world, residency: () => undefined, loadOf: () => ({ inFlight: 0, queued: 0 }) } };
  };

  test('ambiguity neither adds nor removes a tier, and never loosens a check', () => {
    const strictness = { none: 0, minimal: 1, full: 2 };
    compares(
      (input) => ({ ...input, intent: { ...input.intent, ambiguous: true } }),
      (before, after) => {
        expect(ids(after).sort()).toEqual(ids(before).sort());
        for (const candidate of before.candidates) {
          const same = after.candidates.find(({ tier }) => tier.id === candidate.tier.id);
          expect(strictness[same?.checks ?? 'none']).toBeGreaterThanOrEqual(strictness[candidate.checks]);
        }
      },
    );
  });
  test('ambiguity, residency, affinity and load keep the order of free and metered tiers', () => {
    const kinds = ({ candidates }: Plan): boolean[] => candidates.map(({ tier }) => isFree(tier));
    compares(
      (input) => calm({ ...input, intent: { ...input.intent, ambiguous: false } }),
      (before, after) => expect(kinds(before)).toEqual(kinds(after)),
    );
  });
  test('waiting for models neither adds nor removes a tier, and changes nothing while none is waited for', () => {
    compares(
      (input) => ({ ...input, world: { ...input.world, residency: () => undefined } }),
      (before, after, { world, settings }) => {
        expect(ids(before).sort()).toEqual(ids(after).sort());
        const waited = settings.tiers.some((tier) => (world.residency(tier)?.readyInMs ?? 0) > 0);
        if (!waited) expect(ids(before)).toEqual(ids(after));
      },
    );
  });
  test('whoever goes first for the sake of time is clearly done sooner than who would have gone first', () => {
    compares(
      (input) => ({ ...input, world: { ...input.world, residency: () => undefined } }),
      (after, before, { world, intent }) => {
        const time = ({ tier, score }: Candidate): number =>
          timeToPass(expectationOf(tier, score, intent.gateClass ?? intent.workClass, world));
        const [first] = after.candidates;
        const [expected] = before.candidates;
        if (!first || !expected || first.tier.id === expected.tier.id) return;
        expect(isSoonEnough(time(expected), time(first))).toBe(false);
      },
    );
  });
});
