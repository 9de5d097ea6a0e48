/** Which parsers does a model family need for its thoughts and tool calls, in the words of each engine? */
import type { ModelParsers } from '#core/engine';

interface Family {
  readonly family: string;
  /** In the name of the model or of its repository; the first family that matches is meant, so narrow ones stand first. */
  readonly name: RegExp;
  /** `model_type` of its config.json, where the name says nothing. */
  readonly types: readonly string[];
  readonly vllm?: ModelParsers;
  readonly sglang?: ModelParsers;
  /** Word of the chat template that switches thinking, where it is not `enable_thinking`. */
  readonly thinkingKey?: string;
}

/**
 * From the engines' own lists, autumn 2026. vLLM: vllm/reasoning/__init__.py, vllm/tool_parsers/__init__.py and the tables of
 * docs/features/{reasoning_outputs,tool_calling}.md. SGLang: `DetectorMap` of srt/parser/reasoning_parser.py and
 * `ToolCallParserEnum` of srt/function_call/function_call_parser.py. llama.cpp reads the template and needs none.
 *
 * A wrong parser swallows text, so what is not certain is not here: an unknown model gets none, and says so by calling no
 * tools. vLLM chooses the reasoning parser of gpt-oss itself.
 */
export const FAMILIES: readonly Family[] = [
  { family: 'hermes', name: /hermes-[2-4]/, types: [], vllm: { tools: 'hermes' }, sglang: { tools: 'hermes' } },
  {
    family: 'deepseek-r1-distill',
    name: /r1-distill/,
    types: [],
    vllm: { reasoning: 'deepseek_r1' },
    sglang: { reasoning: 'deepseek-r1' },
  },
  {
    family: 'qwen3-coder',
    name: /qwen3-coder/,
    types: [],
    vllm: { tools: 'qwen3_coder' },
    sglang: { tools: 'qwen3_coder' },
  },
  {
    family: 'qwen3.5',
    name: /qwen-?3[.][5-9]/,
    types: ['qwen3_5', 'qwen3_5_moe'],
    vllm: { reasoning: 'qwen3', tools: 'qwen3_coder' },
    sglang: { reasoning: 'qwen3', tools: 'qwen3_coder' },
  },
  {
    family: 'qwen3-instruct',
    name: /qwen3-.*instruct/,
    types: [],
    vllm: { tools: 'hermes' },
    sglang: { tools: 'qwen25' },
  },
  {
    family: 'qwen3',
    name: /qwen-?3/,
    types: ['qwen3', 'qwen3_moe', 'qwen3_next'],
    vllm: { reasoning: 'qwen3', tools: 'hermes' },
    sglang: { reasoning: 'qwen3', tools: 'qwen25' },
  },
  {
    family: 'qwq',
    name: /qwq/,
    types: [],
    vllm: { reasoning: 'deepseek_r1', tools: 'hermes' },
    sglang: { reasoning: 'deepseek-r1', tools: 'qwen25' },
  },
  {
    family: 'qwen2.5',
    name: /qwen-?2[.]5/,
    types: ['qwen2', 'qwen2_moe'],
    vllm: { tools: 'hermes' },
    sglang: { tools: 'qwen25' },
  },
  {
    family: 'gpt-oss',
    name: /gpt-?oss/,
    types: ['gpt_oss'],
    vllm: { tools: 'openai' },
    sglang: { reasoning: 'gpt-oss', tools: 'gpt-oss' },
  },
  {
    family: 'glm-4.7',
    name: /glm-?(?:4[.][7-9]|[5-9])/,
    types: ['glm4_moe_lite'],
    vllm: { reasoning: 'glm45', tools: 'glm47' },
    sglang: { reasoning: 'glm45', tools: 'glm47' },
  },
  {
    family: 'glm-4.5',
    name: /glm-?4[.][56]/,
    types: ['glm4_moe'],
    vllm: { reasoning: 'glm45', tools: 'glm45' },
    sglang: { reasoning: 'glm45', tools: 'glm45' },
  },
  {
    family: 'deepseek-r1',
    name: /deepseek-r1/,
    types: [],
    vllm: { reasoning: 'deepseek_r1', tools: 'deepseek_v3' },
    sglang: { reasoning: 'deepseek-r1', tools: 'deepseekv3' },
  },
  {
    family: 'deepseek-v3.2',
    name: /deepseek-v3[.]2/,
    types: ['deepseek_v32'],
    vllm: { reasoning: 'deepseek_v3', tools: 'deepseek_v32' },
    sglang: { reasoning: 'deepseek-v3', tools: 'deepseekv32' },
    thinkingKey: 'thinking',
  },
  {
    family: 'deepseek-v3.1',
    name: /deepseek-v3[.]1/,
    types: [],
    vllm: { reasoning: 'deepseek_v3', tools: 'deepseek_v31' },
    sglang: { reasoning: 'deepseek-v3', tools: 'deepseekv31' },
    thinkingKey: 'thinking',
  },
  {
    family: 'deepseek-v3',
    name: /deepseek-v3/,
    types: ['deepseek_v3'],
    vllm: { tools: 'deepseek_v3' },
    sglang: { tools: 'deepseekv3' },
  },
  {
    family: 'kimi-k2',
    name: /kimi-k2(?![.]?\d*-instruct)/,
    types: ['kimi_k2', 'kimi_k25'],
    vllm: { reasoning: 'kimi_k2', tools: 'kimi_k2' },
    sglang: { reasoning: 'kimi_k2', tools: 'kimi_k2' },
  },
  {
    family: 'kimi-k2-instruct',
    name: /kimi-k2/,
    types: [],
    vllm: { tools: 'kimi_k2' },
    sglang: { tools: 'kimi_k2' },
  },
  {
    family: 'minimax-m2',
    name: /minimax-m2/,
    types: ['minimax_m2'],
    vllm: { reasoning: 'minimax_m2_append_think', tools: 'minimax_m2' },
    sglang: { reasoning: 'minimax-append-think', tools: 'minimax-m2' },
  },
  {
    family: 'magistral',
    name: /magistral/,
    types: [],
    vllm: { reasoning: 'mistral', tools: 'mistral' },
    sglang: { reasoning: 'mistral', tools: 'mistral' },
  },
  {
    family: 'mistral',
    name: /mistral|devstral|ministral|codestral/,
    types: ['mistral', 'mistral3', 'ministral3'],
    vllm: { tools: 'mistral' },
    sglang: { tools: 'mistral' },
  },
  {
    family: 'llama-4',
    name: /llama-?4/,
    types: ['llama4'],
    vllm: { tools: 'llama4_pythonic' },
    sglang: { tools: 'pythonic' },
  },
  {
    family: 'llama-3',
    name: /llama-?3/,
    types: ['mllama'],
    vllm: { tools: 'llama3_json' },
    sglang: { tools: 'llama3' },
  },
  {
    family: 'gemma-4',
    name: /gemma-?4/,
    types: ['gemma4'],
    vllm: { reasoning: 'gemma4', tools: 'gemma4' },
    sglang: { reasoning: 'gemma4', tools: 'gemma4' },
  },
  {
    family: 'seed-oss',
    name: /seed-?oss/,
    types: ['seed_oss'],
    vllm: { reasoning: 'seed_oss', tools: 'seed_oss' },
  },
  { family: 'granite-4', name: /granite-?4/, types: ['granitemoehybrid'], vllm: { tools: 'granite4' } },
];

const simplified = (name: string): string => name.toLowerCase().replaceAll('_', '-');

/**
 * The family of a model, by its name (a repository's or a folder's) and else by its type.
 * @param modelType `model_type` of its config.json, where that was read
 */
export const familyOf = (name: string, modelType?: string): Family | undefined => {
  const wanted = simplified(name);
  return (
    FAMILIES.find((family) => family.name.test(wanted)) ?? FAMILIES.find(({ types }) => types.includes(modelType ?? ''))
  );
};

/** What an engine has to be told about a model; nothing for an unknown one. */
export const parsersFor = (engine: 'vllm' | 'sglang', name: string, modelType?: string): ModelParsers => {
  const family = familyOf(name, modelType);
  if (family === undefined) return {};
  const { thinkingKey } = family;
  return { ...family[engine], ...(thinkingKey === undefined ? {} : { thinkingKey }) };
};
