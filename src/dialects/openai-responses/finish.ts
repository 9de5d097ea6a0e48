/** Why did generation end, and what did it cost? The Responses dialect's status and usage, read and written. */
import type { FinishReason, JsonObject, Usage } from '#core/message';
import { countOf, defined, isObject, textOf } from '#dialects/json';
import { completeCounts, ESTIMATE_MARK } from '#dialects/usage-fill';

/** Words of `incomplete_details.reason`; the last two are other servers' spelling. */
const INCOMPLETE: ReadonlyMap<string, FinishReason> = new Map([
  ['max_output_tokens', 'length'],
  ['content_filter', 'content-filter'],
  ['max_tokens', 'length'],
  ['length', 'length'],
]);

/** What the output holds, as far as it tells why generation ended: the status alone says only that it did. */
export interface OutputSeen {
  /** Function or custom calls. */
  readonly called: boolean;
  /** Calls of another kind that the caller has to carry out before the turn goes on. */
  readonly awaited: boolean;
  readonly refused: boolean;
}

export interface ReadFinish {
  readonly reason: FinishReason;
  readonly raw?: string;
}

/** @param status `completed` or `incomplete` */
export const readFinish = (status: string, response: JsonObject, seen: OutputSeen): ReadFinish => {
  if (status === 'incomplete') {
    const details = isObject(response.incomplete_details) ? response.incomplete_details : {};
    const raw = textOf(details.reason) ?? status;
    return { reason: INCOMPLETE.get(raw) ?? 'other', raw };
  }
  if (seen.called) return { reason: 'tool-calls', raw: status };
  if (seen.awaited) return { reason: 'pause' };
  return { reason: seen.refused ? 'refusal' : 'stop', raw: status };
};

const INCOMPLETE_WORDS: Partial<Record<FinishReason, string>> = {
  length: 'max_output_tokens',
  'context-overflow': 'max_output_tokens',
  'content-filter': 'content_filter',
};

/** Reasons that the dialect cannot tell apart from another one; their own word travels beside the status. */
const BLURRED: ReadonlySet<FinishReason> = new Set(['stop-sequence', 'pause', 'context-overflow', 'other']);

/** The closing members of a response. A refusal that was not spoken as one was made by a filter. */
export const writeFinish = (reason: FinishReason, raw: string | undefined, refused: boolean): JsonObject => {
  const word = reason === 'refusal' && !refused ? 'content_filter' : INCOMPLETE_WORDS[reason];
  return {
    status: word === undefined ? 'completed' : 'incomplete',
    incomplete_details: word === undefined ? null : { reason: word },
    ...(BLURRED.has(reason) ? { anvil_finish_reason: reason === 'other' ? (raw ?? reason) : reason } : {}),
  };
};

/** Reads a usage object; undefined when it holds no counts. `input_tokens` is gross already. */
export const readUsage = (value: unknown): Usage | undefined => {
  if (!isObject(value)) return undefined;
  const input = countOf(value.input_tokens);
  const output = countOf(value.output_tokens);
  if (input === undefined && output === undefined) return undefined;
  const inputDetails = isObject(value.input_tokens_details) ? value.input_tokens_details : {};
  const outputDetails = isObject(value.output_tokens_details) ? value.output_tokens_details : {};
  return {
    input: input ?? 0,
    output: output ?? 0,
    ...defined({
      cacheRead: countOf(inputDetails.cached_tokens),
      cacheWrite: countOf(inputDetails.cache_write_tokens),
      // The member is always there; 0 is also what servers say that do not count it.
      reasoning: countOf(outputDetails.reasoning_tokens) || undefined,
    }),
  };
};

/**
 * All members always, and integers: Codex drops a stream whose usage lacks `total_tokens`, `cached_tokens` or
 * `reasoning_tokens`, or has anything but whole numbers there, and asks again.
 */
export const writeUsage = (usage: Usage): JsonObject => {
  const [input, output] = [Math.round(usage.input), Math.round(usage.output)];
  const { cacheRead = 0, cacheWrite = 0, reasoning = 0 } = usage;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: Math.round(cacheRead), cache_write_tokens: Math.round(cacheWrite) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: Math.round(reasoning) },
    total_tokens: input + output,
    ...(usage.estimated ? { anvil_estimated: true } : {}),
  };
};

/** A details object that is there must hold its count. */
const completeDetails = (usage: JsonObject, name: string, count: string): JsonObject => {
  const details = usage[name];
  return !isObject(details) || Number.isInteger(details[count])
    ? {}
    : { [name]: { ...details, [count]: Math.round(countOf(details[count]) ?? 0) } };
};

/** A received usage object with all members that clients need; undefined when it has them. What was told stays. */
export const completeUsage = (told: JsonObject, estimate: Usage): JsonObject | undefined => {
  const counts = completeCounts(
    { input: told.input_tokens, output: told.output_tokens, total: told.total_tokens },
    estimate,
  );
  const details = {
    ...completeDetails(told, 'input_tokens_details', 'cached_tokens'),
    ...completeDetails(told, 'output_tokens_details', 'reasoning_tokens'),
  };
  if (!counts) return Object.keys(details).length === 0 ? undefined : { ...told, ...details };
  const { input, output, total, estimated } = counts;
  return {
    ...writeUsage({ input, output }),
    ...defined(told),
    ...details,
    input_tokens: input,
    output_tokens: output,
    total_tokens: total,
    ...(estimated ? ESTIMATE_MARK : {}),
  };
};
