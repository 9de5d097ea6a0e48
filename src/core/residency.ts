/** What may the router know of models that share a GPU, and how does it get hold of one? Filled in by the entry layer. */
import type { SlotLease, SlotRefusal, SlotWish } from '#core/slot-lease';
import type { SlotsStatus } from '#core/slots-status';
import type { SwapEstimate } from '#core/swap';
import type { Tier } from '#core/tier';

/** A tier's model on its GPU, at this moment. */
export interface TierResidency extends SwapEstimate {
  /** Requests it serves, and requests that wait for it. */
  readonly inFlight: number;
  readonly queued: number;
}

export interface SlotSource {
  /** Undefined for a tier without a swap group, or when nothing fresh is known of it. */
  residency(tier: Tier): TierResidency | undefined;
  /**
   * A lease on the tier's model, waited for. Undefined when this tier needs none from here: it shares nothing, or the
   * multiplexer that it names lends it itself. The promise never rejects.
   */
  acquire(tier: Tier, wish: SlotWish): Promise<SlotLease | SlotRefusal> | undefined;
  /** What the multiplexer of each declared swap group says of itself; undefined while nothing fresh is known of it. */
  groups(): Readonly<Record<string, SlotsStatus | undefined>>;
}
