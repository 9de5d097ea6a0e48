/** What does an ended attempt mean: for the tier's breakers, for its presence, and for the record? */
import type { AttemptOutcome } from '#core/decision';
import type { AttemptFailure, AttemptFailureKind } from '#core/failure';
import type { BreakerOutcome } from '#router/breaker';
import type { EndedAttempt } from '#router/record';
import type { Presence } from '#upstream/presence';

const BREAKER_OUTCOMES: Record<AttemptFailureKind, BreakerOutcome> = {
  unreachable: 'transport-failure',
  timeout: 'transport-failure',
  'rate-limited': 'transport-failure',
  'server-error': 'transport-failure',
  unauthorized: 'transport-failure',
  malformed: 'transport-failure',
  'cut-off': 'transport-failure',
  rejected: 'rejected',
  overflow: 'rejected',
  'context-overflow': 'neutral',
  'caller-error': 'neutral',
  busy: 'neutral',
};

/** Another model has waited too long for the room of the one that answers. */
export const EVICTED: AttemptFailure = {
  kind: 'cut-off',
  detail: 'its model had to make room for another before the answer had ended',
  evicted: true,
};

/** Only transport trips the availability breaker, only proof of a bad answer the quality one; neither hears of what others wanted or said. */
export const breakerOutcomeOf = (failure: AttemptFailure): BreakerOutcome =>
  failure.hurried || failure.inherited || failure.evicted ? 'neutral' : BREAKER_OUTCOMES[failure.kind];

/** @param committed the answer had begun to leave */
export const attemptOutcomeOf = (failure: AttemptFailure, committed: boolean): AttemptOutcome => {
  if (committed) return 'broken';
  return failure.kind === 'rejected' || failure.kind === 'overflow' ? failure.kind : 'error';
};

/** What the attempt tells about the tier's presence. */
export const notePresence = (
  presence: Pick<Presence, 'heard' | 'lost' | 'rest'>,
  { candidate: { tier }, attempt }: Pick<EndedAttempt, 'candidate' | 'attempt'>,
  failed: AttemptFailure | undefined,
): void => {
  if (attempt.progress.headersAt !== undefined) presence.heard(tier.id);
  if (failed?.kind === 'unreachable') presence.lost(tier.id);
  if (failed?.retryAfterMs !== undefined) presence.rest(tier.id, failed.retryAfterMs);
};
