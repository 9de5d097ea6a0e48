/** May one breaker's gate be passed right now? One breaker with its actor: availability of a tier, or its quality. */
import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import type { WorkClass } from '#core/work-class';
import { type BreakerEvent, type BreakerLimits, breakerMachine, recentFailures } from '#machines/breaker.machine';
import type { Actors } from '#platform/actors';

export type BreakerKind = 'availability' | 'quality';
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * What an attempt says about a tier. `rejected`: it answered, and the answer was proven bad. `neutral`: nothing was
 * learned (the caller's own error, the caller gone, the tier not asked after all).
 */
export type BreakerOutcome = 'success' | 'transport-failure' | 'rejected' | 'neutral';

export type BreakerAnswer =
  | { readonly ok: true; readonly probe: boolean }
  | { readonly ok: false; readonly breaker: BreakerKind; readonly retryAfterMs: number };

/** Which breaker it is. The id is fixed: `breaker/availability/<tier>` or `breaker/quality/<tier>/<class>`. */
export interface BreakerIdentity {
  readonly id: string;
  readonly kind: BreakerKind;
  readonly tier: string;
  readonly workClass?: WorkClass;
}

/** A breaker as others may see it. */
export interface BreakerStatus extends BreakerIdentity {
  readonly state: BreakerState;
  /** A request holds the probe. */
  readonly probing: boolean;
  /** Failures that count now; 0 unless closed. */
  readonly failures: number;
  /** Milliseconds until asking again can help; 0 when it can now. */
  readonly retryAfterMs: number;
}

export interface BreakerChange extends BreakerStatus {
  readonly from: BreakerState;
}

export interface BreakerView {
  readonly state: BreakerState;
  readonly retryAfterMs: number;
}

type BreakerSnapshot = SnapshotFrom<typeof breakerMachine>;

/** How one outcome reads to each kind of breaker. */
export const MEANING = {
  success: { availability: 'attempt.succeeded', quality: 'attempt.succeeded' },
  'transport-failure': { availability: 'attempt.failed', quality: 'probe.release' },
  rejected: { availability: 'attempt.succeeded', quality: 'attempt.failed' },
  neutral: { availability: 'probe.release', quality: 'probe.release' },
} as const satisfies Record<BreakerOutcome, Record<BreakerKind, BreakerEvent['type']>>;

type Report = (typeof MEANING)[BreakerOutcome][BreakerKind];

export const GRANTED = { ok: true, probe: false } as const satisfies BreakerAnswer;
export const PROBE = { ok: true, probe: true } as const satisfies BreakerAnswer;
export const CLOSED = { state: 'closed', retryAfterMs: 0 } as const satisfies BreakerView;

const stateOf = (snapshot: BreakerSnapshot): BreakerState =>
  typeof snapshot.value === 'object' ? 'half-open' : snapshot.value;

/**
 * Open: the rest of the open time. Probing: the rest of the probe, but at most one cooldown, since most probes
 * report long before they are given up. At least 1 ms in both, as a timer may be late.
 */
const retryAfterOf = (snapshot: BreakerSnapshot, now: number): number => {
  const { openUntil, probe, limits } = snapshot.context;
  if (snapshot.value === 'open') return Math.max(1, Math.ceil(openUntil - now));
  if (probe !== undefined) return Math.max(1, Math.min(limits.cooldownMs, Math.ceil(probe.until - now)));
  return 0;
};

export interface BreakerWorld {
  readonly actors: Actors;
  readonly limits: (kind: BreakerKind) => BreakerLimits;
  readonly onChange: (change: BreakerChange) => void;
}

export interface Breaker {
  admit(requestId: string): BreakerAnswer;
  report(type: Report, requestId: string, retryAfterMs: number | undefined): void;
  view(): BreakerView;
  status(): BreakerStatus;
  adoptLimits(): void;
  stop(): void;
}

/**
 * One breaker and its actor. The actor is made at the first failure, so that a healthy tier costs no event per
 * request. An actor that died reads as closed, and the next failure makes a new one.
 */
export const createBreaker = (identity: BreakerIdentity, world: BreakerWorld): Breaker => {
  const { clock } = world.actors;
  let actor: ActorRefFrom<typeof breakerMachine> | undefined;
  let told: BreakerState = 'closed';

  const live = (): BreakerSnapshot | undefined => {
    const snapshot = actor?.getSnapshot();
    return snapshot?.status === 'active' ? snapshot : undefined;
  };
  const view = (): BreakerView => {
    const snapshot = live();
    if (snapshot === undefined || snapshot.value === 'closed') return CLOSED;
    return { state: stateOf(snapshot), retryAfterMs: retryAfterOf(snapshot, clock.now()) };
  };
  const status = (): BreakerStatus => {
    const context = live()?.context;
    const failures = context === undefined ? 0 : recentFailures(context, clock.now()).length;
    return { ...identity, ...view(), probing: context?.probe !== undefined, failures };
  };
  const tell = (state: BreakerState): void => {
    if (state === told) return;
    const from = told;
    told = state;
    world.onChange({ ...status(), from });
  };
  const begin = (): ActorRefFrom<typeof breakerMachine> =>
    world.actors.start(breakerMachine, {
      id: identity.id,
      input: world.limits(identity.kind),
      onSnapshot: (snapshot) => tell(stateOf(snapshot)),
      onError: () => tell('closed'),
    });

  return {
    admit(requestId) {
      const before = live();
      if (before === undefined || before.value === 'closed') return GRANTED;
      const at = clock.now();
      if (before.value !== 'open') actor?.send({ type: 'probe.request', requestId, at });
      const after = live();
      if (after === undefined) return GRANTED;
      if (after.context.probe?.requestId === requestId) return PROBE;
      return { ok: false, breaker: identity.kind, retryAfterMs: retryAfterOf(after, at) };
    },
    report(type, requestId, retryAfterMs) {
      const snapshot = live();
      if (type === 'attempt.failed') {
        if (snapshot === undefined) actor = begin();
        actor?.send({ type, requestId, at: clock.now(), retryAfterMs });
        return;
      }
      if (snapshot === undefined || snapshot.value === 'open') return;
      if (snapshot.value === 'closed' && (type === 'probe.release' || snapshot.context.failedAt.length === 0)) return;
      actor?.send({ type, requestId, at: clock.now() });
    },
    view,
    status,
    adoptLimits() {
      if (live() !== undefined) {
        actor?.send({ type: 'limits.changed', limits: world.limits(identity.kind), at: clock.now() });
      }
    },
    stop() {
      actor?.stop();
    },
  };
};
