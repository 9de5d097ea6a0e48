/** What does this Chat tier take beyond the common core? Facts about servers that refuse or lose a field. */
import type { Tier } from '#core/tier';

export interface ChatTierFacts {
  /** Name of the output cap when we have to choose it. */
  readonly capName: 'max_tokens' | 'max_completion_tokens';
  /** Reads only `max_tokens`, so a caller's `max_completion_tokens` is repeated under that name. */
  readonly wantsOldCap: boolean;
  readonly reasoningEffort: boolean;
  readonly topK: boolean;
  /** Which turns of the assistant carry `reasoning_content` when they are told again. */
  readonly reasoningHistory: 'all' | 'with-calls' | 'none';
  /** A system message may follow the first user message, and `developer` is a known role. */
  readonly midSystem: boolean;
}

const ORIGIN = /^https?:\/\/([^/:?#]+)(?::(\d+))?/i;

/** Models of OpenAI's own service that know `reasoning_effort`; the others answer 400. */
const OPENAI_REASONING = /^(?:o[1-9]|gpt-[5-9]|codex)/;

const OLLAMA_PORT = '11434';

const isOllama = (tier: Tier, port: string | undefined): boolean => tier.engine === 'ollama' || port === OLLAMA_PORT;

/**
 * - OpenAI's own service refuses `max_tokens` for reasoning models, `top_k`, and fields unknown to it in messages.
 * - Ollama answers 400 to `reasoning_effort` when the model cannot think, and reads `max_tokens` only.
 * - Other clouds differ too much to guess: they get `reasoning_effort` when the tier's `forward` names it.
 * - Clouds that reason between tool calls (DeepSeek, Qwen, Kimi, GLM) want their reasoning back in front of those calls, and
 *   ignore or refuse it elsewhere. Local chat templates take it everywhere and leave out what they do not want.
 * - Local chat templates refuse or drop a later system message and the `developer` role.
 */
export const chatTierFacts = (tier: Tier, model: string): ChatTierFacts => {
  const [, host = '', port] = ORIGIN.exec(tier.baseUrl) ?? [];
  const local = tier.privacy === 'local';
  const openai = host === 'api.openai.com' || host.endsWith('.openai.azure.com');
  const knowsEffort = openai ? OPENAI_REASONING.test(model) : local && !isOllama(tier, port);
  return {
    capName: openai ? 'max_completion_tokens' : 'max_tokens',
    wantsOldCap: local,
    reasoningEffort: knowsEffort || tier.forward.includes('reasoning_effort'),
    topK: local || tier.forward.includes('top_k'),
    reasoningHistory: openai ? 'none' : local ? 'all' : 'with-calls',
    midSystem: !local,
  };
};

/**
 * Whether a tier may write its thinking into the text, between `<think>` tags. Local servers do so when they run without
 * a reasoning parser; a cloud service has a field for it.
 */
export const writesThinkTags = (tier: Tier): boolean => tier.privacy === 'local';
