/** Which tiers may be asked right now, for which class of work? Keeps one breaker per tier and per (tier, class). */
import type { BreakerSettings, Settings } from '#core/settings';
import type { Tier } from '#core/tier';
import type { WorkClass } from '#core/work-class';
import type { BreakerLimits } from '#machines/breaker.machine';
import type { Actors } from '#platform/actors';
import {
  type Breaker,
  type BreakerAnswer,
  type BreakerChange,
  type BreakerKind,
  type BreakerOutcome,
  type BreakerState,
  type BreakerStatus,
  type BreakerView,
  type BreakerWorld,
  CLOSED,
  createBreaker,
  GRANTED,
  MEANING,
  PROBE,
} from '#router/breaker';

export type BreakersSettings = Pick<Settings, 'tiers' | 'breaker'>;

export interface BreakersOptions {
  readonly settings: BreakersSettings;
  readonly actors: Actors;
  /** Called inside the transition, on a change of state. Must not throw or call back into the breakers. */
  readonly onChange: (change: BreakerChange) => void;
}

export interface Breakers {
  /** Asks both breakers at once; a probe granted by one is given back when the other refuses. */
  admit(tierId: string, workClass: WorkClass | undefined, requestId: string): BreakerAnswer;
  /**
   * Every admitted attempt reports once, with the `workClass` it was admitted for. `retryAfterMs` is the upstream's
   * own word and can only lengthen the open time of the availability breaker.
   */
  report(
    tierId: string,
    workClass: WorkClass | undefined,
    requestId: string,
    outcome: BreakerOutcome,
    retryAfterMs?: number,
  ): void;
  /** The stricter of the two, without side effects, for planning. Half-open with 0 ms means that a probe is free. */
  peek(tierId: string, workClass: WorkClass | undefined): BreakerView;
  /** Every tier's availability, and every quality breaker that ever had a failure. */
  snapshot(): readonly BreakerStatus[];
  /** New limits for all. Keeps availability where the address, quality where the fingerprint stayed the same. */
  reconfigure(settings: BreakersSettings): void;
  /** Ends all actors. Afterwards everything is admitted and no report is heard. */
  stop(): void;
}

const SEVERITY = { closed: 0, 'half-open': 1, open: 2 } as const satisfies Record<BreakerState, number>;

const limitsFor = (kind: BreakerKind, settings: BreakerSettings): BreakerLimits => ({
  failuresToOpen: kind === 'availability' ? settings.availabilityFailures : settings.qualityFailures,
  windowMs: kind === 'availability' ? settings.windowMs : (settings.qualityWindowMs ?? settings.windowMs),
  cooldownMs: settings.cooldownMs,
  cooldownMaxMs: settings.cooldownMaxMs,
  probeTimeoutMs: settings.probeTimeoutMs,
});

interface TierBreakers {
  readonly tier: Tier;
  readonly availability: Breaker;
  readonly quality: Map<WorkClass, Breaker>;
}

const availabilityOf = (tier: Tier, world: BreakerWorld): Breaker =>
  createBreaker({ id: `breaker/availability/${tier.id}`, kind: 'availability', tier: tier.id }, world);

const qualityOf = (tier: Tier, workClass: WorkClass, world: BreakerWorld): Breaker =>
  createBreaker({ id: `breaker/quality/${tier.id}/${workClass}`, kind: 'quality', tier: tier.id, workClass }, world);

const allOf = (entry: TierBreakers): readonly Breaker[] => [entry.availability, ...entry.quality.values()];

/** What remains of a tier's breakers under its new definition; stops the others. */
const carryOver = (before: TierBreakers | undefined, tier: Tier, world: BreakerWorld): TierBreakers => {
  if (before === undefined) return { tier, availability: availabilityOf(tier, world), quality: new Map() };
  const sameAddress = before.tier.baseUrl === tier.baseUrl;
  const sameModel = before.tier.fingerprint === tier.fingerprint;
  if (!sameAddress) before.availability.stop();
  if (!sameModel) for (const breaker of before.quality.values()) breaker.stop();
  return {
    tier,
    availability: sameAddress ? before.availability : availabilityOf(tier, world),
    quality: sameModel ? before.quality : new Map(),
  };
};

/**
 * Breakers for all tiers of the settings: at most one per tier, and one per tier and work class. Tiers that the
 * settings do not name are admitted and their reports dropped: requests that began before a reload may still ask.
 */
export const createBreakers = (options: BreakersOptions): Breakers => {
  let settings = options.settings.breaker;
  const world: BreakerWorld = {
    actors: options.actors,
    limits: (kind) => limitsFor(kind, settings),
    onChange: options.onChange,
  };
  let tiers = new Map<string, TierBreakers>();

  const reconfigure = (next: BreakersSettings): void => {
    settings = next.breaker;
    const kept = new Map(next.tiers.map((tier) => [tier.id, carryOver(tiers.get(tier.id), tier, world)]));
    for (const [id, entry] of tiers) if (!kept.has(id)) for (const breaker of allOf(entry)) breaker.stop();
    tiers = kept;
    for (const entry of tiers.values()) for (const breaker of allOf(entry)) breaker.adoptLimits();
  };
  reconfigure(options.settings);

  return {
    admit(tierId, workClass, requestId) {
      const entry = tiers.get(tierId);
      if (entry === undefined) return GRANTED;
      const availability = entry.availability.admit(requestId);
      if (!availability.ok) return availability;
      const quality = workClass === undefined ? undefined : entry.quality.get(workClass)?.admit(requestId);
      if (quality === undefined || quality.ok) return availability.probe || quality?.probe ? PROBE : GRANTED;
      if (availability.probe) entry.availability.report('probe.release', requestId, undefined);
      return quality;
    },
    report(tierId, workClass, requestId, outcome, retryAfterMs) {
      const entry = tiers.get(tierId);
      if (entry === undefined) return;
      const meaning = MEANING[outcome];
      entry.availability.report(meaning.availability, requestId, retryAfterMs);
      if (workClass === undefined) return;
      if (outcome === 'rejected' && !entry.quality.has(workClass)) {
        entry.quality.set(workClass, qualityOf(entry.tier, workClass, world));
      }
      entry.quality.get(workClass)?.report(meaning.quality, requestId, undefined);
    },
    peek(tierId, workClass) {
      const entry = tiers.get(tierId);
      if (entry === undefined) return CLOSED;
      const availability = entry.availability.view();
      const quality = (workClass === undefined ? undefined : entry.quality.get(workClass)?.view()) ?? CLOSED;
      const stricter = SEVERITY[quality.state] > SEVERITY[availability.state] ? quality : availability;
      return { state: stricter.state, retryAfterMs: Math.max(availability.retryAfterMs, quality.retryAfterMs) };
    },
    snapshot: () => [...tiers.values()].flatMap((entry) => allOf(entry).map((breaker) => breaker.status())),
    reconfigure,
    stop() {
      for (const entry of tiers.values()) for (const breaker of allOf(entry)) breaker.stop();
      tiers = new Map();
    },
  };
};
