// From the words of a request to the tiers that may serve it, on the shape of v0.9's example with a cloud tier.
import { describe, expect, test } from 'bun:test';
import { classify } from '#core/classifier';
import { estimatePrompt } from '#core/estimate';
import { resolveIntent } from '#core/intent';
import type { Plan } from '#core/plan';
import { plan } from '#core/policy';
import { buildProfile, verdictFor } from '#core/profile';
import type { Settings } from '#core/settings';
import type { WorkClass } from '#core/work-class';
import { factsOf, HEAVY, settingsOf, worldOf } from '#tests/core/decide-fixtures';

const profile = buildProfile();

const decide = (model: string, text: string, settings: Settings, workClassHint?: WorkClass): Plan => {
  const facts = factsOf(text);
  const intent = resolveIntent({
    model,
    inferred: classify(facts),
    settings,
    verdictOf: (id, workClass) => verdictFor(profile, settings.tierById.get(id) ?? HEAVY, workClass).verdict,
    ...(workClassHint === undefined ? {} : { workClassHint }),
  });
  return plan({ facts, intent, settings, profile, estimate: () => estimatePrompt(facts), world: worldOf() });
};

/** Tier ids in order, or the kind of the refusal. */
const outcome = (found: Plan): string => found.refusal?.kind ?? found.candidates.map(({ tier }) => tier.id).join(' ');

const withCloud = settingsOf({ metered: ['planning'] });
const local = settingsOf({
  presets: {
    chat: ['fast-local', 'heavy-local'],
    'quick-edit': ['fast-local', 'heavy-local'],
    review: ['heavy-local'],
    planning: ['heavy-local'],
    'long-context': ['heavy-local'],
  },
});

describe('with planning opened for the cloud tier', () => {
  test.each([
    ['planning', 'hello', 'cloud'],
    ['chat', 'hello', 'fast-local'],
    ['quick-edit', 'fix it', 'fast-local heavy-local'],
    ['gpt-5', 'plan this', 'cloud'],
    ['gpt-5', 'hello there', 'fast-local'],
    ['gpt-5', 'review and fix this', 'heavy-local'],
    ['cloud', 'plan this', 'cloud'],
    ['cloud', 'hello', 'metered'],
    ['fast-local', 'fix it', 'fast-local'],
  ])('model %s asking %j leads to %s', (model, text, expected) => {
    expect(outcome(decide(model, text, withCloud))).toBe(expected);
  });

  test('a pin that is denied for what is asked goes to the gated pool, and says so', () => {
    const found = decide('fast-local', 'plan this', withCloud);
    expect(outcome(found)).toBe('cloud');
    expect(found.intent.note).toBe('pin fast-local denied for planning; routed via gated pool');
  });
});

describe('with local tiers only', () => {
  test.each(['chat', 'quick-edit', 'review', 'long-context'])(
    'preset %s is served, whatever the text asks for',
    (preset) => {
      for (const text of ['hello', 'plan this', 'refactor it across the codebase', 'review and fix this']) {
        expect(decide(preset, text, local).refusal).toBeUndefined();
      }
    },
  );
  test('planning is refused, and served unproven where that is chosen', () => {
    expect(outcome(decide('planning', 'hello', local))).toBe('denied');
    const found = decide('planning', 'hello', { ...local, whenUnproven: 'verify' });
    expect([outcome(found), found.unproven]).toEqual(['heavy-local', true]);
  });
  test('a declared class is gated as itself, not as the preset whose pool it uses', () => {
    expect(decide('chat', 'hello', local, 'multi-file-refactor').candidates).toMatchObject([
      { tier: { id: 'heavy-local' }, verdict: 'allow-with-verify', checks: 'full' },
    ]);
    expect(decide('chat', 'hello', local, 'review').candidates).toMatchObject([
      { tier: { id: 'heavy-local' }, verdict: 'allow' },
    ]);
  });
});

test('a vague request under an unknown model is served verified, the safer tier first', () => {
  const { candidates } = decide('gpt-5', 'hello there', local);
  expect(candidates.map(({ tier, checks, hold }) => `${tier.id} ${hold} ${checks}`)).toEqual([
    'heavy-local all full',
    'fast-local all full',
  ]);
});
