// Which configured name a model string means, in the spellings that clients use for it.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { nameOf, validNames } from '#core/model-names';
import { modelList, modelNamed } from '#core/models';
import { settingsOf, tierOf } from '#tests/core/decide-fixtures';

const SETTINGS = settingsOf({
  aliases: { qwen: 'heavy-local', 'anthropic/opus': 'cloud', 'claude-anvil-chat': 'cloud' },
});
const kindOf = (model: string) => nameOf(model, SETTINGS).kind;

const SPELLINGS = ['NAME', 'anvil/NAME', 'anvil:NAME', 'anthropic/NAME', 'claude-anvil-NAME', 'anvil/anthropic/NAME'];

describe('spellings', () => {
  for (const spelling of SPELLINGS)
    test(`${spelling} means the name, in any case and with blanks around it`, () => {
      for (const [name, kind] of [
        ['planning', 'preset'],
        ['qwen', 'alias'],
        ['fast-local', 'tier'],
      ] as const) {
        const model = spelling.replace('NAME', name);
        for (const each of [model, model.toUpperCase(), `  ${model} `])
          expect([each, kindOf(each)]).toEqual([each, kind]);
      }
    });
  test('a prefix is taken away once only', () => expect(kindOf('anthropic/claude-anvil-planning')).toBe('unknown'));
  test('a prefix alone is no name', () =>
    expect(['anthropic/', 'claude-anvil-', 'anvil/'].map(kindOf)).toEqual(['unknown', 'unknown', 'none']));
  test('a name of the configuration that is spelled like a prefix comes first', () => {
    expect(nameOf('anthropic/opus', SETTINGS)).toEqual({ kind: 'alias', tier: 'cloud' });
    expect(nameOf('Claude-Anvil-Chat', SETTINGS)).toEqual({ kind: 'alias', tier: 'cloud' });
    expect(kindOf('anthropic/chat')).toBe('preset');
  });
  test('other vendors are unknown', () =>
    expect(['openai/planning', 'gpt-5', 'claude-planning', 'anvil-planning'].map(kindOf)).toEqual(
      Array(4).fill('unknown'),
    ));
});

test('any string names something or nothing, and never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (model) => {
      expect(['preset', 'alias', 'tier', 'none', 'unknown']).toContain(kindOf(model));
    }),
  );
});

test('a refusal lists presets, aliases and tiers once each, and not without end', () => {
  expect(validNames(SETTINGS)).toBe(
    'chat, quick-edit, review, planning, long-context, qwen, anthropic/opus, claude-anvil-chat, fast-local, heavy-local, cloud',
  );
  const many = settingsOf({ tiers: Array.from({ length: 99 }, (_each, index) => tierOf(`t${index}`)) });
  expect(validNames(many)).toEndWith(', …');
});

describe('the list of models', () => {
  test('offers each preset in three spellings, except where an alias is spelled so', () => {
    const ids = modelList(SETTINGS).map(({ id }) => id);
    expect(ids).toContain('claude-anvil-planning');
    expect(ids).toContain('anthropic/planning');
    expect(ids).toContain('anthropic/chat');
    expect(ids.filter((id) => id === 'claude-anvil-chat')).toEqual(['claude-anvil-chat']);
    expect(modelNamed(SETTINGS, 'claude-anvil-chat')?.description).toBe('exactly the tier cloud');
  });
  test('has no name twice, and means by each what a request for it gets', () => {
    const entries = modelList(SETTINGS);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    for (const { id, context_window, max_input_tokens } of entries) {
      expect(['preset', 'alias']).toContain(kindOf(id));
      expect(max_input_tokens).toBe(context_window);
    }
  });
  test('leaves out an alias that a preset shadows: an id that is there twice would turn its pages for ever', () => {
    const settings = settingsOf({
      presets: { chat: ['cloud'], Mine: ['cloud'] },
      aliases: { chat: 'fast-local', mine: 'fast-local' },
    });
    expect(modelList(settings).map(({ id }) => id)).toEqual([
      'chat',
      'Mine',
      'claude-anvil-chat',
      'claude-anvil-Mine',
      'anthropic/chat',
      'anthropic/Mine',
    ]);
  });
  test('means by every id what a request for it gets, however the configuration spells its names', () => {
    const spelledWith = (...prefixes: readonly string[]) =>
      fc
        .tuple(fc.constantFrom(...prefixes), fc.constantFrom('chat', 'Chat', 'own', 'é', 'ß', 'x y'))
        .map(([prefix, name]) => prefix + name);
    const anyAlias = spelledWith('', 'anthropic/', 'claude-anvil-');
    // Of presets that begin so no request can ask for; the check of the configuration warns of them.
    const anyPreset = fc.oneof(anyAlias, spelledWith('anvil/', 'ANVIL:'));
    const selector = (name: string): string => name.toLowerCase();
    const anyPresets = fc.uniqueArray(anyPreset, { maxLength: 4, selector });
    const anyAliases = fc.uniqueArray(anyAlias, { maxLength: 4, selector });
    fc.assert(
      fc.property(anyPresets, anyAliases, anyAlias, (presets, aliases, tierId) => {
        const settings = settingsOf({
          tiers: [tierOf(tierId), tierOf('other')],
          presets: Object.fromEntries(presets.map((name) => [name, ['other']])),
          aliases: Object.fromEntries(aliases.map((name) => [name.toLowerCase(), tierId])),
        });
        const ids = modelList(settings).map(({ id }) => id);
        expect(new Set(ids.map((id) => id.toLowerCase())).size).toBe(ids.length);
        for (const entry of modelList(settings)) {
          const named = nameOf(entry.id, settings);
          expect(modelNamed(settings, entry.id)).toEqual(entry);
          expect(named.kind).toBe(entry.description.startsWith('exactly') ? 'alias' : 'preset');
        }
      }),
    );
  });
  test('pickers that want "claude" or "anthropic" in an id see every preset', () => {
    const shown = modelList(SETTINGS).filter(({ id }) => /claude|anthropic/i.test(id));
    for (const name of ['planning', 'quick-edit', 'review', 'chat', 'long-context'])
      expect(shown.some(({ id }) => id.endsWith(name))).toBe(true);
  });
});
