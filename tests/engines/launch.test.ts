// What every engine is launched with, word by word.
import { describe, expect, test } from 'bun:test';
import type { EngineWish } from '#core/engine';
import type { EngineName } from '#core/serve-spec';
import { ENGINES } from '#engines/index';

const PLAIN: EngineWish = {
  model: '/models/qwen3',
  servedName: 'qwen3',
  port: 30001,
  place: 'container',
  gpuCount: 1,
  weights: 'mapped',
  sleeps: false,
  parsers: {},
  args: [],
};

const words = (engine: EngineName, wish: Partial<EngineWish> = {}): string => {
  const { program, args } = ENGINES[engine].command({ ...PLAIN, ...wish });
  return [...(program === undefined ? [] : [program]), ...args].join(' ');
};

const EVERYTHING: Partial<EngineWish> = {
  contextTokens: 65536,
  gpuMemoryShare: 0.85,
  requestsMax: 8,
  gpuCount: 2,
  weights: 'read',
  sleeps: true,
  thinking: false,
  parsers: { reasoning: 'qwen3', tools: 'qwen3_coder' },
  args: ['--seed', '7'],
};

describe('a plain model', () => {
  test('is served by vLLM as v0.9 did, with cached tokens in the usage', () => {
    expect(words('vllm')).toBe(
      'vllm serve /models/qwen3 --enable-prompt-tokens-details --served-model-name qwen3 --host 0.0.0.0 --port 30001',
    );
  });
  test('is served by SGLang as v0.9 did, with cached tokens in the usage and mapped weights', () => {
    expect(words('sglang')).toBe(
      'python3 -m sglang.launch_server --model-path /models/qwen3 --enable-metrics --enable-cache-report --max-running-requests 16 --served-model-name qwen3 --host 0.0.0.0 --port 30001',
    );
  });
  test('is served by llama.cpp from a file', () => {
    expect(words('llama.cpp', { model: '/models/qwen3.gguf' })).toBe(
      '/app/llama-server --model /models/qwen3.gguf --metrics --alias qwen3 --host 0.0.0.0 --port 30001',
    );
  });
  test('is served by a custom server with its own words only', () => {
    expect(ENGINES.custom.command({ ...PLAIN, args: ['--port', '1'] })).toEqual({ args: ['--port', '1'], env: {} });
  });
});

describe('everything that can be wished', () => {
  test('is told to vLLM', () => {
    expect(words('vllm', EVERYTHING)).toBe(
      'vllm serve /models/qwen3 --enable-prompt-tokens-details --gpu-memory-utilization 0.85 --max-model-len 65536 --max-num-seqs 8 --tensor-parallel-size 2 --safetensors-load-strategy eager --enable-sleep-mode --reasoning-parser qwen3 --enable-auto-tool-choice --tool-call-parser qwen3_coder --default-chat-template-kwargs {"enable_thinking":false} --seed 7 --served-model-name qwen3 --host 0.0.0.0 --port 30001',
    );
  });
  test('is told to SGLang', () => {
    expect(words('sglang', EVERYTHING)).toBe(
      'python3 -m sglang.launch_server --model-path /models/qwen3 --weight-loader-disable-mmap --context-length 65536 --mem-fraction-static 0.85 --tensor-parallel-size 2 --enable-memory-saver --enable-weights-cpu-backup --reasoning-parser qwen3 --tool-call-parser qwen3_coder --default-chat-template-kwargs {"enable_thinking":false} --enable-metrics --enable-cache-report --max-running-requests 8 --seed 7 --served-model-name qwen3 --host 0.0.0.0 --port 30001',
    );
  });
  test('is told to llama.cpp as far as it has words', () => {
    expect(words('llama.cpp', EVERYTHING)).toBe(
      '/app/llama-server --model /models/qwen3 --load-mode none --ctx-size 65536 --parallel 8 --reasoning off --metrics --seed 7 --alias qwen3 --host 0.0.0.0 --port 30001',
    );
    expect(ENGINES['llama.cpp'].ignores).toEqual(['gpuMemoryShare', 'parsers']);
  });
});

describe('environment', () => {
  test('vLLM keeps to its first model runner, and opens its sleep endpoints only when it is to sleep', () => {
    expect(ENGINES.vllm.command(PLAIN).env).toEqual({ VLLM_USE_V2_MODEL_RUNNER: '0' });
    expect(ENGINES.vllm.command({ ...PLAIN, sleeps: true }).env).toEqual({
      VLLM_USE_V2_MODEL_RUNNER: '0',
      VLLM_SERVER_DEV_MODE: '1',
    });
  });
});

describe('a process on this machine', () => {
  test.each(['vllm', 'sglang', 'llama.cpp'] as const)('by %s listens on loopback', (engine) => {
    expect(words(engine, { place: 'machine' })).toContain('--host 127.0.0.1 --port 30001');
    expect(words(engine, { place: 'machine' })).not.toContain('0.0.0.0');
  });
  test('finds llama-server on PATH', () => {
    expect(words('llama.cpp', { place: 'machine' })).toStartWith('llama-server ');
  });
});

describe('what an operator gives', () => {
  const given: readonly (readonly [engine: EngineName, args: readonly string[], once: string])[] = [
    ['sglang', ['--max-running-requests', '32'], '--max-running-requests'],
    ['sglang', ['--max-running-requests=32'], '--max-running-requests'],
    ['sglang', ['--enable-cache-report'], '--enable-cache-report'],
    ['vllm', ['--enable-prompt-tokens-details'], '--enable-prompt-tokens-details'],
    ['llama.cpp', ['--metrics'], '--metrics'],
  ];
  test.each(given)('%s %j is not said twice', (engine, args, flag) => {
    const { args: all } = ENGINES[engine].command({ ...PLAIN, args });
    expect(all.filter((word) => word === flag || word.startsWith(`${flag}=`))).toHaveLength(1);
    expect(all).toEqual(expect.arrayContaining([...args]));
  });
  test.each([
    ['vllm', ['-tp', '4'], '--tensor-parallel-size'],
    ['vllm', ['--pipeline-parallel-size', '2'], '--tensor-parallel-size'],
    ['sglang', ['--tp', '4'], '--tensor-parallel-size'],
    ['llama.cpp', ['-c', '4096'], '--ctx-size'],
    ['llama.cpp', ['--no-mmap'], '--load-mode'],
    ['llama.cpp', ['--chat-template-kwargs', '{}'], '--reasoning'],
  ] as const)('%s %j wins over the choice of the builder', (engine, args, ours) => {
    expect(words(engine, { ...EVERYTHING, args })).not.toContain(`${ours} `);
  });
  test('never wins over name, address and port', () => {
    for (const engine of ['vllm', 'sglang', 'llama.cpp'] as const) {
      const args = ['--port', '1', '--host', '9.9.9.9'];
      expect(words(engine, { args })).toEndWith('--host 0.0.0.0 --port 30001');
    }
  });
});

describe('llama.cpp', () => {
  test.each([
    ['unsloth/Qwen3-14B-GGUF', '--hf-repo unsloth/Qwen3-14B-GGUF'],
    ['unsloth/Qwen3-14B-GGUF:Q4_K_M', '--hf-repo unsloth/Qwen3-14B-GGUF:Q4_K_M'],
    ['models/qwen.gguf', '--model models/qwen.gguf'],
    ['./a/b', '--model ./a/b'],
    ['/models/qwen', '--model /models/qwen'],
    ['C:\\models\\qwen.gguf', '--model C:\\models\\qwen.gguf'],
  ])('takes %s for a repository or a path', (model, expected) => {
    expect(words('llama.cpp', { model })).toContain(expected);
  });
});

describe('thinking', () => {
  test('is switched by the word of the template', () => {
    const wish = { thinking: true, parsers: { thinkingKey: 'thinking' } };
    expect(words('vllm', wish)).toContain('--default-chat-template-kwargs {"thinking":true}');
    expect(words('llama.cpp', wish)).toContain('--reasoning on');
  });
  test('is left alone when nobody says', () => {
    for (const engine of ['vllm', 'sglang', 'llama.cpp'] as const) {
      expect(words(engine)).not.toMatch(/template-kwargs|--reasoning/);
    }
  });
});
