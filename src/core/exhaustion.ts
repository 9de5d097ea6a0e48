/** How to refuse when the candidates are used up: one failure for the caller, the whole story for the operator. */
import type { AttemptRecord } from '#core/decision';
import { type AttemptFailure, type Failure, failure } from '#core/failure';
import { BUDGET_MESSAGE, NO_TIER_MESSAGE, OVER_CONTEXT_MESSAGE } from '#core/refusal';
import type { SlotRefusalKind } from '#core/slot-lease';

export interface Ending {
  readonly attempts: readonly AttemptRecord[];
  /** Failure of the last attempt that reached a tier. */
  readonly last: AttemptFailure | undefined;
  readonly deadlinePassed: boolean;
  /** Set for aliases and pins: the one tier that may serve. */
  readonly exactTier: string | undefined;
  /** Shortest wait that a tier itself asked for, in milliseconds; when the router looks again is nobody else's business. */
  readonly retryAfterMs: number | undefined;
  /** The prompt as estimated, and the largest window that a tier found too small for it. */
  readonly tokens?: NonNullable<Failure['tokens']>;
}

const storyOf = (attempts: readonly AttemptRecord[]): string =>
  attempts.map((attempt) => `${attempt.tier}: ${attempt.detail ?? attempt.outcome}`).join('; ');

const endedAll = ({ attempts }: Ending, wanted: AttemptRecord['outcome']): boolean =>
  attempts.length > 0 && attempts.every(({ outcome }) => outcome === wanted);

/** A model that could not be lent for want of room: fewer requests would help, as with a place. */
const FOR_WANT_OF_ROOM: ReadonlySet<SlotRefusalKind> = new Set(['queue-full', 'wait-limit']);

const allAreBusy = (ending: Ending): boolean =>
  endedAll(ending, 'skipped-busy') &&
  ending.attempts.every(({ slot }) => slot?.refused === undefined || FOR_WANT_OF_ROOM.has(slot.refused));

/** Why the one tier that was meant did not serve, in a word. */
const reasonOf = ({ last, attempts }: Ending): string => last?.kind ?? attempts.at(-1)?.slot?.refused ?? 'not asked';

const retryAfter = ({ retryAfterMs }: Ending): Pick<Failure, 'retryAfterSeconds'> =>
  retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) };

const pinUnavailable = (tier: string, ending: Ending, detail: string): Failure =>
  failure(
    'pin-unavailable',
    `tier ${tier} is unavailable (${reasonOf(ending)}); no other tier is tried for an exact name`,
    {
      detail,
      ...retryAfter(ending),
    },
  );

/** Builds the failure of a request that no candidate could serve. */
export const exhaustionFailure = (ending: Ending): Failure => {
  const detail = storyOf(ending.attempts);
  if (ending.last?.kind === 'context-overflow')
    return failure('over-context', OVER_CONTEXT_MESSAGE, {
      detail,
      ...(ending.tokens === undefined ? {} : { tokens: ending.tokens }),
    });
  if (ending.deadlinePassed)
    return failure('deadline', 'no tier answered within the time allowed for one request', {
      detail,
      ...retryAfter(ending),
    });
  if (endedAll(ending, 'skipped-budget')) return failure('budget-spent', BUDGET_MESSAGE, { detail });
  if (allAreBusy(ending))
    return failure('overloaded', 'every model server for this request is busy; try again shortly', {
      detail,
      retryAfterSeconds: 2,
      ...retryAfter(ending),
    });
  if (ending.exactTier !== undefined) return pinUnavailable(ending.exactTier, ending, detail);
  return failure('exhausted', NO_TIER_MESSAGE, {
    detail,
    ...retryAfter(ending),
  });
};

/** The caller's own mistake as the upstream told it, to be passed on in the caller's dialect. */
export const callerFault = (last: AttemptFailure): Failure =>
  failure('caller-error', last.upstream?.message ?? 'the request was refused by the model server', {
    status: last.upstream?.status ?? 400,
    detail: last.detail,
    ...(last.upstream ? { upstream: last.upstream } : {}),
  });

/** What ends a stream that has begun to leave. */
export const brokenFailure = (last: AttemptFailure | undefined, detail: string): Failure =>
  failure(
    'broken',
    `the answer broke off: ${last?.kind === 'rejected' ? 'it failed verification' : 'the model server failed'}; nothing more follows`,
    { detail },
  );
