/** How is a failure told, so that the caller's program does the right thing? Table, configuration and failure become words. */
import { CODE_OF, type ErrorRow, type ErrorRows, OUTCOME_OF, type Outcome } from '#core/error-outcome';
import { CHAT_ROWS } from '#core/error-rows-chat';
import { MESSAGES_ROWS } from '#core/error-rows-messages';
import { RESPONSES_ROWS } from '#core/error-rows-responses';
import type { Failure } from '#core/failure';
import type { DialectName } from '#core/message';

/** By dialect of the caller. The facts behind the rows were measured on real clients. */
export const ERROR_TABLE: Readonly<Record<DialectName, ErrorRows>> = {
  'anthropic-messages': MESSAGES_ROWS,
  'openai-chat': CHAT_ROWS,
  'openai-responses': RESPONSES_ROWS,
};

/** `head`: status and headers are still open. `stream`: the answer has begun, and only an event can say it. */
export type ErrorPhase = 'head' | 'stream';

/** What a configuration says instead of the table; what it leaves out stays as in the table. */
export interface ErrorRule {
  readonly outcome: Outcome;
  /** Absent: callers of every dialect. */
  readonly dialect?: DialectName;
  readonly status?: number;
  /** Exactly so many; 0: no `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly shouldRetry?: boolean;
  readonly text?: string;
}

export interface ErrorSettings {
  /** For callers without a profile. Later rules win over earlier ones. */
  readonly rules: readonly ErrorRule[];
  /** By name of the access token, for tokens with a profile of their own; complete, not in addition. */
  readonly rulesOfToken: ReadonlyMap<string, readonly ErrorRule[]>;
}

/** A failure in the words chosen for one caller: what dialects put into a document, and the server into headers. */
export interface SaidFailure extends Failure {
  readonly outcome: Outcome;
  readonly type: string;
  readonly code: string;
  /** Value of `x-should-retry`. */
  readonly shouldRetry?: boolean;
}

/** The rules that hold for a caller with this access token. */
export const rulesFor = ({ rules, rulesOfToken }: ErrorSettings, token: string | undefined): readonly ErrorRule[] =>
  (token === undefined ? undefined : rulesOfToken.get(token)) ?? rules;

const ruleFor = (rules: readonly ErrorRule[], outcome: Outcome, dialect: DialectName): Omit<ErrorRule, 'outcome'> =>
  Object.assign(
    {},
    ...rules.filter((rule) => rule.outcome === outcome && (rule.dialect === undefined || rule.dialect === dialect)),
  );

const waitOf = ({ retryAfter }: ErrorRow, known: number | undefined): number | undefined => {
  if (retryAfter === 'never') return undefined;
  return known ?? (retryAfter === 'known' ? undefined : retryAfter);
};

const messageOf = ({ wording }: ErrorRow, { message, tokens, upstream }: Failure): string => {
  if (upstream) return upstream.message;
  if (!wording) return message;
  // A prompt that our estimate lets pass, but a tier does not: numbers that say otherwise would only confuse.
  const exact = tokens !== undefined && tokens.prompt > tokens.window;
  return (exact ? wording.exact : wording.vague)
    .replace('{prompt}', String(tokens?.prompt))
    .replace('{window}', String(tokens?.window))
    .replace('{message}', () => message);
};

const wordsOf = (row: ErrorRow, failure: Failure, is5xx: boolean): Pick<SaidFailure, 'type' | 'code'> => {
  const own = { type: row.type, code: row.code ?? CODE_OF[failure.kind] };
  return is5xx ? own : { ...own, ...row.unless5xx };
};

/**
 * Chooses the words. The one place where a failure gets its status, headers, type, code and message.
 * @param rules of the configuration; a later one wins
 */
export const sayFailure = (
  failure: Failure,
  dialect: DialectName,
  phase: ErrorPhase,
  rules: readonly ErrorRule[] = [],
): SaidFailure => {
  const outcome = OUTCOME_OF[failure.kind];
  const row = ERROR_TABLE[dialect][outcome];
  const rule = ruleFor(rules, outcome, dialect);
  const status = rule.status ?? (row.status === 'own' ? failure.status : row.status);
  const wait = rule.retryAfterSeconds ?? waitOf(row, failure.retryAfterSeconds);
  const shouldRetry = rule.shouldRetry ?? row.shouldRetry;
  const { retryAfterSeconds: _, ...rest } = failure;
  return {
    ...rest,
    outcome,
    status,
    ...wordsOf(row, failure, phase === 'head' && status >= 500),
    message: rule.text ?? messageOf(row, failure),
    ...(wait === undefined || wait === 0 ? {} : { retryAfterSeconds: wait }),
    ...(shouldRetry === undefined ? {} : { shouldRetry }),
  };
};
