/** Which counts does a received usage object lack, and what stands in for them? Completes it within the bytes. */
import { CLOSE_BRACE, SPACE } from '#core/json-codes';
import type { JsonObject, Usage } from '#core/message';
import { isObject, parseJson } from '#dialects/json';
import { keyBytes, memberSpan, replaceSpan } from '#dialects/wire-bytes';

const USAGE = keyBytes('usage');
const utf8 = new TextDecoder();

/** Written into every usage object that holds a number of ours. */
export const ESTIMATE_MARK = { anvil_estimated: true } as const;

export interface WholeCounts {
  readonly input: number;
  readonly output: number;
  readonly total: number;
  readonly estimated: boolean;
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

/** A count as clients can read it: Codex takes nothing but whole numbers. */
const wholeCount = (value: unknown): number | undefined => {
  if (isCount(value)) return value;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
};

/**
 * The three counts of the OpenAI dialects, those that were told as they were told; undefined when all are there. One that
 * follows from the other two is no estimate.
 */
export const completeCounts = (
  told: { readonly input: unknown; readonly output: unknown; readonly total: unknown },
  estimate: Usage,
): WholeCounts | undefined => {
  if (isCount(told.input) && isCount(told.output) && isCount(told.total)) return undefined;
  const [input, output, total] = [wholeCount(told.input), wholeCount(told.output), wholeCount(told.total)];
  const rest = (one: number | undefined): number | undefined =>
    one === undefined || total === undefined || total < one ? undefined : total - one;
  const readIn = input ?? rest(output);
  const saidOut = output ?? rest(input);
  const counts = { input: readIn ?? estimate.input, output: saidOut ?? estimate.output };
  const estimated = readIn === undefined || saidOut === undefined;
  const sum = counts.input + counts.output;
  return { ...counts, total: estimated ? sum : (total ?? sum), estimated };
};

const isEmptyObject = (bytes: Uint8Array, open: number): boolean => {
  let at = open + 1;
  while (at < bytes.length && (bytes[at] ?? 0) <= SPACE) at++;
  return bytes[at] === CLOSE_BRACE;
};

/**
 * Completes the `usage` member of the object at `open`; the same array when nothing is missing. Parses that member alone.
 * @param complete the whole object for what is told, which may be nothing; undefined when that is complete
 */
export const fillUsageAt = (
  bytes: Uint8Array,
  open: number,
  complete: (told: JsonObject) => JsonObject | undefined,
): Uint8Array => {
  const span = memberSpan(bytes, open, USAGE);
  const told = span ? parseJson(utf8.decode(bytes.subarray(span.start, span.end))) : null;
  // Spread over several data lines it is no JSON by itself; it stays as it came.
  if (told === undefined) return bytes;
  const whole = complete(isObject(told) ? told : {});
  if (!whole) return bytes;
  const json = JSON.stringify(whole);
  if (span) return replaceSpan(bytes, span, json);
  const comma = isEmptyObject(bytes, open) ? '' : ',';
  return replaceSpan(bytes, { start: open + 1, end: open + 1 }, `"usage":${json}${comma}`);
};
