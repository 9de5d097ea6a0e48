/** Everything that goes wrong between a router and its tiers, as one table: how a fake tier does it, what it must count as. */
import type { AttemptFailureKind } from '#core/failure';
import type { DialectName } from '#core/message';
import { type Answer, hugeAnswer } from '#tests/support/answer';
import {
  answerSteps,
  bytesOf,
  chunksOf,
  errorBodyFor,
  errorEventFor,
  eventsFor,
  wholeFor,
} from '#tests/support/answers';
import { json, type Step, type Steps, sse, sseHead } from '#tests/support/fake-tier-steps';
import { type OverflowEngine, overflowReply } from '#tests/support/overflow-replies';
import type { Random } from '#tests/support/random';

/** What a fault is applied to. */
export interface FaultContext {
  readonly dialect: DialectName;
  /** Whether the tier was asked to stream. */
  readonly stream: boolean;
  /** The answer that was going to be given. */
  readonly answer: Answer;
  /** For cuts: how many bytes of the body get out; half of them when absent. */
  readonly cutAt?: number;
}

/** How a fault shows on the wire. */
export type FaultShows =
  /** The connection is refused; script it with a stopped tier or a refused port. */
  | 'refused'
  /** The connection ends or breaks before a whole reply head. */
  | 'no-head'
  /** A reply head whose status alone tells. */
  | 'status'
  /** A 200 whose body is wrong but ends as announced. */
  | 'bad-body'
  /** A 200 whose body breaks off. */
  | 'broken-body'
  /** Silence that only a deadline ends. */
  | 'silence'
  /** A body that never stops. */
  | 'endless';

export interface TierFault {
  readonly shows: FaultShows;
  /** What an attempt must call it. */
  readonly kind: AttemptFailureKind;
  /** What it may count as instead: a reset can overtake the bytes sent before it. */
  readonly orKind?: AttemptFailureKind;
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** Absent: occurs whether the tier streams or not. */
  readonly only?: 'stream' | 'whole';
  /** Absent: occurs in both. */
  readonly dialect?: DialectName;
  /** The steps; a tier may see the same request twice (a reset before the head is worth one more try). */
  readonly steps: (context: FaultContext) => Steps;
}

const errorReply =
  (status: number, type: string, message: string, headers: Readonly<Record<string, string>> = {}) =>
  (context: FaultContext): Step[] =>
    json(status, errorBodyFor(context.dialect, type, message), headers);

const status = (
  code: number,
  kind: AttemptFailureKind,
  type: string,
  message: string,
  retryAfterSeconds?: number,
): TierFault => {
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return {
    shows: 'status',
    kind,
    status: code,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 }),
    steps: errorReply(code, type, message, headers),
  };
};

const overflow = (engine: OverflowEngine, dialect: DialectName): TierFault => {
  const reply = overflowReply(engine);
  return {
    shows: 'status',
    kind: 'context-overflow',
    status: reply.status,
    dialect,
    steps: () => json(reply.status, reply.body),
  };
};

/** The body a tier was going to send, as bytes. */
const bodyOf = (context: FaultContext): Uint8Array =>
  context.stream
    ? bytesOf(eventsFor(context.dialect, context.answer))
    : Buffer.from(JSON.stringify(wholeFor(context.dialect, context.answer)));

/** The part of a body that gets out, never all of it. */
const cutBody = (context: FaultContext): Uint8Array => {
  const body = bodyOf(context);
  return body.subarray(0, Math.min(context.cutAt ?? Math.floor(body.length / 2), body.length - 1));
};

const cut =
  (how: Step) =>
  (context: FaultContext): Step[] => {
    const head: Step = context.stream
      ? sseHead()
      : {
          status: 200,
          headers: { 'content-type': 'application/json', 'content-length': String(bodyOf(context).length) },
        };
    return [head, { chunk: cutBody(context) }, how];
  };

/** The events of an answer up to the first one that carries some of it. */
const opening = (context: FaultContext): string[] => eventsFor(context.dialect, context.answer).slice(0, 3);

const insteadOfTheRest =
  (event: (context: FaultContext) => string) =>
  (context: FaultContext): Step[] =>
    sse([...opening(context), event(context)]);

async function* endlessly(context: FaultContext): AsyncGenerator<Step> {
  const events = eventsFor(context.dialect, hugeAnswer(64 * 1024));
  const middle = Buffer.from(events.slice(3, -4).join(''));
  yield sseHead();
  for (const event of events.slice(0, 3)) yield { chunk: event };
  for (;;) yield { chunk: middle };
}

/**
 * The fault catalogue of a tier. Proofs that an answer is bad although its transfer is sound are in
 * `BAD_ANSWERS`; what callers and the rest of the world do is below.
 */
export const TIER_FAULTS = {
  // ---- no reply
  refused: { shows: 'refused', kind: 'unreachable', steps: () => [{ reset: true }] },
  'reset before the head': { shows: 'no-head', kind: 'unreachable', steps: () => [{ reset: true }] },
  'closed before the head': { shows: 'no-head', kind: 'unreachable', steps: () => [{ close: true }] },
  'not HTTP': { shows: 'no-head', kind: 'malformed', steps: () => [{ raw: 'SSH-2.0-fake\r\n\r\n' }, { close: true }] },
  'hang before the head': { shows: 'silence', kind: 'timeout', steps: () => [{ hang: true }] },
  /** Answers well once the gate `slow head` is released; a timeout when that is too late. */
  'slow head': {
    shows: 'silence',
    kind: 'timeout',
    steps: (context) => [{ waitFor: 'slow head' }, ...answerSteps(context.dialect, context.stream, context.answer)],
  },

  // ---- a reply that says no
  'rate limited': status(429, 'rate-limited', 'rate_limit_error', 'slow down'),
  'rate limited, come back': status(429, 'rate-limited', 'rate_limit_error', 'slow down', 7),
  'internal error': status(500, 'server-error', 'api_error', 'CUDA error: an illegal memory access was encountered'),
  'bad gateway': status(502, 'server-error', 'api_error', 'upstream connect error'),
  unavailable: status(503, 'server-error', 'overloaded_error', 'no slot available'),
  'unavailable, come back': status(503, 'server-error', 'overloaded_error', 'loading model', 30),
  overloaded: status(529, 'server-error', 'overloaded_error', 'Overloaded'),
  'key refused': status(401, 'unauthorized', 'authentication_error', 'invalid api key'),
  'key not allowed': status(403, 'unauthorized', 'permission_error', 'not allowed'),
  'no credit left': status(402, 'unauthorized', 'billing_error', 'Your credit balance is too low'),
  /** The operator named a model the tier does not have; no caller can mend that. */
  'model unknown': status(404, 'server-error', 'not_found_error', 'The model `fake-model` does not exist.'),
  'path unknown': status(404, 'server-error', 'not_found_error', 'Not Found'),
  'gave up waiting': status(408, 'timeout', 'timeout_error', 'request timed out'),
  'bad request': status(400, 'caller-error', 'invalid_request_error', 'messages.0.role: unexpected value'),
  'body too large': status(413, 'caller-error', 'request_too_large', 'request exceeds the maximum size'),
  'unsupported media': status(415, 'caller-error', 'invalid_request_error', 'unsupported media type'),
  unprocessable: status(422, 'caller-error', 'invalid_request_error', 'temperature must be at most 2'),

  // ---- the window is too small after all, in each engine's words
  'overflow, vLLM': overflow('vllm', 'openai-chat'),
  'overflow, vLLM since 0.15': overflow('vllm-0.15', 'openai-chat'),
  'overflow, SGLang': overflow('sglang', 'openai-chat'),
  'overflow, SGLang total': overflow('sglang-total', 'openai-chat'),
  'overflow, llama.cpp': overflow('llama.cpp', 'openai-chat'),
  'overflow, LM Studio': overflow('lm-studio', 'openai-chat'),
  'overflow, Ollama': overflow('ollama', 'openai-chat'),
  'overflow, OpenAI': overflow('openai', 'openai-chat'),
  'overflow, Anthropic': overflow('anthropic', 'anthropic-messages'),

  // ---- a reply that makes no sense
  redirect: {
    shows: 'status',
    kind: 'malformed',
    status: 302,
    steps: () => [{ status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere', 'content-length': '0' } }],
  },
  'a web page': {
    shows: 'bad-body',
    kind: 'malformed',
    steps: () => [{ status: 200, headers: { 'content-type': 'text/html' } }, { chunk: '<html>login</html>' }],
  },
  'empty reply': {
    shows: 'bad-body',
    kind: 'malformed',
    steps: () => [{ status: 200, headers: { 'content-type': 'application/json', 'content-length': '0' } }],
  },
  'empty stream': { shows: 'bad-body', kind: 'cut-off', only: 'stream', steps: () => sse([]) },
  'JSON of another kind': { shows: 'bad-body', kind: 'malformed', steps: () => json(200, { status: 'ok' }) },
  'half a JSON document': {
    shows: 'bad-body',
    kind: 'malformed',
    only: 'whole',
    steps: (context) => [{ status: 200, headers: { 'content-type': 'application/json' } }, { chunk: cutBody(context) }],
  },
  'malformed frame': {
    shows: 'bad-body',
    kind: 'malformed',
    only: 'stream',
    steps: insteadOfTheRest(() => 'event: content_block_delta\ndata: {"choices": [{"delta": {"content"\n\n'),
  },

  // ---- an answer that breaks off
  'cut, connection closed': { shows: 'broken-body', kind: 'cut-off', steps: cut({ close: true }) },
  'cut, connection reset': {
    shows: 'broken-body',
    kind: 'cut-off',
    orKind: 'unreachable',
    steps: cut({ reset: true }),
  },
  'cut, stream ends cleanly': {
    shows: 'bad-body',
    kind: 'cut-off',
    only: 'stream',
    steps: (context) => sse(opening(context)),
  },
  'error event': {
    shows: 'bad-body',
    kind: 'server-error',
    only: 'stream',
    steps: insteadOfTheRest((context) => errorEventFor(context.dialect, 'the engine died')),
  },
  'error event first': {
    shows: 'bad-body',
    kind: 'server-error',
    only: 'stream',
    steps: (context) => sse([errorEventFor(context.dialect, 'no free slot')]),
  },
  'silence in the middle': {
    shows: 'silence',
    kind: 'timeout',
    only: 'stream',
    steps: (context) => [...sse(opening(context)), { hang: true }],
  },
  'endless answer': { shows: 'endless', kind: 'overflow', only: 'stream', steps: endlessly },
} as const satisfies Record<string, TierFault>;

export type TierFaultName = keyof typeof TIER_FAULTS;

/** A fault by name, with the optional fields of the type. */
export const tierFault = (name: TierFaultName): TierFault => TIER_FAULTS[name];

/** The names that can happen to such a request, in the order of the table. */
export const faultsFor = (dialect: DialectName, stream: boolean): TierFaultName[] =>
  (Object.keys(TIER_FAULTS) as TierFaultName[]).filter((name) => {
    const fault = tierFault(name);
    return (
      (fault.dialect ?? dialect) === dialect &&
      (fault.only ?? (stream ? 'stream' : 'whole')) === (stream ? 'stream' : 'whole')
    );
  });

/** A fault chosen by seed, with a place to cut at. */
export const pickFault = (
  random: Random,
  context: FaultContext,
): { readonly name: TierFaultName; readonly fault: TierFault; readonly steps: Steps } => {
  const name = random.pick(faultsFor(context.dialect, context.stream));
  const fault = tierFault(name);
  const cutAt = random.integer(0, Math.max(0, bodyOf(context).length - 1));
  return { name, fault, steps: fault.steps({ ...context, cutAt }) };
};

/** Odd but sound: what real servers do and a router must serve as if nothing were. */
export const ODDITIES = {
  'no [DONE] after the finish reason': {
    only: 'stream',
    dialect: 'openai-chat',
    steps: (context) => sse(eventsFor(context.dialect, { ...context.answer, terminal: false })),
  },
  'comments and blank lines in between': {
    only: 'stream',
    steps: (context) => sse(eventsFor(context.dialect, context.answer).map((event) => `: tick\n\n\n${event}`)),
  },
  'CRLF line ends': {
    only: 'stream',
    steps: (context) => sse(eventsFor(context.dialect, context.answer).map((event) => event.replaceAll('\n', '\r\n'))),
  },
  'everything in one write': {
    only: 'stream',
    steps: (context) => sse([eventsFor(context.dialect, context.answer).join('')]),
  },
  'one byte at a time': {
    only: 'stream',
    steps: (context) => sse(chunksOf(bytesOf(eventsFor(context.dialect, context.answer)), 1)),
  },
  'JSON although a stream was asked for': {
    only: 'stream',
    steps: (context) => answerSteps(context.dialect, false, context.answer),
  },
  'connection closed after the answer': {
    steps: (context) => [
      ...answerSteps(context.dialect, context.stream, context.answer),
      { end: true },
      { close: true },
    ],
  },
} as const satisfies Record<string, Pick<TierFault, 'only' | 'dialect' | 'steps'>>;

/** What callers do to a router, for simulations to act out. */
export const CALLER_FAULTS = [
  'slow reader',
  'leaves before the head',
  'leaves at an event',
  'leaves at the end',
] as const;
export type CallerFault = (typeof CALLER_FAULTS)[number];
