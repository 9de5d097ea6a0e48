/** Does what discovery writes load as a configuration, with tiers in a sensible order and guesses marked as such? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Settings } from '#core/settings';
import { report, toTierConfig } from '#ops/discover';
import { billionsInName, type Found, type FoundModel, pickModels, unfitByName } from '#ops/discover-models';
import { loadConfigText } from '#ops/load-config';
import { simulatedEffects } from '#tests/support/effects';

const found = (
  engine: Extract<Found, { outcome: 'engine' }>['engine'],
  port: number,
  models: readonly FoundModel[],
): Found => ({
  outcome: 'engine',
  origin: `http://127.0.0.1:${port}`,
  engine,
  evidence: 'test',
  models,
  skipped: [],
});

const settingsOf = async (all: readonly Found[]): Promise<Settings> => {
  const text = toTierConfig(all) ?? '';
  const read = await loadConfigText(text, {}, simulatedEffects());
  if (!read.ok) throw new Error(`${JSON.stringify(read.problems)}\n${text}`);
  expect(read.warnings).toEqual([]);
  return read.settings;
};

const PAIR: readonly Found[] = [
  found('vllm', 8000, [{ id: 'Qwen/Qwen2.5-72B-Instruct-AWQ', billions: 72, contextServed: 65_536, loaded: true }]),
  found('ollama', 11434, [
    { id: 'qwen3:8b', billions: 8.2, contextServed: 8192, loaded: true, tools: true, vision: false },
    { id: 'gemma3:270m', billions: 0.27, loaded: false },
    { id: 'gpt-oss:20b', billions: 20.9, contextTrained: 131_072, loaded: false, tools: true, quantization: 'MXFP4' },
  ]),
];

describe('the configuration', () => {
  test('orders tiers small before large and gives each what is known of it', async () => {
    const settings = await settingsOf(PAIR);
    expect(settings.tiers.map((tier) => tier.id)).toEqual(['qwen3-8b', 'gpt-oss-20b', 'qwen2.5-72b-instruct-awq']);
    expect(settings.tiers[0]).toMatchObject({
      baseUrl: 'http://127.0.0.1:11434/v1',
      dialect: 'openai-chat',
      model: 'qwen3:8b',
      contextLimit: 8192,
      privacy: 'local',
      toolSupport: true,
      engine: 'ollama',
      input: ['text'],
    });
    expect(settings.tiers[1]).toMatchObject({ contextLimit: 32_768, quantization: 'MXFP4' });
    expect(settings.tiers[2]).toMatchObject({ contextLimit: 65_536, toolSupport: true });
    expect(settings.whenUnproven).toBe('verify');
    expect(settings.hold.keepaliveAfterMs).toBe(15_000);
  });

  test('presets go from small to large; heavy work and wide prompts get the tiers made for them', async () => {
    const { presets } = await settingsOf(PAIR);
    const tiersOf = (name: string) => presets.get(name)?.tiers;
    expect(tiersOf('chat')).toEqual(['qwen3-8b', 'gpt-oss-20b', 'qwen2.5-72b-instruct-awq']);
    expect(tiersOf('quick-edit')).toEqual(tiersOf('chat') as string[]);
    expect(tiersOf('review')).toEqual(['qwen2.5-72b-instruct-awq']);
    expect(tiersOf('planning')).toEqual(['qwen2.5-72b-instruct-awq']);
    expect(tiersOf('long-context')).toEqual(['qwen2.5-72b-instruct-awq']);
  });

  test('the names the engines use lead to the tiers', async () => {
    const { aliases } = await settingsOf(PAIR);
    expect(aliases.get('qwen3:8b')).toBe('qwen3-8b');
    expect(aliases.get('qwen/qwen2.5-72b-instruct-awq')).toBe('qwen2.5-72b-instruct-awq');
  });

  test('an engine that loads on demand gets time for it', async () => {
    const { tierById } = await settingsOf(PAIR);
    expect(tierById.get('gpt-oss-20b')?.deadlines.firstByteMs).toBe(180_000);
    expect(tierById.get('qwen3-8b')?.deadlines.firstByteMs).toBeLessThan(180_000);
  });

  test('guesses are marked in the file', () => {
    const text = toTierConfig(PAIR) ?? '';
    expect(text).toMatch(/context_limit = 32768 # ASSUMED/);
    expect(text).toMatch(/context_limit = 65536 # as the engine says/);
    expect(text).toMatch(/tool_support = true # ASSUMED/);
  });

  test('one model serves everything; without a model there is no configuration', async () => {
    const { presets } = await settingsOf([found('llama.cpp', 8080, [{ id: 'a.gguf', contextTrained: 4096 }])]);
    expect([...presets.values()].map((preset) => preset.tiers)).toEqual(Array(5).fill(['a']));
    expect(toTierConfig([])).toBeUndefined();
    expect(toTierConfig([found('ollama', 1, [])])).toBeUndefined();
    expect(
      toTierConfig([{ outcome: 'locked', origin: 'http://127.0.0.1:8000', detail: 'it wants a key' }]),
    ).toBeUndefined();
  });

  test('tier names never collide with each other, with presets, or with the shipped profile', async () => {
    const settings = await settingsOf([
      found('vllm', 1, [{ id: 'a/chat' }]),
      found('vllm', 2, [{ id: 'b/Chat' }]),
      found('vllm', 3, [{ id: 'c/chat' }]),
      found('sglang', 4, [{ id: 'fast-local' }]),
      found('sglang', 5, [{ id: '???' }]),
    ]);
    expect(settings.tiers.map((tier) => tier.id)).toEqual([
      'chat-vllm',
      'chat-vllm-2',
      'chat-vllm-3',
      'fast-local-sglang',
      'model',
    ]);
  });

  test('any name a server may send gives a file that loads', async () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => !/\p{Cc}/u.test(text));
    const model = fc.record(
      {
        id: name,
        billions: fc.double({ min: 0.01, max: 2000, noNaN: true }),
        contextServed: fc.integer({ min: 1, max: 10_000_000 }),
        contextTrained: fc.integer({ min: 1, max: 10_000_000 }),
        loaded: fc.boolean(),
        tools: fc.boolean(),
        vision: fc.boolean(),
        quantization: name,
      },
      { requiredKeys: ['id'] },
    );
    const engine = fc.constantFrom('ollama' as const, 'lm-studio' as const, 'llama.cpp' as const, 'sglang' as const);
    const any = fc.array(fc.tuple(engine, fc.array(model, { minLength: 1, maxLength: 5 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(any, async (engines) => {
        const settings = await settingsOf(engines.map(([kind, models], at) => found(kind, 1000 + at, models)));
        expect(settings.tiers.length).toBeGreaterThanOrEqual(engines.length);
        expect(settings.tiers.length).toBeLessThanOrEqual(engines.length * 2);
      }),
      { numRuns: 200 },
    );
  });
});

describe('sizes and choices', () => {
  test.each([
    ['qwen3:8b', 8],
    ['llama3.2:3b-instruct-q4_0', 3],
    ['gpt-oss-20b', 20],
    ['Qwen3-30B-A3B-Instruct', 30],
    ['Mixtral-8x7B-v0.1', 56],
    ['gemma-3-270m-it', 0.27],
    ['Qwen2.5-0.5B', 0.5],
    ['phi-4-4bit', undefined],
    ['model-q8_0', undefined],
    ['claude', undefined],
  ])('%s has %p billion parameters by its name', (name, billions) => {
    expect(billionsInName(name)).toBe(billions as number);
  });

  test.each([
    ['nomic-embed-text', 'embeddings'],
    ['all-MiniLM-L6-v2', 'embeddings'],
    ['BAAI/bge-m3', 'embeddings'],
    ['qwen3-reranker', 'reranker'],
    ['whisper-large', 'speech'],
    ['llama-guard3:8b', 'moderation'],
    ['qwen3:8b', undefined],
    ['ttsomething', undefined],
  ])('%s is unfit for chat: %p', (name, reason) => {
    expect(unfitByName(name)).toBe(reason as string);
  });

  test('two models of an endpoint: the largest, and the smallest sensible one well below it', () => {
    const pick = (...sizes: readonly (number | undefined)[]) =>
      pickModels(sizes.map((billions, at) => ({ id: `m${at}`, ...(billions === undefined ? {} : { billions }) }))).map(
        (model) => model.billions,
      );
    expect(pick(70, 8, 1, 32)).toEqual([8, 70]);
    expect(pick(7, 8)).toEqual([8]);
    expect(pick(1, 2, 8)).toEqual([2, 8]);
    expect(pick(undefined, 1)).toEqual([1, undefined]);
    expect(pick()).toEqual([]);
  });

  test('of equally large models the loaded one is preferred', () => {
    const models = [
      { id: 'cold', billions: 8 },
      { id: 'warm', billions: 8, loaded: true },
    ];
    expect(pickModels(models).map((model) => model.id)).toEqual(['warm']);
  });
});

describe('the report', () => {
  test('names what was found, what becomes a tier, what does not and why', () => {
    const lines = report([
      ...PAIR,
      { outcome: 'anvil', origin: 'http://127.0.0.1:8001', detail: 'it is another anvil-serving, not an engine' },
    ]);
    expect(lines).toEqual([
      '127.0.0.1:8000 is vllm (test)',
      '  tier qwen2.5-72b-instruct-awq: Qwen/Qwen2.5-72B-Instruct-AWQ, 72b, context 65536',
      '127.0.0.1:11434 is ollama (test)',
      '  tier qwen3-8b: qwen3:8b, 8.2b, context 8192',
      '  tier gpt-oss-20b: gpt-oss:20b, 20.9b, context 32768 assumed, not loaded yet',
      '  not used: gemma3:270m (one fast and one heavy model are enough)',
      '127.0.0.1:8001: it is another anvil-serving, not an engine; left out: point your harness at one router only',
      '3 tiers, small before large; nobody has measured these models, so answers are verified before they leave.',
      'A context of 32768 is assumed where an engine does not tell its window; a smaller one cuts prompts.',
    ]);
  });

  test('with nothing found it says where it looked and what to do', () => {
    const text = report([]).join('\n');
    expect(text).toContain('11434, 1234, 8080, 8000, 30000, 30001');
    expect(text).toContain('serve --demo');
    const empty = report([found('ollama', 11434, [])]).join('\n');
    expect(empty).toContain('no model to route to: load or pull one');
    expect(empty).toContain('serve --demo');
  });
});
