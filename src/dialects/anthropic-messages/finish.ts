/** Why did generation end, and what did it cost? Messages' stop reasons and usage, read and written. */
import type { FinishReason, JsonObject, Usage } from '#core/message';
import { countOf, defined, isObject } from '#dialects/json';

const REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop: 'stop',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  refusal: 'refusal',
  pause_turn: 'pause',
  model_context_window_exceeded: 'context-overflow',
};

/** An unknown word becomes `other` and stays beside it. */
export const readStopReason = (raw: string): FinishReason =>
  (Object.hasOwn(REASONS, raw) ? REASONS[raw] : undefined) ?? 'other';

const WORDS: Record<FinishReason, string> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  'tool-calls': 'tool_use',
  length: 'max_tokens',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  'context-overflow': 'model_context_window_exceeded',
  other: 'end_turn',
};

/** The stop members of a message; a stop after tool calls means tool use, whatever the tier called it. */
export const writeStop = (
  reason: FinishReason | undefined,
  finish: { readonly raw: string | undefined; readonly stopSequence: string | undefined; readonly usedTools: boolean },
): JsonObject => {
  const given = reason ?? 'stop';
  const spoken = finish.usedTools && given === 'stop' ? 'tool-calls' : given;
  return {
    stop_reason: WORDS[spoken],
    stop_sequence: spoken === 'stop-sequence' ? (finish.stopSequence ?? null) : null,
    ...(spoken === 'other' ? { anvil_finish_reason: finish.raw ?? spoken } : {}),
  };
};

/** Counts as Messages writes them: `input` is net of what the cache gave or took. */
export interface NetUsage {
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
}

export const readNetUsage = (value: unknown): NetUsage => {
  if (!isObject(value)) return {};
  const details = isObject(value.output_tokens_details) ? value.output_tokens_details : {};
  return defined({
    input: countOf(value.input_tokens),
    output: countOf(value.output_tokens),
    cacheRead: countOf(value.cache_read_input_tokens),
    cacheWrite: countOf(value.cache_creation_input_tokens),
    reasoning: countOf(details.thinking_tokens),
  });
};

/**
 * Counts grow during a stream, and some servers repeat them as 0: a zero never erases a count, unless the input is all
 * cache.
 */
export const mergeNetUsage = (before: NetUsage, after: NetUsage): NetUsage => {
  const later = (name: keyof NetUsage): number | undefined => after[name] || (before[name] ?? after[name]);
  const allCached = after.input === 0 && Boolean(after.cacheRead || after.cacheWrite);
  return defined({
    input: allCached ? 0 : later('input'),
    output: later('output'),
    cacheRead: later('cacheRead'),
    cacheWrite: later('cacheWrite'),
    reasoning: later('reasoning'),
  });
};

/** Gross usage; undefined when there are no counts at all. */
export const grossUsage = (net: NetUsage): Usage | undefined => {
  const { input, output, cacheRead, cacheWrite, reasoning } = net;
  if (input === undefined && output === undefined) return undefined;
  return {
    input: (input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0),
    output: output ?? 0,
    ...defined({ cacheRead, cacheWrite, reasoning }),
  };
};

export const writeMessagesUsage = (usage: Usage): JsonObject => {
  const { input, output, cacheRead = 0, cacheWrite = 0, reasoning, estimated } = usage;
  return {
    input_tokens: Math.max(0, input - cacheRead - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    output_tokens: output,
    ...(reasoning === undefined ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
    ...(estimated ? { anvil_estimated: true } : {}),
  };
};
