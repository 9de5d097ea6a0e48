/** Where is a model on its way to the GPU, by a status that is some time old? */
import type { TierResidency } from '#core/residency';
import type { SlotStatus, SlotsStatus } from '#core/slots-status';
import type { SlotState } from '#core/swap';

const UNDER_WAY: ReadonlySet<SlotState> = new Set(['loading', 'draining', 'unloading']);

/** Only what has begun comes nearer by itself: its own load, or the making of room for it. */
const isComing = (slot: SlotStatus, { slots }: SlotsStatus): boolean =>
  UNDER_WAY.has(slot.state) || slots.some((other) => other.vacated_for === slot.model && UNDER_WAY.has(other.state));

const readyInMs = (slot: SlotStatus, status: SlotsStatus, agedMs: number): number => {
  if (isComing(slot, status)) return Math.max(0, slot.ready_in_ms - agedMs);
  // The rest of a failed one passes; its load still lies behind it.
  if (slot.state === 'failed') return Math.max(0, slot.ready_in_ms - Math.min(agedMs, slot.retry_in_ms ?? 0));
  return slot.ready_in_ms;
};

/**
 * Undefined for a model that the multiplexer does not have.
 * @param agedMs since the status was received
 */
export const residencyIn = (status: SlotsStatus, model: string, agedMs: number): TierResidency | undefined => {
  const slot = status.slots.find((one) => one.model === model);
  if (slot === undefined) return undefined;
  const { state, needs, leases, waiting } = slot;
  return { state, needs, readyInMs: readyInMs(slot, status, agedMs), inFlight: leases, queued: waiting };
};
