// Which parsers a model gets, by its name and its type; and that every one of them exists in its engine.
import { describe, expect, test } from 'bun:test';
import type { ModelParsers } from '#core/engine';
import { FAMILIES, familyOf, parsersFor } from '#engines/families';

const of = ({ reasoning = '-', tools = '-' }: ModelParsers): string => `${reasoning} ${tools}`;

describe('a model by its name', () => {
  test.each([
    ['Qwen/Qwen3-Coder-30B-A3B-Instruct', 'qwen3-coder', '- qwen3_coder', '- qwen3_coder'],
    ['/models/qwen3-14b-awq', 'qwen3', 'qwen3 hermes', 'qwen3 qwen25'],
    ['Qwen/Qwen3-235B-A22B-Thinking-2507', 'qwen3', 'qwen3 hermes', 'qwen3 qwen25'],
    ['Qwen/Qwen3-30B-A3B-Instruct-2507', 'qwen3-instruct', '- hermes', '- qwen25'],
    ['Qwen/Qwen3.6-27B', 'qwen3.5', 'qwen3 qwen3_coder', 'qwen3 qwen3_coder'],
    ['Qwen2.5-Coder-32B-Instruct', 'qwen2.5', '- hermes', '- qwen25'],
    ['openai/gpt-oss-120b', 'gpt-oss', '- openai', 'gpt-oss gpt-oss'],
    ['zai-org/GLM-4.6', 'glm-4.5', 'glm45 glm45', 'glm45 glm45'],
    ['zai-org/GLM-4.7-Flash', 'glm-4.7', 'glm45 glm47', 'glm45 glm47'],
    ['deepseek-ai/DeepSeek-R1-Distill-Qwen-32B', 'deepseek-r1-distill', 'deepseek_r1 -', 'deepseek-r1 -'],
    ['deepseek-ai/DeepSeek-V3.1', 'deepseek-v3.1', 'deepseek_v3 deepseek_v31', 'deepseek-v3 deepseekv31'],
    ['moonshotai/Kimi-K2-Instruct', 'kimi-k2-instruct', '- kimi_k2', '- kimi_k2'],
    ['moonshotai/Kimi-K2-Thinking', 'kimi-k2', 'kimi_k2 kimi_k2', 'kimi_k2 kimi_k2'],
    ['mistralai/Devstral-Small-2507', 'mistral', '- mistral', '- mistral'],
    ['mistralai/Magistral-Small', 'magistral', 'mistral mistral', 'mistral mistral'],
    ['meta-llama/Llama-3.1-8B-Instruct', 'llama-3', '- llama3_json', '- llama3'],
    ['google/gemma-4-26B-A4B-it', 'gemma-4', 'gemma4 gemma4', 'gemma4 gemma4'],
    ['NousResearch/Hermes-3-Llama-3.1-8B', 'hermes', '- hermes', '- hermes'],
  ])('%s is of %s', (name, family, vllm, sglang) => {
    expect(familyOf(name)?.family).toBe(family);
    expect(of(parsersFor('vllm', name))).toBe(vllm);
    expect(of(parsersFor('sglang', name))).toBe(sglang);
  });

  test('that nobody knows gets nothing', () => {
    expect(familyOf('acme/rocket-7b')?.family).toBeUndefined();
    expect(parsersFor('vllm', 'acme/rocket-7b')).toEqual({});
  });
});

describe('a model by its type', () => {
  test.each([
    ['gpt_oss', 'gpt-oss'],
    ['qwen3_moe', 'qwen3'],
    ['qwen3_5_moe', 'qwen3.5'],
    ['glm4_moe', 'glm-4.5'],
    ['glm4_moe_lite', 'glm-4.7'],
    ['llama', undefined],
  ])('%s', (modelType, family) => {
    expect(familyOf('local', modelType)?.family).toBe(family);
  });

  test('is overruled by its name', () => {
    expect(familyOf('Qwen3-Coder-30B', 'qwen3_moe')?.family).toBe('qwen3-coder');
  });
});

test('DeepSeek switches thinking by another word', () => {
  expect(parsersFor('vllm', 'DeepSeek-V3.2').thinkingKey).toBe('thinking');
  expect(parsersFor('vllm', 'Qwen3-8B').thinkingKey).toBeUndefined();
});

/** As the engines registered them in autumn 2026. */
const KNOWN = {
  vllm: {
    reasoning:
      'deepseek_r1 deepseek_v3 deepseek_v4 ernie45 gemma4 glm45 glm47 granite hunyuan_a13b kimi_k2 kimi_k3 mimo minimax_m2 minimax_m2_append_think mistral nemotron_v3 olmo3 openai_gptoss qwen3 seed_oss step3',
    tools:
      'deepseek_v3 deepseek_v31 deepseek_v32 deepseek_v4 gemma4 glm45 glm47 granite granite4 hermes hunyuan_a13b jamba kimi_k2 kimi_k3 llama3_json llama4_pythonic minimax_m2 mistral olmo3 openai pythonic qwen3_coder qwen3_xml seed_oss xlam',
  },
  sglang: {
    reasoning:
      'deepseek-r1 deepseek-v3 deepseek-v4 gemma4 glm45 gpt-oss hunyuan kimi kimi_k2 minimax minimax-append-think mistral nemotron_3 qwen3 qwen3-thinking step3',
    tools:
      'deepseekv3 deepseekv31 deepseekv32 deepseekv4 gemma4 glm glm45 glm47 gpt-oss hermes hunyuan kimi_k2 lfm2 llama3 minimax-m2 mistral pythonic qwen qwen25 qwen3_coder step3',
  },
} as const;

describe('every parser that the table names', () => {
  test.each(['vllm', 'sglang'] as const)('is one of %s', (engine) => {
    const named = (kind: 'reasoning' | 'tools'): readonly string[] =>
      FAMILIES.flatMap((family) => family[engine]?.[kind] ?? []);
    expect(KNOWN[engine].reasoning.split(' ')).toEqual(expect.arrayContaining([...named('reasoning')]));
    expect(KNOWN[engine].tools.split(' ')).toEqual(expect.arrayContaining([...named('tools')]));
    expect(new Set(named('tools')).size).toBeGreaterThan(8);
  });
});
