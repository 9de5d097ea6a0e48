/** How is something that went wrong told to a caller of the multiplexer: which status, which words, in whose shape? */
import type { Dialect } from '#core/dialect';
import { sayFailure } from '#core/error-table';
import { type Failure, type FailureKind, failure } from '#core/failure';
import { CUT_WORDS, type SlotRefusal, type SlotRefusalKind } from '#core/slot-lease';
import { json } from '#server/operator';

/** Words of v0.9, which scripts look for, and one for the token that v0.9 did not know. */
export type TroubleType =
  | 'invalid_request'
  | 'model_not_found'
  | 'insufficient_memory'
  | 'backend_unavailable'
  | 'internal_error'
  | 'not_found'
  | 'unauthorized';

export interface Trouble {
  readonly type: TroubleType;
  readonly status: number;
  /** Finer than the type. */
  readonly code: string;
  /** Safe to show. */
  readonly message: string;
  readonly retryAfterMs?: number;
  /** Set when it was refused its model: told in a header, for a router behind this door. */
  readonly refused?: SlotRefusalKind;
  /** How many wait before it. */
  readonly position?: number;
  /** The last lines of the model's server, for the operator. */
  readonly lines?: readonly string[];
}

/** True where a value that may stand in its place was expected: no `Response` and no reply of a server has a code. */
export const isTrouble = (value: object): value is Trouble => 'code' in value && 'type' in value && 'status' in value;

const STATUS = {
  invalid_request: 400,
  model_not_found: 404,
  insufficient_memory: 503,
  backend_unavailable: 503,
  internal_error: 500,
  not_found: 404,
  unauthorized: 401,
} as const satisfies Record<TroubleType, number>;

export const trouble = (
  type: TroubleType,
  message: string,
  fields: Partial<Omit<Trouble, 'type' | 'message'>> = {},
): Trouble => ({ type, status: STATUS[type], code: type, message, ...fields });

/** For a visit that nobody waits for any more; 499 is what access logs call it. */
export const CALLER_GONE = trouble('invalid_request', 'the caller went away', { status: 499, code: 'aborted' });

/** The answer was ended because a drain lasted too long, or the operator did not want to wait. */
export const CUT = trouble('backend_unavailable', `${CUT_WORDS}; ask again`, { code: 'cut', retryAfterMs: 1_000 });

export const unauthorized = (why: string): Trouble => trouble('unauthorized', why, { code: 'invalid_api_key' });

/** Names listed of the models there are. */
const NAMES_SHOWN_MAX = 50;
const NAME_CHARS_SHOWN = 80;

export const unknownModel = (asked: string, known: readonly string[]): Trouble => {
  const more = known.length > NAMES_SHOWN_MAX ? `, and ${known.length - NAMES_SHOWN_MAX} more` : '';
  const names = known.slice(0, NAMES_SHOWN_MAX).join(', ') + more;
  return trouble(
    'model_not_found',
    `unknown model ${JSON.stringify(asked.slice(0, NAME_CHARS_SHOWN))}; known: ${names}`,
  );
};

const TYPE_OF: Readonly<Record<SlotRefusalKind, TroubleType>> = {
  'unknown-model': 'model_not_found',
  'queue-full': 'backend_unavailable',
  'wait-limit': 'backend_unavailable',
  'load-failed': 'backend_unavailable',
  'no-memory': 'insufficient_memory',
  unavailable: 'backend_unavailable',
  aborted: 'invalid_request',
};

/** A refusal of the scheduler as its caller hears it. */
export const refusalTrouble = (refusal: SlotRefusal): Trouble => {
  const { refused, message, retryAfterMs, position, lines } = refusal;
  if (refused === 'aborted') return CALLER_GONE;
  return trouble(TYPE_OF[refused], refused === 'load-failed' ? `backend failed to start: ${message}` : message, {
    code: refused.replaceAll('-', '_'),
    refused,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(position === undefined ? {} : { position }),
    ...(lines === undefined || lines.length === 0 ? {} : { lines }),
  });
};

/** What the body reader found fault with. */
export const bodyTrouble = ({ status, message }: Failure): Trouble =>
  trouble('invalid_request', /^bad JSON body: /.test(message) ? message.replace('bad JSON', 'bad') : message, {
    status,
    code: status === 413 ? 'payload_too_large' : 'invalid_request',
  });

const ANTHROPIC_TYPE: Readonly<Record<TroubleType, string>> = {
  invalid_request: 'invalid_request_error',
  model_not_found: 'not_found_error',
  insufficient_memory: 'api_error',
  backend_unavailable: 'overloaded_error',
  internal_error: 'api_error',
  not_found: 'not_found_error',
  unauthorized: 'authentication_error',
};

/** Codes that waiting does not mend: Anthropic's clients ask again after an `overloaded_error`. */
const NOT_OVERLOADED: ReadonlySet<string> = new Set(['load_failed', 'unreachable', 'broken']);

const anthropicType = ({ type, code, status }: Trouble): string => {
  if (status === 413) return 'request_too_large';
  return NOT_OVERLOADED.has(code) ? 'api_error' : ANTHROPIC_TYPE[type];
};

const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

const extras = ({ retryAfterMs, position, lines }: Trouble): Record<string, unknown> => ({
  ...(retryAfterMs === undefined ? {} : { retry_after_seconds: secondsOf(retryAfterMs) }),
  ...(position === undefined ? {} : { position }),
  ...(lines === undefined ? {} : { lines }),
});

/** The error before anything has left: a document in the shape that this route's callers read. */
export const troubleResponse = (
  said: Trouble,
  dialect: Pick<Dialect, 'name'> | undefined,
  requestId: string,
): Response => {
  const { type, code, message, retryAfterMs, refused } = said;
  const headers = {
    'x-request-id': requestId,
    ...(refused === undefined ? {} : { 'x-anvil-slot-refused': refused }),
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(secondsOf(retryAfterMs)) }),
  };
  const body =
    dialect?.name === 'anthropic-messages'
      ? {
          type: 'error',
          error: { type: anthropicType(said), message, code, ...extras(said) },
          request_id: requestId,
        }
      : { error: { type, message, code, ...extras(said) } };
  return json(body, said.status, headers);
};

const KIND_OF: Readonly<Record<TroubleType, FailureKind>> = {
  invalid_request: 'bad-request',
  model_not_found: 'not-found',
  insufficient_memory: 'unavailable',
  backend_unavailable: 'unavailable',
  internal_error: 'internal',
  not_found: 'no-endpoint',
  unauthorized: 'unauthorized',
};

/** What passes by itself, or may work the next time: the words of these make clients ask again. */
const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  queue_full: 'overloaded',
  wait_limit: 'overloaded',
  overloaded: 'overloaded',
  unavailable: 'draining',
  unreachable: 'broken',
  broken: 'broken',
  cut: 'broken',
};

/** The error inside a stream, as SSE text of the dialect. */
export const troubleEvent = (said: Trouble, dialect: Dialect, requestId: string): string => {
  const kind = KIND_OF_CODE[said.code] ?? KIND_OF[said.type];
  return dialect.errorEvent(sayFailure(failure(kind, said.message), dialect.name, 'stream'), requestId);
};
