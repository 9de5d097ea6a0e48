/** What a decision may ask about the present state of the tiers. Answers are snapshots; the router fills them in. */
import type { BudgetState } from '#core/budget';
import type { TierResidency } from '#core/residency';
import type { Tier } from '#core/tier';
import type { WorkClass } from '#core/work-class';

export interface BreakerPeek {
  readonly state: 'closed' | 'open' | 'half-open';
  readonly retryAfterMs: number;
}

export interface TierLoad {
  readonly inFlight: number;
  readonly queued: number;
}

export interface FirstByteWish {
  readonly maxMs: number;
  /** How long this tier's answers took to begin lately, in milliseconds; undefined before any was seen. */
  readonly measuredMs: (tier: Tier) => number | undefined;
}

/** How fast a tier's answers came lately; what nothing is known of is absent. */
export interface Pace {
  /** From asking to the first part, in milliseconds. */
  readonly firstByteMs?: number | undefined;
  readonly tokensPerSecond?: number | undefined;
  /** Mean length of a finished answer of the class, in tokens. */
  readonly answerTokens?: number | undefined;
}

export interface World {
  /** The key of the tier's `auth_env` is present. Asked for cloud tiers only; local ones may run without. */
  hasCredential(tierId: string): boolean;
  /** The stricter of the tier's two breakers; `workClass` absent asks for the availability breaker alone. */
  breaker(tierId: string, workClass: WorkClass | undefined): BreakerPeek | undefined;
  /** Why the tier cannot be reached just now (a failed probe, a drain); undefined when nothing speaks against it. */
  unavailable(tierId: string): { readonly reason: string; readonly retryAfterMs: number } | undefined;
  /** The tier's model on the GPU that it shares with others; undefined when it shares none, or nothing is known. */
  residency(tier: Tier): TierResidency | undefined;
  /** How fast the tier's answers of a class came lately; absent: nothing is known. */
  readonly pace?: (tier: Tier, workClass: WorkClass | undefined) => Pace;
  loadOf(tierId: string): TierLoad;
  /** The tier that served this session last and may still hold its prefix. */
  readonly affinity?: string;
  readonly spent: BudgetState;
  /** Set when the caller asked for a first byte within a time. */
  readonly firstByte?: FirstByteWish;
}
