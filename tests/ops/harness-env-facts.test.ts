/** What a harness is told comes from the configuration: presets, windows, the name of the key. */
import { describe, expect, test } from 'bun:test';
import { factsOfModels, factsOfSettings } from '#ops/harness-env/facts';
import { loadConfigText } from '#ops/load-config';
import { simulatedEffects } from '#tests/support/effects';

const tier = (id: string, lines: string): string => `
[[router.tiers]]
id = "${id}"
base_url = "http://127.0.0.1:30001/v1"
dialect = "openai"
privacy = "local"
tool_support = true
auth_env = "TIER_KEY"
${lines}
`;

const CONFIG = `[router]
mapping_version = "t.1"
${tier('small', 'context_limit = 8192\ninput = ["text"]')}
${tier('large', 'context_limit = 65536\nmax_output_tokens = 9000\ninput = ["text", "image"]')}
[router.presets]
quick-edit = ["small"]
mine = ["small", "large"]
`;

const settingsOf = async (text: string) => {
  const loaded = await loadConfigText(text, {}, simulatedEffects());
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.settings;
};

describe('facts of a configuration', () => {
  test('are the largest window among the tiers of each preset, and what of it an answer may take', async () => {
    const { presets, main, small, review } = factsOfSettings(await settingsOf(CONFIG), { url: 'router:8000/v1/' });
    expect(presets).toEqual([
      { name: 'quick-edit', title: 'Quick Edit', contextTokens: 8192, outputTokens: 2048, readsImages: false },
      { name: 'mine', title: 'Mine', contextTokens: 65_536, outputTokens: 9000, readsImages: true },
    ]);
    expect([main.name, small.name, review.name]).toEqual(['quick-edit', 'quick-edit', 'quick-edit']);
  });

  test('hold the address without its path, and the name of the first token', async () => {
    const open = factsOfSettings(await settingsOf(CONFIG), { url: 'router:8000/v1/' });
    expect(open).toMatchObject({ url: 'http://router:8000', keyEnv: 'ANVIL_KEY', keyChecked: false });
    const closed = await settingsOf(`${CONFIG}\n[server]\nauth_env = "ROUTER_TOKEN"\n`);
    expect(factsOfSettings(closed, { url: 'x' })).toMatchObject({ keyEnv: 'ROUTER_TOKEN', keyChecked: true });
    expect(factsOfSettings(closed, { url: 'x', keyEnv: 'OTHER' })).toMatchObject({ keyEnv: 'OTHER' });
  });

  test('want an address', async () => {
    const settings = await settingsOf(CONFIG);
    expect(() => factsOfSettings(settings, { url: 'http://' })).toThrow('--url http:// is not an address');
  });
});

test('facts of a running router leave out the names that repeat presets for pickers', () => {
  const models = ['planning', 'chat', 'claude-anvil-planning', 'anthropic/planning'].map((id) => ({
    id,
    display_name: id,
    context_window: 32_768,
  }));
  const facts = factsOfModels(models, { url: 'http://127.0.0.1:8000', keyEnv: 'ANVIL_KEY', keyChecked: true });
  expect(facts.presets.map(({ name }) => name)).toEqual(['planning', 'chat']);
  expect(facts.small.name).toBe('chat');
});
