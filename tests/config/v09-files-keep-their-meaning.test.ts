/** Does every file of v0.9 load, and mean what it meant? */
import { describe, expect, test } from 'bun:test';
import type { Settings } from '#core/settings';
import { fixture, settingsOf, tierOf, warningsOf } from '#tests/config/support';

const load = async (name: string): Promise<Settings> => settingsOf(await fixture(name));

const presetsOf = (settings: Settings): Record<string, readonly string[]> =>
  Object.fromEntries([...settings.presets].map(([name, preset]) => [name, preset.tiers]));

const FAST = 'fast-local';
const HEAVY = 'heavy-local';

describe('the local example', () => {
  test('has its tiers, in full', async () => {
    const settings = await load('v09-example.toml');
    expect(settings.tiers.map(({ id }) => id)).toEqual([FAST, HEAVY]);
    expect(tierOf(settings, FAST)).toEqual({
      id: FAST,
      baseUrl: 'http://127.0.0.1:30001/v1',
      dialect: 'openai-chat',
      contextLimit: 32768,
      privacy: 'local',
      toolSupport: true,
      authEnv: 'ANVIL_FAST_LOCAL_KEY',
      model: 'gpt-oss-20b',
      prices: {},
      forward: [],
      deadlines: {
        connectMs: 5_000,
        firstByteMs: 60_000,
        firstBytePer1kTokensMs: 10_000,
        idleMs: 60_000,
        totalMs: 600_000,
      },
      stablePrefix: true,
      upstreamStream: 'auto',
      fingerprint: '08f2287340ca9a7a1f02cfa8316723d05400385683ce5f3d408985a52e8a6651',
    });
  });

  test('has its presets in cost order, with their work classes', async () => {
    const settings = await load('v09-example.toml');
    expect(presetsOf(settings)).toEqual({
      chat: [FAST, HEAVY],
      'quick-edit': [FAST, HEAVY],
      review: [HEAVY],
      planning: [HEAVY],
      'long-context': [HEAVY],
    });
    expect(settings.presets.get('quick-edit')?.workClass).toBe('bounded-edit');
  });

  test('takes v0.9 defaults where v0.9 had them', async () => {
    const settings = await load('v09-example.toml');
    expect(settings).toMatchObject({
      mappingVersion: '2026-06-30.0',
      errors: { rules: [] },
      costSync: false,
      whenUnproven: 'refuse',
      responseModel: 'echo',
      attempts: { max: 3 },
      limits: { bodyBytesMax: 33_554_432, concurrencyMax: 64 },
      server: { tokens: [], allowPublicWithoutAuth: false },
    });
    expect(settings.meteredClasses.size).toBe(0);
    expect(settings.verifyLocalMin).toBeUndefined();
    expect(settings.profilePath).toBeUndefined();
    expect(settings.hold.keepaliveAfterMs).toBeUndefined();
    expect(await warningsFor('v09-example.toml')).toEqual([]);
  });
});

const warningsFor = async (name: string): Promise<readonly string[]> => warningsOf(await fixture(name));

test('the cloud example has a priced Anthropic tier that only planning may reach', async () => {
  const settings = await load('v09-example-with-cloud.toml');
  expect([...settings.meteredClasses]).toEqual(['planning']);
  expect(tierOf(settings, 'cloud')).toMatchObject({
    baseUrl: 'https://api.anthropic.com',
    dialect: 'anthropic-messages',
    privacy: 'cloud',
    contextLimit: 200_000,
    authEnv: 'ANTHROPIC_API_KEY',
    prices: { input: 3, output: 15 },
    deadlines: { connectMs: 10_000, firstByteMs: 120_000, firstBytePer1kTokensMs: 0, idleMs: 120_000 },
    upstreamStream: 'as-caller',
  });
  expect(presetsOf(settings)).toEqual({
    chat: [FAST, 'cloud'],
    'quick-edit': [FAST, HEAVY, 'cloud'],
    review: [HEAVY, 'cloud'],
    planning: ['cloud'],
    'long-context': [HEAVY, 'cloud'],
  });
});

test('the container example wants one token and reaches engines by name', async () => {
  const settings = await load('v09-example-docker.toml');
  expect(settings.server.tokens).toEqual([{ name: 'default', env: 'ANVIL_ROUTER_TOKEN' }]);
  expect(settings.tiers.map(({ baseUrl }) => new URL(baseUrl).hostname)).toEqual(['fast', 'sglang']);
});

test('the flexibility example gives its one tier 90 seconds of silence and a soft default', async () => {
  const settings = await load('v09-example-flexibility.toml');
  expect(tierOf(settings, 'specialist-vllm')).toMatchObject({
    contextLimit: 131_072,
    engine: 'vllm',
    quantization: 'mxfp4',
    extraBodyDefaults: { reasoning_effort: 'high' },
    deadlines: {
      connectMs: 5_000,
      firstByteMs: 90_000,
      firstBytePer1kTokensMs: 0,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  });
  expect(Object.values(presetsOf(settings))).toEqual(Array(5).fill(['specialist-vllm']));
});

test('the deployed agentic pair holds allowed local answers and forces its fields', async () => {
  const settings = await load('fakoli-dark-agentic.toml');
  expect(settings.verifyLocalMin).toBe(true);
  expect(settings.hold.byVerdict).toEqual({ allow: 'all', 'allow-with-verify': 'all' });
  expect(tierOf(settings, FAST).extraBody).toEqual({ reasoning_effort: 'low' });
  expect(tierOf(settings, HEAVY).extraBody).toEqual({ chat_template_kwargs: { enable_thinking: false } });
  expect(presetsOf(settings)).toMatchObject({ chat: [HEAVY, FAST], 'quick-edit': [HEAVY, FAST], review: [HEAVY] });
});

test('the deployed flexibility pair keeps params as plain numbers and each its own time-out', async () => {
  const settings = await load('fakoli-dark-flexibility.toml');
  const first = tierOf(settings, 'flex-gptoss-120b');
  expect(first.params).toEqual({ gpu_memory_utilization: 0.9, max_model_len: 131_072, tool_call_parser: 'openai' });
  expect(JSON.stringify(first.params)).toContain('131072');
  expect(first.deadlines).toMatchObject({ firstByteMs: 180_000, idleMs: 180_000, totalMs: 600_000 });
  expect(tierOf(settings, 'flex-qwen36-27b').deadlines.firstByteMs).toBe(240_000);
  expect(presetsOf(settings).planning).toEqual(['flex-gptoss-120b', 'flex-qwen36-27b']);
});

test('a tier without a model loads with a warning, and a status of its own is kept', async () => {
  const settings = await load('single-tier-local-424.toml');
  expect(settings.errors.rules).toEqual([{ outcome: 'exhausted', status: 424 }]);
  expect(tierOf(settings, FAST).model).toBeUndefined();
  expect(await warningsFor('single-tier-local.toml')).toEqual([
    '5 router.tiers[0]: tier "fast-local" names no model: the engine is asked at start and must serve exactly one',
  ]);
});

test('the digest is the first 16 digits of the SHA-256 of the text', async () => {
  const text = await fixture('v09-example.toml');
  const whole = new Bun.CryptoHasher('sha256').update(text).digest('hex');
  expect(settingsOf(text).digest).toBe(whole.slice(0, 16));
  expect(settingsOf(`${text}\n# a comment`).digest).not.toBe(whole.slice(0, 16));
});
