/** Why did generation end, and what did it cost? Chat's finish reasons and usage, read and written. */
import type { FinishReason, JsonObject, Usage } from '#core/message';
import { countOf, defined, isObject } from '#dialects/json';

const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  tool_calls: 'tool-calls',
  tool_use: 'tool-calls',
  function_call: 'tool-calls',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  content_filter: 'content-filter',
  safety: 'content-filter',
  refusal: 'refusal',
};

/** Finish reasons that say that generation was given up: no answer ends with one of them. */
const BROKEN_REASONS: ReadonlySet<string> = new Set(['error', 'abort', 'insufficient_system_resource']);

export const isBrokenFinish = (raw: string): boolean => BROKEN_REASONS.has(raw.toLowerCase());

/** Servers differ in case; an unknown word becomes `other` and stays beside it. */
export const readFinish = (raw: string): FinishReason => {
  const word = raw.toLowerCase();
  return (Object.hasOwn(REASONS, word) ? REASONS[word] : undefined) ?? 'other';
};

const WORDS: Record<FinishReason, string> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  'tool-calls': 'tool_calls',
  length: 'length',
  'content-filter': 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  'context-overflow': 'length',
  other: 'stop',
};

/** Reasons that Chat cannot tell apart from another one; their own word travels beside `finish_reason`. */
const BLURRED: ReadonlySet<FinishReason> = new Set(['pause', 'context-overflow', 'other']);

export interface AnswerShape {
  readonly reason: FinishReason | undefined;
  readonly raw: string | undefined;
  readonly stopSequence: string | undefined;
  readonly calledTools: boolean;
  readonly refused: boolean;
}

/**
 * The finishing members of a Chat choice. A stop after tool calls means tool calls, whatever the tier called it; a
 * refusal spoken as such ends in `stop`, one that a filter made in `content_filter`.
 */
export const writeFinish = ({ reason = 'stop', raw, stopSequence, calledTools, refused }: AnswerShape): JsonObject => {
  const spoken = calledTools && reason === 'stop' ? 'tool-calls' : reason;
  return {
    finish_reason: spoken === 'refusal' && refused ? 'stop' : WORDS[spoken],
    // vLLM's name for the stop text that matched.
    ...(spoken === 'stop-sequence' && stopSequence !== undefined ? { stop_reason: stopSequence } : {}),
    ...(BLURRED.has(spoken) ? { anvil_finish_reason: raw ?? spoken } : {}),
  };
};

/** Reads a usage object; undefined when it holds no counts. `prompt_tokens` is gross already. */
export const readUsage = (value: unknown): Usage | undefined => {
  if (!isObject(value)) return undefined;
  const input = countOf(value.prompt_tokens);
  const output = countOf(value.completion_tokens);
  if (input === undefined && output === undefined) return undefined;
  const prompt = isObject(value.prompt_tokens_details) ? value.prompt_tokens_details : {};
  const completion = isObject(value.completion_tokens_details) ? value.completion_tokens_details : {};
  return {
    input: input ?? 0,
    output: output ?? 0,
    ...defined({
      cacheRead: countOf(prompt.cached_tokens) ?? countOf(value.prompt_cache_hit_tokens),
      cacheWrite: countOf(prompt.cache_write_tokens),
      reasoning: countOf(completion.reasoning_tokens),
    }),
  };
};

export const writeUsage = (usage: Usage): JsonObject => {
  const { input, output, cacheRead, cacheWrite, reasoning, estimated } = usage;
  const prompt = defined({ cached_tokens: cacheRead, cache_write_tokens: cacheWrite });
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(Object.keys(prompt).length > 0 ? { prompt_tokens_details: prompt } : {}),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
    ...(estimated ? { anvil_estimated: true } : {}),
  };
};
