/** Is every engine recognised by what it says, at any port, with the facts that its models need as tiers? */
import { describe, expect, test } from 'bun:test';
import { discoverEngines } from '#ops/discover';
import type { Found } from '#ops/discover-models';
import { createSimulatedClock, realClock, settle } from '#tests/support/clock';
import { cards, get, llamaCpp, lmStudio, ollama } from '#tests/support/fake-engines';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { json, type Step } from '#tests/support/fake-tier-steps';
import { refusedPort } from '#tests/support/ports';

const find = async (tier: FakeTier): Promise<Found | undefined> =>
  (await discoverEngines({ fetch, clock: realClock, probeMs: 2000 }, [tier.url]))[0];

const engine = async (tier: FakeTier): Promise<Extract<Found, { outcome: 'engine' }>> => {
  const found = await find(tier);
  if (found?.outcome !== 'engine') throw new Error(`no engine but ${JSON.stringify(found)}`);
  return found;
};

describe('Ollama', () => {
  test('loaded models serve the window they were loaded with, others what their parameters say', async () => {
    await using tier = await startFakeTier();
    ollama(tier, [
      { name: 'qwen3:8b', parameterSize: '8.2B', bytes: 5, capabilities: ['completion', 'tools'], loadedWith: 8192 },
      { name: 'mine:latest', parameterSize: '32.8B', bytes: 20, parameters: 'stop "x"\nnum_ctx    16384\ntop_k 1' },
      { name: 'llava:7b', bytes: 4, capabilities: ['completion', 'vision'], contextTrained: 4096 },
    ]);
    const found = await engine(tier);
    expect(found).toMatchObject({ engine: 'ollama', evidence: '/api/version says 0.9.1', skipped: [] });
    expect(found.models).toEqual([
      {
        id: 'qwen3:8b',
        loaded: true,
        billions: 8.2,
        contextServed: 8192,
        tools: true,
        vision: false,
        quantization: 'Q4_K_M',
      },
      { id: 'mine:latest', loaded: false, billions: 32.8, contextServed: 16_384, quantization: 'Q4_K_M' },
      {
        id: 'llava:7b',
        loaded: false,
        billions: 7,
        contextTrained: 4096,
        tools: false,
        vision: true,
        quantization: 'Q4_K_M',
      },
    ]);
  });

  test('embedding models and models that run in a cloud are skipped and named', async () => {
    await using tier = await startFakeTier();
    ollama(tier, [
      { name: 'nomic-embed-text:latest' },
      { name: 'granite:30m', capabilities: ['embedding'] },
      { name: 'gpt-oss:120b-cloud' },
      { name: 'kimi', remoteHost: 'https://ollama.com' },
      { name: 'gpt-oss:20b' },
    ]);
    const found = await engine(tier);
    expect(found.models.map((model) => model.id)).toEqual(['gpt-oss:20b']);
    expect(found.skipped).toEqual([
      { id: 'nomic-embed-text:latest', reason: 'embeddings' },
      { id: 'granite:30m', reason: 'not for completion' },
      { id: 'gpt-oss:120b-cloud', reason: 'runs in a cloud' },
      { id: 'kimi', reason: 'runs in a cloud' },
    ]);
  });

  test('without a model it is still Ollama', async () => {
    await using tier = await startFakeTier();
    ollama(tier, []);
    expect(await engine(tier)).toMatchObject({ engine: 'ollama', models: [] });
  });

  test('of many models only the smallest and largest dozen is asked for details', async () => {
    await using tier = await startFakeTier();
    ollama(
      tier,
      Array.from({ length: 40 }, (_, at) => ({ name: `m${at}:${at + 1}b`, bytes: at + 1 })),
    );
    const found = await engine(tier);
    expect(tier.requests.filter((request) => request.path === '/api/show').length).toBe(12);
    expect(found.models.length).toBe(12);
    expect(found.models.map((model) => model.id)).toContain('m39:40b');
    expect(found.skipped[0]?.reason).toBe('not asked: more than 12 models');
  });
});

describe('LM Studio', () => {
  test('is known by its own API; the window is the loaded one', async () => {
    await using tier = await startFakeTier();
    lmStudio(tier, [
      { id: 'qwen/qwen3-coder-30b', state: 'loaded', loadedWith: 40_960 },
      { id: 'qwen2-vl-7b-instruct', type: 'vlm', maximum: 32_768 },
      { id: 'text-embedding-nomic-embed-text-v1.5', type: 'embeddings' },
    ]);
    const found = await engine(tier);
    expect(found.engine).toBe('lm-studio');
    expect(found.models).toMatchObject([
      { id: 'qwen/qwen3-coder-30b', billions: 30, contextServed: 40_960, contextTrained: 131_072, loaded: true },
      { id: 'qwen2-vl-7b-instruct', billions: 7, contextTrained: 32_768, loaded: false, vision: true },
    ]);
    expect(found.skipped).toEqual([{ id: 'text-embedding-nomic-embed-text-v1.5', reason: 'embeddings' }]);
  });
});

describe('llama.cpp', () => {
  test('serves the window of a slot, not the one the model was trained for', async () => {
    await using tier = await startFakeTier();
    llamaCpp(tier, { id: 'gemma-3-12b.gguf', trained: 131_072, parameters: 11_765_788_416, served: 16_384 });
    const found = await engine(tier);
    expect(found).toMatchObject({ engine: 'llama.cpp', evidence: 'owned_by is "llamacpp"' });
    const [model] = found.models;
    expect(model).toMatchObject({ contextServed: 16_384, contextTrained: 131_072, vision: false });
    expect(model?.billions).toBeCloseTo(11.77, 1);
  });

  test('without /props only the trained window is known', async () => {
    await using tier = await startFakeTier();
    llamaCpp(tier, { id: 'a.gguf', trained: 8192, parameters: 1e9 });
    expect((await engine(tier)).models).toEqual([{ id: 'a.gguf', contextTrained: 8192, billions: 1 }]);
  });

  test('with several models a question never loads one', async () => {
    await using tier = await startFakeTier();
    const data = ['a-3b', 'b-30b'].map((id) => ({ id, owned_by: 'llamacpp', status: { value: 'unloaded' } }));
    get(tier, '/v1/models', { object: 'list', data });
    expect((await engine(tier)).models.map((model) => model.id)).toEqual(['a-3b', 'b-30b']);
    const asked = tier.requests.filter((request) => request.path === '/props').map((request) => request.query);
    expect(asked.sort()).toEqual(['?model=a-3b&autoload=false', '?model=b-30b&autoload=false']);
  });
});

describe.each(['vllm', 'sglang'] as const)('%s', (name) => {
  test('tells its window in the listing; adapters are skipped', async () => {
    await using tier = await startFakeTier();
    cards(tier, name, [
      { id: 'openai/gpt-oss-20b', window: 65_536 },
      { id: 'my-lora', parent: 'openai/gpt-oss-20b' },
    ]);
    const found = await engine(tier);
    expect(found).toMatchObject({
      engine: name,
      evidence: `owned_by is "${name}"`,
      models: [{ id: 'openai/gpt-oss-20b', billions: 20, contextServed: 65_536 }],
      skipped: [{ id: 'my-lora', reason: 'an adapter of another model' }],
    });
    expect(tier.requests.map((request) => request.path)).toEqual(['/v1/models']);
  });
});

describe('what is no engine', () => {
  const listing = (entries: readonly object[]) => (tier: FakeTier) =>
    get(tier, '/v1/models', { object: 'list', data: entries });
  const model = (id: string, owned_by?: string) => ({ id, object: 'model', ...(owned_by ? { owned_by } : {}) });
  const anything =
    (steps: readonly Step[]) =>
    (tier: FakeTier): FakeTier =>
      tier.always(steps);

  const CASES: readonly [string, (tier: FakeTier) => FakeTier, Found['outcome']][] = [
    ['another anvil-serving', listing([model('chat', 'anvil-serving'), model('review', 'anvil-serving')]), 'anvil'],
    ['the multiplexer of anvil-serving', listing([model('qwen', 'anvil')]), 'anvil'],
    ['several models of nobody known', listing([model('a'), model('b')]), 'gateway'],
    ['one model of a cloud', listing([model('gpt-5', 'openai')]), 'gateway'],
    ['an empty listing', listing([]), 'other'],
    ['a server that wants a key', anything(json(401, { error: 'no key' })), 'locked'],
    ['an engine that is loading', anything(json(503, { error: { message: 'Loading model' } })), 'not-ready'],
    ['a web page', anything([{ status: 200 }, { chunk: '<html>' }]), 'other'],
    ['a redirect', anything([{ status: 302, headers: { location: '/login', 'content-length': '0' } }]), 'other'],
    ['JSON without a list', anything(json(200, { hello: 1 })), 'other'],
    ['a listing of nonsense', listing([{ id: 7 }, { id: 'x\u0000y' }, { id: '\ud800' }, { id: 'a\u202eb' }]), 'other'],
  ];

  test.each([...CASES])('%s', async (_name, script, outcome) => {
    await using tier = await startFakeTier();
    script(tier);
    expect((await find(tier))?.outcome).toBe(outcome);
    expect(tier.requests.every((request) => request.path !== '/login')).toBe(true);
  });

  test('one model of an unknown server is taken for an engine, unless it cannot chat', async () => {
    await using tier = await startFakeTier();
    listing([model('mlx-community/Qwen3-4B-4bit')])(tier);
    expect(await engine(tier)).toMatchObject({ engine: 'openai-compatible', models: [{ billions: 4 }] });
    listing([model('bge-m3')])(tier);
    expect(await engine(tier)).toMatchObject({ models: [], skipped: [{ id: 'bge-m3', reason: 'embeddings' }] });
  });

  test('a closed port is not worth a word', async () => {
    await using port = await refusedPort();
    expect(await discoverEngines({ fetch, clock: realClock }, [port.url])).toEqual([]);
  });
});

describe('limits', () => {
  test('a server that never answers is given up at the deadline, however many ports hang', async () => {
    await using first = await startFakeTier();
    await using second = await startFakeTier();
    for (const tier of [first, second]) tier.always([{ status: 200 }, { chunk: '{"data":' }, { hang: true }]);
    const clock = createSimulatedClock();
    const asked = discoverEngines({ fetch, clock }, [first.url, second.url, first.url]);
    await first.nextRequest();
    await second.nextRequest();
    await settle();
    expect(clock.pending).toBe(2);
    await clock.advance(400);
    expect((await asked).map((found) => found.outcome)).toEqual(['silent', 'silent']);
    expect(clock.pending).toBe(0);
    await first.callerClosed(0);
  });

  test('an endless reply is cut off at its size limit', async () => {
    await using tier = await startFakeTier();
    const megabyte = Buffer.alloc(1024 * 1024, '[');
    tier.always(
      (async function* (): AsyncGenerator<Step> {
        yield { status: 200, headers: { 'content-type': 'application/json' } };
        for (;;) yield { chunk: megabyte };
      })(),
    );
    expect((await find(tier))?.outcome).toBe('other');
    await tier.callerClosed(0);
    expect(tier.bytesSent(0)).toBeLessThan(64 * 1024 * 1024);
  });

  test('ports are asked at the same time and reported in the order given', async () => {
    await using slow = await startFakeTier();
    await using quick = await startFakeTier();
    cards(quick, 'vllm', [{ id: 'b-7b' }]);
    slow.always([{ waitFor: 'go' }, ...json(200, { data: [{ id: 'a-7b', owned_by: 'sglang' }] })]);
    const asked = discoverEngines({ fetch, clock: createSimulatedClock() }, [`${slow.url}/`, quick.url]);
    await quick.nextRequest();
    slow.release('go');
    expect((await asked).map((found) => found.outcome === 'engine' && found.engine)).toEqual(['sglang', 'vllm']);
  });
});
