/** Whose fault is an upstream's error: the caller's, the operator's, or nobody's? Reads the error bodies of all engines. */
import type { AttemptFailureKind, ToldFailure } from '#core/failure';
import type { StreamPart } from '#core/message';
import { createScrubber } from '#core/redact';
import { statusInWords, waitInWords } from '#dialects/error-words';
import { defined, isObject, objectsOf, parseJson, textOf } from '#dialects/json';

const MESSAGE_CHARS_MAX = 1_000;

/**
 * How engines say that the prompt does not fit: vLLM and OpenAI ("maximum context length"), newer vLLM ("context length
 * is only"), SGLang ("longer than the model's context length", "exceeds the maximum allowed length"), llama.cpp ("exceeds
 * the available context size", "context size has been exceeded"), llama-cpp-python ("exceed context window"), Anthropic
 * ("prompt is too long", "exceed context limit"), Ollama ("exceeds the context length"), LM Studio ("context overflows",
 * "greater than the context length", "reached context length").
 */
const OVERFLOW = new RegExp(
  [
    'maximum context length',
    'maximum (?:model|allowed) length',
    'context length is only',
    "longer than (?:the|this) model'?s? (?:maximum )?context",
    'longer than the maximum',
    "exceeds? (?:the )?(?:available |maximum |model'?s? )*context",
    'exceeds the maximum allowed length',
    'context (?:size|length|window)[^.]{0,20} exceeded',
    'prompt is too long',
    'input is too long',
    'exceed context (?:limit|window)',
    'context the overflows',
    'context overflow',
    'greater than the context length',
    'reached context length',
    'input tokens exceed',
    'context_length_exceeded',
    'exceed_context_size',
    'context window of this model',
  ].join('|'),
  'i',
);

const MODEL_UNKNOWN =
  /model_not_found|model[^.\n]{0,160}(?:not found|does not exist|not exist|not loaded|is not available|unknown)|(?:unknown|invalid|no such) model|no model(?:s)? loaded|^model:/i;
const NO_CREDIT = /credit balance is too low|insufficient[_ ](?:quota|balance|credits?)|billing/i;

export interface UpstreamErrorText {
  readonly message: string;
  readonly type: string | undefined;
  readonly code: string | undefined;
}

const scrub = createScrubber();

/** An upstream's words, safe to pass on: secrets masked, addresses taken out, bounded. */
const safe = (text: string): string =>
  scrub(text.slice(0, MESSAGE_CHARS_MAX)).replace(/\bhttps?:\/\/[^\s"'<>)]+/gi, '[address]');

const wordOf = (value: unknown): string | undefined => (typeof value === 'number' ? String(value) : textOf(value));

/** Digs the message out of any known error shape; a text or HTML body is no message. */
export const readErrorText = (body: unknown): UpstreamErrorText => {
  const outer = isObject(body) ? body : {};
  const inner = isObject(outer.error) ? outer.error : outer;
  const [detail] = objectsOf(outer.detail);
  const message =
    textOf(inner.message) ??
    textOf(outer.error) ??
    textOf(outer.detail) ??
    textOf(detail?.msg) ??
    textOf(outer.message);
  return { message: safe(message ?? ''), type: wordOf(inner.type), code: wordOf(inner.code) };
};

const allWords = ({ message, type, code }: UpstreamErrorText): string => `${code ?? ''} ${type ?? ''} ${message}`;

export const isContextOverflow = (text: UpstreamErrorText): boolean => OVERFLOW.test(allWords(text));

/** The part for an error event inside a stream. Overflow is told apart, because some engines report it only there. */
export const errorPart = (body: unknown): StreamPart => {
  const text = readErrorText(body);
  const kind = isContextOverflow(text) ? 'context-overflow' : (text.type ?? text.code ?? 'error');
  const failure = failureInEvent(text, isObject(body) ? (body.error ?? body) : body);
  return { type: 'error', kind: kind.slice(0, 64), message: text.message, ...defined({ failure }) };
};

export const malformedPart = (message: string): StreamPart => ({ type: 'error', kind: 'malformed', message });

interface Verdict {
  readonly kind: AttemptFailureKind;
  /** What the operator can do. */
  readonly remedy: string;
}

const WRONG_URL: Verdict = {
  kind: 'server-error',
  remedy: 'no such path there; check `base_url` and `dialect` of the tier',
};
const WRONG_MODEL: Verdict = { kind: 'server-error', remedy: 'the tier does not have that model; check its `model`' };
const WRONG_KEY: Verdict = {
  kind: 'unauthorized',
  remedy: 'the tier refuses our key; check the variable named by `auth_env`',
};
const NO_MONEY: Verdict = { kind: 'unauthorized', remedy: "the account behind the tier's key has no credit left" };
const CALLERS_FAULT: Verdict = { kind: 'caller-error', remedy: 'the tier refuses the request itself' };
const BUSY: Verdict = { kind: 'rate-limited', remedy: 'the tier is busy or its rate limit is reached' };
const SLOW: Verdict = { kind: 'timeout', remedy: 'the tier gave up waiting' };
const MOVED: Verdict = { kind: 'malformed', remedy: 'redirects are not followed; put the final URL in `base_url`' };
const BROKEN: Verdict = { kind: 'server-error', remedy: 'the tier failed; see its own log' };

/** Statuses by which a server blames the request. Whatever else it says in the 400s is a fault of the set-up. */
const CALLER_STATUSES: ReadonlySet<number> = new Set([400, 413, 415, 422]);

const judge = (status: number, text: UpstreamErrorText): Verdict => {
  if (status >= 300 && status < 400) return MOVED;
  if (status === 401 || status === 403) return WRONG_KEY;
  if (status === 402) return NO_MONEY;
  if (status === 408) return SLOW;
  if (status === 429) return BUSY;
  const words = allWords(text);
  if (status < 500) {
    if (NO_CREDIT.test(words)) return NO_MONEY;
    if (MODEL_UNKNOWN.test(words)) return WRONG_MODEL;
    if (CALLER_STATUSES.has(status)) return CALLERS_FAULT;
    if (status === 404 && isNamedResource(text)) return CALLERS_FAULT;
    return status === 404 || status === 405 ? WRONG_URL : BROKEN;
  }
  return BROKEN;
};

/** A 404 that names something the caller sent (a file, a container), rather than the path or the model. */
const isNamedResource = ({ message, type }: UpstreamErrorText): boolean =>
  type === 'not_found_error' && /\b(?:file|container|thread|skill|message|batch)\b/i.test(message);

const isOverflowStatus = (status: number): boolean => CALLER_STATUSES.has(status) || status === 500;

/**
 * Classifies an HTTP error reply of a tier. The detail names status, type and remedy, never the upstream's prose, which
 * may quote the prompt; that goes to the caller alone, scrubbed, when the request itself is at fault.
 * @param body at most 64 KiB of the reply
 */
export const classifyError = (status: number, body: string): ToldFailure => {
  const text = readErrorText(parseJson(body));
  const label = `HTTP ${status}${wordIn(text)}`;
  return isOverflowStatus(status) && isContextOverflow(text) ? overflowed(label) : blame(label, status, text);
};

/** The type or code in brackets, if it is a word and no prose. */
const wordIn = ({ type, code }: UpstreamErrorText): string => {
  const named = type ?? code;
  return named !== undefined && /^[\w.-]{1,64}$/.test(named) ? ` (${named})` : '';
};

const overflowed = (label: string): ToldFailure => ({
  kind: 'context-overflow',
  detail: `${label}: the prompt does not fit the tier's window`,
});

const blame = (label: string, status: number, text: UpstreamErrorText): ToldFailure => {
  const { kind, remedy } = judge(status, text);
  const detail = `${label}: ${remedy}`;
  if (kind !== 'caller-error') return { kind, detail };
  const message = text.message === '' ? 'the model server refused the request' : text.message;
  return { kind, detail, upstream: { status, message, ...defined({ type: text.type }) } };
};

/**
 * What an error event says of the attempt: judged like the HTTP reply that the same error is elsewhere. Undefined for
 * words that nobody here knows.
 */
const failureInEvent = (text: UpstreamErrorText, error: unknown): ToldFailure | undefined => {
  const label = `error event${wordIn(text)}`;
  if (isContextOverflow(text)) return overflowed(label);
  const status = statusInWords(text);
  if (status === undefined) return undefined;
  const told = blame(label, status, text);
  if (told.kind !== 'rate-limited' && told.kind !== 'server-error') return told;
  return { ...told, ...defined({ retryAfterMs: waitInWords(error, text.message) }) };
};
