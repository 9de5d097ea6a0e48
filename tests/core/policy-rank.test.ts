// In what order the tiers that may serve are tried, and which facts may change the configured order.
import { describe, expect, test } from 'bun:test';
import type { Intent } from '#core/plan';
import { type PlanInput, plan } from '#core/policy';
import type { World } from '#core/readiness';
import type { TierResidency } from '#core/residency';
import { CLOUD, FAST, HEAVY, intentOf, planInput, settingsOf, tierOf, worldOf } from '#tests/core/decide-fixtures';

const order = (intent: Intent, fields: Partial<PlanInput> = {}) =>
  plan(planInput(intent, fields)).candidates.map(({ tier }) => tier.id);
const why = (intent: Intent, fields: Partial<PlanInput> = {}) => plan(planInput(intent, fields)).candidates[0]?.why;

const ALL = ['fast-local', 'heavy-local', 'cloud'];
const open = settingsOf({ metered: ['chat', 'bounded-edit', 'review'] });

test('without a reason to differ the configured order stands, whatever the scores', () => {
  expect(order(intentOf(ALL), { settings: open })).toEqual(ALL);
  expect(order(intentOf(['heavy-local', 'fast-local']))).toEqual(['heavy-local', 'fast-local']);
  expect(order(intentOf(['cloud', 'fast-local']), { settings: open })).toEqual(['cloud', 'fast-local']);
  expect(why(intentOf(ALL))).toEqual(['verdict allow (seed, score 0.65)', 'cost order 1, free']);
});

describe('fit', () => {
  const estimate =
    (best: number): PlanInput['estimate'] =>
    () => ({ floor: 1_000, best });
  test('puts a window without room for an answer behind a free one that has it, and before any that costs', () => {
    const found = plan(planInput(intentOf(ALL), { settings: open, estimate: estimate(30_000) }));
    expect(found.candidates.map(({ tier }) => tier.id)).toEqual(['heavy-local', 'fast-local', 'cloud']);
    expect(found.candidates[1]?.why).toContain('tight: about 30000 of 32768 tokens, little room for an answer');
  });
  test('puts a window that is probably too small behind all others', () => {
    expect(order(intentOf(ALL), { settings: open, estimate: estimate(40_000) })).toEqual([
      'heavy-local',
      'cloud',
      'fast-local',
    ]);
  });
  test('says why a window is probably too small', () => {
    const found = plan(planInput(intentOf(['fast-local', 'heavy-local']), { estimate: estimate(40_000) }));
    expect(found.candidates.map(({ tier }) => tier.id)).toEqual(['heavy-local', 'fast-local']);
    expect(found.candidates[1]?.why).toContain('doubtful: about 40000 tokens, the window is 32768');
  });
  test('is judged per tier by its own estimate', () => {
    const learned: PlanInput['estimate'] = (tier) => ({ floor: 1, best: tier.id === 'heavy-local' ? 999_999 : 10 });
    expect(order(intentOf(['heavy-local', 'fast-local']), { estimate: learned })).toEqual([
      'fast-local',
      'heavy-local',
    ]);
  });
});

describe('ambiguity', () => {
  const unsure = (pool: readonly string[], fields: Partial<Intent> = {}) =>
    intentOf(pool, { source: 'inferred', ambiguous: true, ...fields });
  test('prefers the better verdict, then the better score, among free tiers', () => {
    expect(order(unsure(['fast-local', 'heavy-local'], { workClass: 'review' }))).toEqual([
      'heavy-local',
      'fast-local',
    ]);
    expect(order(unsure(['fast-local', 'heavy-local']))).toEqual(['heavy-local', 'fast-local']);
  });
  test('never moves a metered tier in front of a free one', () => {
    expect(order(unsure(ALL), { settings: open })).toEqual(['heavy-local', 'fast-local', 'cloud']);
  });
  test('makes local tiers be served verified', () => {
    expect(plan(planInput(unsure(['fast-local']))).candidates).toMatchObject([
      { verdict: 'allow-with-verify', verdictFrom: 'seed', hold: 'all', checks: 'full' },
    ]);
  });
  test('serves an unknown model with plain words where v0.9 refused', () => {
    const found = plan(planInput(unsure(['fast-local', 'cloud']), { settings: settingsOf({ metered: ['planning'] }) }));
    expect(found.candidates.map(({ tier }) => tier.id)).toEqual(['fast-local']);
  });
});

describe('affinity', () => {
  test('lets the tier that holds the prefix go first among equally allowed free tiers', () => {
    const world = worldOf({ affinity: 'heavy-local' });
    expect(order(intentOf(ALL), { settings: open, world })).toEqual(['heavy-local', 'fast-local', 'cloud']);
    expect(why(intentOf(ALL), { settings: open, world })).toContain('holds the prefix of this session');
  });
  test('gives way to a better verdict', () => {
    expect(
      order(intentOf(['heavy-local', 'fast-local'], { workClass: 'review' }), {
        world: worldOf({ affinity: 'fast-local' }),
      }),
    ).toEqual(['heavy-local', 'fast-local']);
  });
  test('never favours a metered tier', () => {
    expect(order(intentOf(ALL), { settings: open, world: worldOf({ affinity: 'cloud' }) })).toEqual(ALL);
    const dear = tierOf('dear', { privacy: 'cloud', prices: { input: 30, output: 150 } });
    const settings = settingsOf({ tiers: [CLOUD, dear], metered: ['chat'] });
    expect(order(intentOf(['cloud', 'dear']), { settings, world: worldOf({ affinity: 'dear' }) })).toEqual([
      'cloud',
      'dear',
    ]);
  });
  test('outweighs score when the intent is ambiguous and the verdicts are equal', () => {
    expect(
      order(intentOf(['fast-local', 'heavy-local'], { ambiguous: true }), {
        world: worldOf({ affinity: 'fast-local' }),
      }),
    ).toEqual(['fast-local', 'heavy-local']);
  });
});

describe('load', () => {
  const busy = settingsOf({ tiers: [{ ...FAST, maxConcurrency: 2 }, HEAVY, CLOUD], metered: ['chat'] });
  const loaded = (inFlight: number) =>
    worldOf({ loadOf: (id) => (id === 'fast-local' ? { inFlight, queued: 3 } : { inFlight: 99, queued: 99 }) });
  test('puts a tier without a free slot behind a free tier that has one', () => {
    expect(order(intentOf(ALL), { settings: busy, world: loaded(2) })).toEqual(['heavy-local', 'fast-local', 'cloud']);
    expect(order(intentOf(ALL), { settings: busy, world: loaded(1) })).toEqual(ALL);
  });
  test('never makes a request pay instead of waiting', () => {
    expect(order(intentOf(['fast-local', 'cloud']), { settings: busy, world: loaded(2) })).toEqual([
      'fast-local',
      'cloud',
    ]);
  });
});

describe('waiting for a model', () => {
  const one = tierOf('one', { swapGroup: 'gpu0' });
  const two = tierOf('two', { swapGroup: 'gpu0' });
  const free = tierOf('free');
  const settings = settingsOf({ tiers: [one, two, free, FAST, HEAVY, CLOUD], metered: ['chat'] });
  const READY = { state: 'ready', readyInMs: 0, needs: 'nothing', inFlight: 0, queued: 0 } as const;
  const away = (readyInMs: number) => ({ ...READY, state: 'empty', readyInMs, needs: 'swap' }) as const;
  const loaded = (byTier: Readonly<Record<string, TierResidency>>, pace?: World['pace']) =>
    worldOf({ residency: ({ id }) => byTier[id], ...(pace ? { pace } : {}) });
  const asChat = (pool: readonly string[]) => intentOf(pool);

  test('lets the loaded tier go first, and says what both would have taken', () => {
    const world = loaded({ one: away(40_000), two: READY });
    expect(order(asChat(['one', 'two']), { settings, world })).toEqual(['two', 'one']);
    const [first, second] = plan(planInput(asChat(['one', 'two']), { settings, world })).candidates;
    expect(first?.why.at(-1)).toBe('about 27.0 s to an answer that passes: ready now, 13.5 s to answer, passes 0.50');
    expect(second?.why.at(-1)).toBe(
      'about 107.0 s to an answer that passes: swapped in within 40.0 s, 13.5 s to answer, passes 0.50',
    );
  });
  test('counts for tiers that share no GPU as well', () => {
    const world = loaded({ one: away(40_000) });
    expect(order(asChat(['one', 'free']), { settings, world })).toEqual(['free', 'one']);
  });
  test('keeps the configured order where the wait is short', () => {
    const world = loaded({ one: away(1_000), two: READY });
    expect(order(asChat(['one', 'two']), { settings, world })).toEqual(['one', 'two']);
  });
  test('keeps the configured order while all are ready, whatever their speed', () => {
    const world = loaded({ one: READY, two: READY }, ({ id }) => ({ tokensPerSecond: id === 'one' ? 5 : 500 }));
    expect(order(asChat(['one', 'two']), { settings, world })).toEqual(['one', 'two']);
  });
  test('asks the tier first that is done sooner although it must be loaded, when the loaded one is slow', () => {
    const bad = tierOf('bad', { swapGroup: 'gpu0' });
    const rated = settingsOf({ tiers: [bad, HEAVY] });
    const slow: World['pace'] = ({ id }) => (id === 'bad' ? { tokensPerSecond: 4 } : { tokensPerSecond: 100 });
    const world = loaded({ bad: READY, 'heavy-local': away(10_000) }, slow);
    expect(order(asChat(['bad', 'heavy-local']), { settings: rated, world })).toEqual(['heavy-local', 'bad']);
  });
  test('weighs three of one standing by what each takes, not by whether it is loaded', () => {
    const pace: World['pace'] = ({ id }) => ({ tokensPerSecond: id === 'free' ? 2 : 100 });
    const world = loaded({ one: away(60_000), two: away(5_000) }, pace);
    expect(order(asChat(['one', 'free', 'two']), { settings, world })).toEqual(['two', 'one', 'free']);
  });
  test('never moves a metered tier in front of a free one, even inside one group', () => {
    const paid = tierOf('paid', { swapGroup: 'gpu0', prices: { input: 1 } });
    const mixed = settingsOf({ tiers: [one, paid] });
    const world = loaded({ one: away(300_000), paid: READY });
    expect(order(asChat(['one', 'paid']), { settings: mixed, world })).toEqual(['one', 'paid']);
    expect(order(asChat(['one', 'cloud']), { settings, world })).toEqual(['one', 'cloud']);
  });
  test('takes a tier that needs its answers checked now over an allowed one after a long load', () => {
    const intent = intentOf(['heavy-local', 'fast-local'], { workClass: 'review' });
    const world = loaded({ 'heavy-local': away(60_000), 'fast-local': READY });
    expect(order(intent, { settings, world })).toEqual(['fast-local', 'heavy-local']);
    expect(order({ ...intent, ambiguous: true }, { settings, world })).toEqual(['heavy-local', 'fast-local']);
  });
  test('changes nothing while it is unknown', () => {
    expect(order(asChat(['one', 'two']), { settings })).toEqual(['one', 'two']);
  });
});

test('among metered tiers of one price the better score goes first', () => {
  const prices = { input: 1, output: 2 };
  const plain = tierOf('plain', { privacy: 'cloud', prices });
  const good = { ...CLOUD, prices };
  const settings = settingsOf({ tiers: [plain, good], metered: ['chat'] });
  expect(order(intentOf(['plain', 'cloud']), { settings })).toEqual(['cloud', 'plain']);
  const dearer = settingsOf({ tiers: [plain, CLOUD], metered: ['chat'] });
  expect(order(intentOf(['plain', 'cloud']), { settings: dearer })).toEqual(['plain', 'cloud']);
});

describe('a first byte asked for in time', () => {
  const measured: Readonly<Record<string, number>> = { 'fast-local': 9_000, cloud: 100 };
  const world = worldOf({ firstByte: { maxMs: 2_000, measuredMs: ({ id }) => measured[id] } });
  test('puts a tier that was slow behind one that was not, or that nobody timed', () => {
    const found = plan(planInput(intentOf(['fast-local', 'heavy-local']), { world }));
    expect(found.candidates.map(({ tier }) => tier.id)).toEqual(['heavy-local', 'fast-local']);
    expect(found.candidates[1]?.why).toContain('slow: its answers began after about 9.0 s, 2.0 s are asked for');
  });
  test('never puts a metered tier in front of a free one', () => {
    expect(order(intentOf(['fast-local', 'cloud']), { settings: open, world })).toEqual(['fast-local', 'cloud']);
  });
  test('weighs more than the prefix of the session', () => {
    const holding = worldOf({ ...world, affinity: 'fast-local' });
    expect(order(intentOf(['fast-local', 'heavy-local']), { world: holding })).toEqual(['heavy-local', 'fast-local']);
  });
});
