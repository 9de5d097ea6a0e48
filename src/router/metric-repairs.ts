/** Which series do repairs, further questions, answers carried on and early stops move? */
import type { AttemptRecord } from '#core/decision';
import { wasSent } from '#core/decision-facts';
import { MEND_KINDS } from '#core/repair';
import type { Registry } from '#platform/prom-client-parts';
import { amount, counter } from '#router/metric-parts';

const KINDS: ReadonlySet<string> = new Set(MEND_KINDS);

/** Counts one attempt; `tier` is its label. */
export const repairMetrics = (registry: Registry): ((attempt: AttemptRecord, tier: string) => void) => {
  const mends = counter(registry, 'mends_total', 'Deterministic repairs, of answers that failed after all too.', [
    'tier',
    'kind',
  ]);
  const askedAgain = counter(registry, 'asked_again_total', 'Questions to a tier for one failed block.', [
    'tier',
    'outcome',
  ]);
  const resumed = counter(registry, 'resumed_total', 'Attempts to carry on a text that broke off elsewhere.', [
    'tier',
    'outcome',
  ]);
  const stopped = counter(
    registry,
    'early_stop_tokens_total',
    'Output tokens of answers that proof stopped: spent until then, and what such answers have beyond it on average.',
    ['tier', 'kind'],
  );

  return (attempt, tier) => {
    const { role, outcome, stopped: stop } = attempt;
    for (const { kind, count } of attempt.mends ?? [])
      mends.inc({ tier, kind: KINDS.has(kind) ? kind : 'other' }, amount(count));
    if (role !== undefined && wasSent(attempt)) (role === 'ask-again' ? askedAgain : resumed).inc({ tier, outcome });
    if (!stop) return;
    stopped.inc({ tier, kind: 'spent' }, amount(stop.spentTokens));
    stopped.inc({ tier, kind: 'saved_estimated' }, amount(stop.savedTokensEstimated));
  };
};
