/** What a failed attempt means: for the tier's breakers, and for the record. */
import type { AttemptOutcome } from '#core/decision';
import type { AttemptFailure, AttemptFailureKind } from '#core/failure';
import type { BreakerOutcome } from '#router/breaker';

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

/** Only transport trips the availability breaker, only proof of a bad answer the quality one; a caller in a hurry neither. */
export const breakerOutcomeOf = (failure: AttemptFailure): BreakerOutcome =>
  failure.hurried ? 'neutral' : BREAKER_OUTCOMES[failure.kind];

/** @param committed the answer had begun to leave */
export const attemptOutcomeOf = (failure: AttemptFailure, committed: boolean): AttemptOutcome => {
  if (committed) return 'broken';
  return failure.kind === 'rejected' || failure.kind === 'overflow' ? failure.kind : 'error';
};
