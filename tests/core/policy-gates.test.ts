// Why a tier may not serve: every barrier with its own kind and a reason that a person understands.
import { describe, expect, test } from 'bun:test';
import type { PromptEstimate } from '#core/estimate';
import type { Intent } from '#core/plan';
import { type PlanInput, plan } from '#core/policy';
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

const excluded = (intent: Intent, fields: Partial<PlanInput> = {}) =>
  plan(planInput(intent, fields)).exclusions.map(({ tier, kind, detail }) => `${tier} ${kind}: ${detail}`);

const sized =
  (floor: number, best = floor): (() => PromptEstimate) =>
  () => ({ floor, best });

describe('a barrier', () => {
  test('stands in front of repeats and unknown tiers', () => {
    expect(excluded(intentOf(['fast-local', 'fast-local', 'gone']))).toEqual([
      'fast-local duplicate: listed twice; the first place counts',
      'gone unknown-tier: no [[router.tiers]] entry has this id',
    ]);
  });
  test('stands in front of a window that the prompt surely exceeds', () => {
    expect(excluded(intentOf(['fast-local', 'heavy-local']), { estimate: sized(32_769) })).toEqual([
      'fast-local over-context: the prompt is at least 32769 tokens, the window is 32768',
    ]);
  });
  test('does not stand in front of a window that it only probably exceeds', () => {
    expect(excluded(intentOf(['fast-local']), { estimate: sized(32_768, 90_000) })).toEqual([]);
  });
  test('stands in front of tiers without tools or without a declared modality', () => {
    const settings = settingsOf({
      tiers: [
        tierOf('plain', { toolSupport: false }),
        tierOf('blind', { input: ['text'] }),
        tierOf('seeing', { input: ['text', 'image'] }),
        tierOf('silent'),
      ],
    });
    const facts = factsOf('look', { needsTools: true, modalities: ['image'], imageCount: 1 });
    const intent = intentOf(['plain', 'blind', 'seeing', 'silent']);
    expect(excluded(intent, { settings, facts })).toEqual([
      'plain no-tools: the request uses tools, the tier has tool_support = false',
      'blind no-modality: the request carries image, the tier declares input = [text]',
    ]);
  });
  test('stands in front of cloud tiers of classes that were not opened', () => {
    expect(excluded(intentOf(['cloud']))).toEqual([
      'cloud metered: cloud tier not opened for chat; list chat in [router] metered_cloud to allow it',
    ]);
    expect(excluded(intentOf(['cloud']), { settings: settingsOf({ metered: ['chat'] }) })).toEqual([]);
  });
  test('stands in front of every cloud tier of a custom preset', () => {
    const { workClass: _none, gateClass: _neither, ...custom } = intentOf(['cloud', 'fast-local']);
    const input = { settings: settingsOf({ metered: ['chat', 'planning'] }) };
    expect(plan(planInput(custom, input)).candidates.map(({ tier }) => tier.id)).toEqual(['fast-local']);
    expect(excluded(custom, input)[0]).toStartWith('cloud metered: cloud tier not opened for a preset without a class');
  });
  test('stands in front of denied tiers and says where the verdict comes from', () => {
    expect(
      excluded(intentOf(['fast-local', 'other'], { workClass: 'planning' }), {
        settings: settingsOf({ tiers: [FAST, tierOf('other')] }),
      }),
    ).toEqual([
      'fast-local denied: denied for planning (seed, score 0.20)',
      'other denied: denied for planning (default, score 0.50)',
    ]);
  });
  test('stands in front of a cloud tier without its key, and not of a local one', () => {
    expect(
      excluded(intentOf(['fast-local', 'cloud']), {
        settings: settingsOf({ metered: ['chat'] }),
        world: worldOf({ hasCredential: () => false }),
      }),
    ).toEqual(['cloud uncredentialed: no key: set the environment variable KEY_CLOUD']);
  });
  test('stands in front of metered tiers when a cap is spent or would be passed', () => {
    const settings = settingsOf({ metered: ['chat'], budgets: { dayUsd: 1 } });
    const spent = { session: { usd: 0, tokens: 0 }, day: { usd: 0.95, tokens: 0 }, dayEndsInMs: 5_000 };
    const estimate = sized(10_000);
    expect(excluded(intentOf(['fast-local', 'cloud']), { settings, world: worldOf({ spent }), estimate })).toEqual([
      'cloud budget: day cap 1.00 USD, 0.95 spent',
    ]);
    expect(excluded(intentOf(['fast-local', 'cloud']), { settings, estimate })).toEqual([]);
  });
  test('stands in front of tiers that cannot be reached or whose breaker is open', () => {
    const world = worldOf({
      unavailable: (id) => (id === 'fast-local' ? { reason: 'connection refused', retryAfterMs: 500 } : undefined),
      breaker: (id) =>
        id === 'heavy-local' ? { state: 'open', retryAfterMs: 4_100 } : { state: 'half-open', retryAfterMs: 0 },
    });
    expect(
      excluded(intentOf(['fast-local', 'heavy-local', 'cloud']), {
        world,
        settings: settingsOf({ metered: ['chat'] }),
      }),
    ).toEqual([
      'fast-local unavailable: connection refused',
      'heavy-local breaker-open: breaker open, next probe in 5 s',
    ]);
  });
});

test('each tier is excluded once, by the first of its barriers', () => {
  const tier = tierOf('cloud', { privacy: 'cloud', toolSupport: false, input: ['text'], contextLimit: 10 });
  const kinds = (fields: Partial<PlanInput>, changed: Partial<typeof tier>) =>
    plan(
      planInput(intentOf(['cloud']), {
        ...fields,
        settings: settingsOf({
          tiers: [{ ...tier, ...changed }],
          ...(fields.settings ?? {}),
          presets: {},
          aliases: {},
        }),
      }),
    ).exclusions.map(({ kind }) => kind);
  const facts = factsOf('look', { needsTools: true, modalities: ['image'] });
  const world = worldOf({ hasCredential: () => false, unavailable: () => ({ reason: 'down', retryAfterMs: 500 }) });
  const rest = { facts, world, estimate: sized(100) };
  expect(kinds(rest, {})).toEqual(['over-context']);
  expect(kinds(rest, { contextLimit: 1_000 })).toEqual(['no-tools']);
  expect(kinds(rest, { contextLimit: 1_000, toolSupport: true })).toEqual(['no-modality']);
  expect(kinds(rest, { contextLimit: 1_000, toolSupport: true, input: ['image'] })).toEqual(['metered']);
});

describe('a stricter class that only the words ask for', () => {
  const words = (pool: readonly string[]) => intentOf(pool, { workClass: 'bounded-edit', gateClass: 'planning' });
  const opened = settingsOf({ metered: ['bounded-edit'] });

  test('keeps denied tiers out while another is left', () => {
    const found = plan(planInput(words(['fast-local', 'heavy-local', 'cloud']), { settings: opened }));
    expect(found.candidates.map(({ tier }) => tier.id)).toEqual(['cloud']);
    expect(found.exclusions.map(({ tier, detail }) => `${tier}: ${detail}`)).toEqual([
      'fast-local: denied for planning (seed, score 0.20), which the text asks for',
      'heavy-local: denied for planning (seed, score 0.20), which the text asks for',
    ]);
  });
  test('never empties the plan: the declared class is served, verified', () => {
    const found = plan(planInput(words(['fast-local'])));
    expect(found.candidates).toMatchObject([{ verdict: 'allow-with-verify', hold: 'all', checks: 'full' }]);
    expect(found.candidates[0]?.why).toContain(
      'served as allow-with-verify: the text asks for stricter work than declared',
    );
    expect(found.refusal).toBeUndefined();
  });
  test('never opens a cloud tier: money follows the declared class', () => {
    const found = plan(planInput(words(['fast-local', 'cloud']), { settings: settingsOf({ metered: ['planning'] }) }));
    expect(found.candidates.map(({ tier }) => tier.id)).toEqual(['fast-local']);
  });
  test('can demand verification of an allowed tier', () => {
    const intent = intentOf(['heavy-local'], { workClass: 'review', gateClass: 'multi-file-refactor' });
    expect(plan(planInput(intent)).candidates).toMatchObject([{ verdict: 'allow-with-verify', checks: 'full' }]);
  });
});

test('breakers are asked for the class of the request', () => {
  const asked: string[] = [];
  const world = worldOf({
    breaker: (id, workClass) => {
      asked.push(`${id} ${workClass}`);
      return undefined;
    },
  });
  plan(planInput(intentOf(['heavy-local'], { workClass: 'review' }), { world }));
  plan(planInput(intentOf(['heavy-local'], { exact: true, source: 'alias' }), { world }));
  expect(asked).toEqual(['heavy-local review', 'heavy-local undefined']);
});

test('the estimate of the first candidate is the one reported', () => {
  const estimate: PlanInput['estimate'] = (tier) => ({ floor: 1, best: tier.id === HEAVY.id ? 2 : 3 });
  expect(plan(planInput(intentOf(['heavy-local', 'fast-local']), { estimate })).promptTokens).toEqual({
    floor: 1,
    best: 2,
  });
  expect(plan(planInput(intentOf([CLOUD.id]), { estimate })).promptTokens).toEqual({ floor: 1, best: 3 });
});
