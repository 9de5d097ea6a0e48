// How the model string becomes an intent: the ladder, its shadows, and what ambiguity may not do.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type IntentInput, resolveIntent } from '#core/intent';
import { normaliseModel } from '#core/model-names';
import { WORK_CLASSES } from '#core/work-class';
import { inferredAs, SILENT, settingsOf, tierOf } from '#tests/core/decide-fixtures';

const resolve = (model: string, fields: Partial<IntentInput> = {}) =>
  resolveIntent({ model, inferred: SILENT, settings: settingsOf(), verdictOf: () => 'allow', ...fields });

test.each([
  [' ANVIL/Planning ', 'planning'],
  ['anvil:chat', 'chat'],
  ['anvil/ review', 'review'],
  ['anvil/anvil/chat', 'anvil/chat'],
  ['openai/planning', 'openai/planning'],
  ['', ''],
])('the model %j is read as %j', (model, token) => expect(normaliseModel(model)).toBe(token));

describe('a preset', () => {
  test('is found in any spelling and keeps the spelling of the configuration', () => {
    const settings = settingsOf({ presets: { 'Quick-Edit': ['fast-local'] } });
    expect(resolve('ANVIL/quick-EDIT', { settings })).toEqual({
      source: 'declared',
      preset: 'Quick-Edit',
      workClass: 'bounded-edit',
      gateClass: 'bounded-edit',
      pool: ['fast-local'],
      exact: false,
      ambiguous: false,
      inferred: SILENT,
    });
  });
  test('shadows an alias and a tier of the same name', () => {
    const tier = tierOf('chat');
    const settings = settingsOf({
      tiers: [tier, tierOf('fast')],
      presets: { chat: ['fast'] },
      aliases: { chat: 'fast' },
    });
    expect(resolve('chat', { settings })).toMatchObject({ source: 'declared', pool: ['fast'], exact: false });
  });
  test('of its own name has no class, hence no gate', () => {
    const found = resolve('mine', { settings: settingsOf({ presets: { mine: ['fast-local'] } }) });
    expect(found).not.toHaveProperty('workClass');
    expect(found).not.toHaveProperty('gateClass');
  });
  test('is gated as the stricter class when the words are certain to ask for it', () => {
    expect(resolve('quick-edit', { inferred: inferredAs('planning') })).toMatchObject({
      workClass: 'bounded-edit',
      gateClass: 'planning',
    });
  });
  test.each([
    ['laxer words', inferredAs('chat')],
    ['uncertain words', inferredAs('planning', { confident: false })],
    ['the form of the request', inferredAs('planning', { basis: 'shape' })],
  ])('is not loosened or tightened by %s', (_name, inferred) => {
    expect(resolve('review', { inferred })).toMatchObject({
      workClass: 'review',
      gateClass: 'review',
      ambiguous: false,
    });
  });
});

describe('an exact name', () => {
  test('of an alias leads to one tier, whatever its verdict', () => {
    const settings = settingsOf({ aliases: { opus: 'cloud' } });
    expect(resolve('anvil/Opus', { settings, verdictOf: () => 'deny' })).toMatchObject({
      source: 'alias',
      pool: ['cloud'],
      exact: true,
      ambiguous: false,
    });
  });
  test('of an alias shadows a tier', () => {
    const settings = settingsOf({ aliases: { 'fast-local': 'heavy-local' } });
    expect(resolve('fast-local', { settings })).toMatchObject({ source: 'alias', pool: ['heavy-local'] });
  });
  test('of a tier pins it, in any case', () => {
    const settings = settingsOf({ tiers: [tierOf('Fast')], presets: {} });
    expect(resolve('fast', { settings })).toMatchObject({ source: 'pinned', pool: ['Fast'], exact: true });
  });
  test('of a denied tier is routed via the gated pool of the class, and says so', () => {
    const asked: string[] = [];
    const found = resolve('fast-local', {
      inferred: inferredAs('planning'),
      verdictOf: (tier, workClass) => {
        asked.push(`${tier} ${workClass}`);
        return 'deny';
      },
    });
    expect(asked).toEqual(['fast-local planning']);
    expect(found).toMatchObject({
      source: 'pinned',
      pool: ['cloud'],
      exact: false,
      note: 'pin fast-local denied for planning; routed via gated pool',
    });
  });
});

describe('an unknown or missing model', () => {
  test.each(['', 'gpt-5', 'openai/planning'])('%j is inferred from the request', (model) => {
    expect(resolve(model, { inferred: inferredAs('bounded-edit') })).toMatchObject({
      source: 'inferred',
      preset: 'quick-edit',
      workClass: 'bounded-edit',
      gateClass: 'bounded-edit',
      pool: ['fast-local', 'heavy-local', 'cloud'],
      ambiguous: false,
    });
  });
  test('uses the pool of review for refactoring, yet is gated as refactoring', () => {
    expect(resolve('', { inferred: inferredAs('multi-file-refactor') })).toMatchObject({
      preset: 'review',
      workClass: 'multi-file-refactor',
      gateClass: 'multi-file-refactor',
    });
  });
  test('of a class without a preset may use every tier, the safest first', () => {
    const found = resolve('', {
      settings: settingsOf({ presets: { chat: ['fast-local'] } }),
      inferred: inferredAs('review'),
    });
    expect(found.pool).toEqual(['heavy-local', 'fast-local', 'cloud']);
    expect(found).not.toHaveProperty('preset');
  });
});

test('a declared class takes the place of the model, and is carried itself', () => {
  expect(resolve('chat', { workClassHint: 'multi-file-refactor' })).toMatchObject({
    source: 'declared',
    preset: 'review',
    workClass: 'multi-file-refactor',
    pool: ['heavy-local', 'cloud'],
    exact: false,
  });
});

test('ambiguity marks the intent and leaves the pool as it is', () => {
  fc.assert(
    fc.property(fc.constantFrom(...WORK_CLASSES), fc.boolean(), (workClass, hasPresets) => {
      const settings = hasPresets ? settingsOf() : settingsOf({ presets: {} });
      const sure = resolve('x', { settings, inferred: inferredAs(workClass) });
      const unsure = resolve('x', { settings, inferred: inferredAs(workClass, { confident: false }) });
      expect(unsure.pool).toEqual(sure.pool);
      expect([sure.ambiguous, unsure.ambiguous]).toEqual([false, true]);
    }),
  );
});

test('any model string resolves to something', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (model) => {
      expect(resolve(model).pool.length).toBeGreaterThan(0);
    }),
  );
});
