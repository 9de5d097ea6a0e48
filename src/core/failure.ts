/** The closed list of ways a request ends badly, with the status each has by default and a remedy for the operator. */

export type FailureKind =
  // the caller's own mistake
  | 'bad-json'
  | 'bad-request'
  | 'body-too-large'
  | 'too-deep'
  | 'length-required'
  | 'unauthorized'
  | 'not-found'
  | 'no-endpoint'
  | 'method-not-allowed'
  | 'caller-error'
  // no tier may serve it
  | 'over-context'
  | 'denied'
  | 'metered'
  | 'uncredentialed'
  | 'unsupported'
  | 'unavailable'
  | 'pin-unavailable'
  | 'exhausted'
  | 'budget-spent'
  // the router itself
  | 'overloaded'
  | 'draining'
  | 'deadline'
  | 'broken'
  | 'internal';

export interface Failure {
  readonly kind: FailureKind;
  /** HTTP status by kind, or the one that the transport or the tier gave; the error table has the last word. */
  readonly status: number;
  /** Safe to show to the caller: no tier addresses, no keys, no model bytes. */
  readonly message: string;
  /** For the operator only: the true cause and what to do about it. */
  readonly detail?: string;
  /** The request field at fault, for dialects that name it. */
  readonly param?: string;
  /** Seconds until asking again can help, as a tier or the clock has it; the error table decides whether it is told. */
  readonly retryAfterSeconds?: number;
  /** For `over-context`: what the prompt takes and the largest window there is, both in tokens. */
  readonly tokens?: { readonly prompt: number; readonly window: number };
  /** For a Messages caller: the `details` of the error document, where a client waits for them. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** For `caller-error`: the upstream's own reply, to be passed on. */
  readonly upstream?: { readonly status: number; readonly type?: string; readonly message: string };
  /** Methods to list in `Allow`. */
  readonly allow?: string;
}

/** What each kind is called among statuses; the error table says which status each dialect's callers get instead. */
export const STATUS_OF: Record<FailureKind, number> = {
  'bad-json': 400,
  'bad-request': 400,
  'body-too-large': 413,
  'too-deep': 400,
  'length-required': 411,
  unauthorized: 401,
  'not-found': 404,
  'no-endpoint': 404,
  'method-not-allowed': 405,
  'caller-error': 400,
  'over-context': 413,
  denied: 503,
  metered: 503,
  uncredentialed: 503,
  unsupported: 400,
  unavailable: 503,
  'pin-unavailable': 503,
  exhausted: 503,
  'budget-spent': 429,
  overloaded: 503,
  draining: 503,
  deadline: 504,
  broken: 502,
  internal: 500,
};

/** Kinds that mean "no tier may serve this". */
export const NO_TIER_KINDS: ReadonlySet<FailureKind> = new Set([
  'denied',
  'metered',
  'uncredentialed',
  'unavailable',
  'exhausted',
]);

/** Builds a failure with its default status; fields given override. */
export const failure = (
  kind: FailureKind,
  message: string,
  fields: Partial<Omit<Failure, 'kind' | 'message'>> = {},
): Failure => ({
  kind,
  status: STATUS_OF[kind],
  message,
  ...fields,
});

/** True for the failure where something else may stand in its place. */
export const isFailure = (value: unknown): value is Failure =>
  typeof value === 'object' && value !== null && 'kind' in value && 'status' in value;

/** How one attempt on one tier went wrong; decides whether to escalate, to stop, and which breaker hears of it. */
export type AttemptFailureKind =
  /** Connection refused, reset, DNS, TLS. */
  | 'unreachable'
  /** A deadline of the attempt passed; `detail` says which. */
  | 'timeout'
  /** 429: busy or rate-limited. */
  | 'rate-limited'
  /** 5xx. */
  | 'server-error'
  /** 401 or 403: the operator's key is wrong. */
  | 'unauthorized'
  /** The tier's window is too small after all. */
  | 'context-overflow'
  /** 400, 413, 415, 422 that is the caller's own fault. */
  | 'caller-error'
  /** A redirect, a wrong content type, JSON that is none. */
  | 'malformed'
  /** The stream stopped without its terminal marker, or carried an error event. */
  | 'cut-off'
  /** A verifier proved the answer bad. */
  | 'rejected'
  /** The hold buffer or a reply outgrew its limit. */
  | 'overflow'
  /** No slot on the tier within the queue's limits. */
  | 'busy';

export interface AttemptFailure {
  readonly kind: AttemptFailureKind;
  /** Content-free text for log, record and operator. */
  readonly detail: string;
  readonly upstreamStatus?: number;
  readonly retryAfterMs?: number;
  /** A time limit shorter than the tier's own ended it, which says nothing against the tier. */
  readonly hurried?: true;
  /** Its model had to make room for another, which says nothing against the tier. */
  readonly evicted?: true;
  /** For `rejected`: the proof is in what another tier said before, which says nothing against this one. */
  readonly inherited?: true;
  /** For `rejected`: the verifier that had the proof. */
  readonly verifier?: string;
  /** For `rejected`: the finding's word. */
  readonly code?: string;
  /** For `caller-error`: what to pass on to the caller. */
  readonly upstream?: { readonly status: number; readonly type?: string; readonly message: string };
}

/** What a tier's own error says of the attempt. */
export type ToldFailure = Pick<AttemptFailure, 'kind' | 'detail' | 'upstream' | 'retryAfterMs'>;
