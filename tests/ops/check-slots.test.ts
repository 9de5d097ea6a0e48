/** Does checking tell who swaps which tier, and find where tiers and registry disagree before a request does? */
import { describe, expect, test } from 'bun:test';
import type { Settings, SwapGroup } from '#core/settings';
import type { Tier } from '#core/tier';
import { checkSlots, formatSlots, slotRows } from '#ops/check-slots';
import { bunEffects } from '#platform/bun-effects';
import { settingsOf, tierOf } from '#tests/core/decide-fixtures';
import { tmpdir } from '#tests/support/tmp';

const REGISTRY = `
[[models]]
name = "coder"
model_path = "/models/coder"
volume = "models"
port = 30001

[[models]]
name = "thinker"
served_name = "thinker-32b"
model_path = "/models/thinker"
volume = "models"
port = 30000
`;

const group = (path: string): SwapGroup => ({
  name: 'gpu0',
  source: { kind: 'registry', path },
  keepaliveAfterMs: 10_000,
});
const settingsWith = (tier: Partial<Tier>, swapGroups: readonly SwapGroup[]): Settings => {
  const fast = tierOf('fast', { swapGroup: 'gpu0', model: 'coder', baseUrl: 'http://127.0.0.1:30001/v1', ...tier });
  return settingsOf({ tiers: [fast], presets: {}, swapGroups });
};

/** What is told of one tier beside that registry, as `key: message`. */
const toldOf = async (tier: Partial<Tier>, text = REGISTRY): Promise<readonly string[]> => {
  await using folder = await tmpdir();
  const path = await folder.write('models.toml', text);
  const checked = await checkSlots(settingsWith(tier, [group(path)]), bunEffects());
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return checked.warnings
    .filter(({ key }) => key.startsWith('router.'))
    .map(({ key, message }) => `${key}: ${message.replaceAll(folder.path, '')}`);
};

describe('a tier and its registry', () => {
  test.each<readonly [string, Partial<Tier>]>([
    ['port and name', {}],
    ['port and name, by the other name of this machine', { baseUrl: 'http://localhost:30001' }],
  ])('agree in %s', async (_what, tier) => {
    expect(await toldOf(tier)).toEqual([]);
  });

  test.each<readonly [string, Partial<Tier>, string]>([
    [
      'the port',
      { baseUrl: 'http://127.0.0.1:30000/v1' },
      'router.tiers.fast.base_url: base_url of tier "fast" leads to 127.0.0.1:30000, but its model is served at 127.0.0.1:30001',
    ],
    [
      'the machine',
      { baseUrl: 'http://box:30001/v1' },
      'router.tiers.fast.base_url: base_url of tier "fast" leads to box:30001, but its model is served at 127.0.0.1:30001',
    ],
    [
      'the model',
      { model: 'codr' },
      'router.tiers.fast.model: tier "fast" asks for model "codr", which /models.toml does not have: did you mean "coder"?',
    ],
    [
      'the model, by far',
      { model: 'gpt' },
      'router.tiers.fast.model: tier "fast" asks for model "gpt", which /models.toml does not have: it has coder, thinker',
    ],
    [
      'the name that the server knows',
      { model: 'thinker', baseUrl: 'http://127.0.0.1:30000/v1' },
      'router.tiers.fast.model: tier "fast" asks for model "thinker", but its server calls it "thinker-32b": name both alike',
    ],
  ])('that disagree in %s are told', async (_what, tier, line) => {
    expect(await toldOf(tier)).toEqual([line]);
  });

  test('are not compared where the tier is in no group of this process', async () => {
    expect(await toldOf({ swapGroup: 'gpu7', model: 'other' })).toEqual([]);
  });
});

test('a registry that cannot be read is a problem of its own, with the file', async () => {
  const checked = await checkSlots(settingsWith({}, [group('/nowhere/models.toml')]), bunEffects());
  expect(checked).toMatchObject({ ok: false, problems: [{ file: '/nowhere/models.toml' }] });
});

test('without a registry nothing is read', async () => {
  const remote: SwapGroup = { name: 'gpu0', source: { kind: 'url', url: 'http://box:8001' }, keepaliveAfterMs: 1 };
  expect(await checkSlots(settingsWith({}, [remote]), bunEffects())).toEqual({ ok: true, warnings: [] });
  expect(slotRows(settingsWith({}, [remote]))).toEqual([
    { tier: 'fast', swapGroup: 'gpu0', model: 'coder', multiplexer: 'http://box:8001' },
  ]);
});

test('a group that nobody declares is swapped by nobody, and tiers without a group are left out', () => {
  const settings = settingsOf({ tiers: [tierOf('a', { swapGroup: 'gpu0' }), tierOf('b')], presets: {} });
  expect(formatSlots(slotRows(settings))).toEqual([['a', 'gpu0', '-', 'nobody']]);
});
