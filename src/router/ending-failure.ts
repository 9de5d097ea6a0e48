/** What is the caller told of a request that did not finish well? One failure, from all that was tried. */
import type { AttemptRecord } from '#core/decision';
import { brokenFailure, callerFault, exhaustionFailure } from '#core/exhaustion';
import type { AttemptFailure, Failure } from '#core/failure';
import { uncarriedFailure } from '#core/loss-refusal';
import type { DialectName } from '#core/message';
import type { Plan } from '#core/plan';
import type { RequestEnding } from '#machines/request.machine';

export interface Tried {
  readonly caller: DialectName;
  readonly plan: Plan;
  readonly attempts: readonly AttemptRecord[];
  /** Failure of the last attempt that reached a tier. */
  readonly last: AttemptFailure | undefined;
  /** The first field for which a tier was passed over. */
  readonly uncarried: string | undefined;
  /** Largest window that proved too small, in tokens; 0 when none did. */
  readonly windowTooSmall: number;
  readonly retryAfterMs: number | undefined;
}

/** Undefined for endings that are no failure of ours: finished, or the caller left. */
export const endingFailure = (ending: RequestEnding, tried: Tried): Failure | undefined => {
  const { plan, attempts, last, uncarried, windowTooSmall, retryAfterMs } = tried;
  if (ending.outcome === 'broken') {
    return brokenFailure(last, attempts.map(({ tier, detail, outcome }) => `${tier}: ${detail ?? outcome}`).join('; '));
  }
  if (ending.outcome === 'refused' && last) return callerFault(last);
  if (ending.outcome !== 'exhausted') return undefined;
  return (
    uncarriedFailure(plan, attempts, uncarried, tried.caller) ??
    exhaustionFailure({
      attempts,
      last,
      deadlinePassed: ending.deadlinePassed,
      exactTier: plan.intent.exact ? plan.candidates[0]?.tier.id : undefined,
      retryAfterMs,
      tokens: { prompt: plan.promptTokens.best, window: windowTooSmall },
    })
  );
};
