/** Which series do waits for models on shared GPUs move, as requests lived through them? */
import type { AttemptRecord } from '#core/decision';
import type { Registry } from '#platform/prom-client-parts';
import { counter, histogram, seconds } from '#router/metric-parts';

/** Seconds. A model that is there is had at once; a large one takes minutes to load. */
const WAIT_BUCKETS = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640];

/** Counts one attempt; `tier` is its label. The multiplexer counts its own swaps, this counts what they cost callers. */
export const slotMetrics = (registry: Registry): ((attempt: AttemptRecord, tier: string) => void) => {
  const waits = histogram(
    registry,
    'slot_wait_seconds',
    'Waits for a model on a shared GPU, by what had to happen first; refused: it was not lent.',
    ['tier', 'needed'],
    WAIT_BUCKETS,
  );
  const refusals = counter(registry, 'slot_refusals_total', 'Attempts that were refused their model, by kind.', [
    'tier',
    'kind',
  ]);
  const cuts = counter(registry, 'slot_cuts_total', 'Answers ended because their model had to make room.', ['tier']);

  return ({ slot }, tier) => {
    if (!slot) return;
    waits.observe({ tier, needed: slot.needed ?? 'refused' }, seconds(slot.waitedMs));
    if (slot.refused !== undefined) refusals.inc({ tier, kind: slot.refused });
    if (slot.cut) cuts.inc({ tier });
  };
};
