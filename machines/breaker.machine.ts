/** One breaker's health over time: when is it closed, when open, and who may probe it? It judges nothing else. */
import { assertEvent, assign, or, setup } from 'xstate';

/** Limits of one breaker. All times in milliseconds. */
export interface BreakerLimits {
  /** Failures, less successes, within `windowMs` that open it. */
  readonly failuresToOpen: number;
  /** Age at which a failure stops counting. */
  readonly windowMs: number;
  /** First open time; doubles per failed probe. */
  readonly cooldownMs: number;
  /** Longest open time, whatever the doubling or an upstream's Retry-After says. */
  readonly cooldownMaxMs: number;
  /** A probe that has not reported by then is given up and may be leased again. */
  readonly probeTimeoutMs: number;
}

/** `at` is the moment of the event on the caller's monotonic clock: the machine itself reads no clock. */
export type BreakerEvent =
  | {
      readonly type: 'attempt.failed';
      readonly requestId: string;
      readonly at: number;
      /** How long the upstream asked to be left alone, if it did. */
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly type: 'attempt.succeeded'; readonly requestId: string; readonly at: number }
  | { readonly type: 'probe.request'; readonly requestId: string; readonly at: number }
  | { readonly type: 'probe.release'; readonly requestId: string; readonly at: number }
  | { readonly type: 'limits.changed'; readonly limits: BreakerLimits; readonly at: number };

/** What each event means, for the dictionary in README.md. */
export const BREAKER_EVENTS = {
  'attempt.failed': 'An attempt ended badly in a way this breaker judges; may carry the upstream’s Retry-After.',
  'attempt.succeeded': 'An attempt ended well; while closed it takes back the oldest failure.',
  'probe.request': 'A request asks for the one probe of a half-open breaker; granted only when nobody holds it.',
  'probe.release': 'The holder gives the probe back without a verdict: caller error, caller gone, or not sent at all.',
  'limits.changed': 'New limits after a reload; the state is kept, an open time is cut to the new maximum.',
} as const satisfies Record<BreakerEvent['type'], string>;

export interface BreakerContext {
  readonly limits: BreakerLimits;
  /** Moments of the failures that still count, oldest first; fewer than `failuresToOpen` of any one window. */
  readonly failedAt: readonly number[];
  /** Probes failed since the breaker was last closed; the exponent of the cooldown. */
  readonly failedProbes: number;
  readonly openedAt: number;
  /** When the open time ends. Meaningful while open. */
  readonly openUntil: number;
  /** Length of the timer to start on entering `open`. */
  readonly openMs: number;
  /** Latest moment until which an upstream asked to be left alone; 0 when none did. */
  readonly quietUntil: number;
  readonly probe: { readonly requestId: string; readonly until: number } | undefined;
  /** Requests whose probe was given up since it was half-open, oldest first; at most `GIVEN_UP_MAX`. */
  readonly givenUp: readonly string[];
}

/** Given-up probes whose late verdict still counts. Older ones are forgotten. */
export const GIVEN_UP_MAX = 16;

type Failed = Extract<BreakerEvent, { type: 'attempt.failed' }>;

/** Failures younger than the window at moment `at`. */
export const recentFailures = (context: BreakerContext, at: number): readonly number[] =>
  context.failedAt.filter((failedAt) => at - failedAt < context.limits.windowMs);

const quietAfter = (context: BreakerContext, event: Failed): number =>
  Math.max(context.quietUntil, event.at + (event.retryAfterMs ?? 0));

/** The open period that starts at the event: cooldown or Retry-After, whichever is longer, bounded by the maximum. */
const openPeriod = (context: BreakerContext, event: Failed, failedProbes: number): Partial<BreakerContext> => {
  const { cooldownMs, cooldownMaxMs } = context.limits;
  const quietUntil = quietAfter(context, event);
  const openMs = Math.min(cooldownMaxMs, Math.max(cooldownMs * 2 ** failedProbes, quietUntil - event.at));
  const openUntil = event.at + openMs;
  return { failedAt: [], failedProbes, givenUp: [], openedAt: event.at, openUntil, openMs, quietUntil };
};

/** Where a later Retry-After moves the end of the open time. The bound counts from the opening, so that late
 * reports of old requests cannot keep a breaker open for ever. */
const extendedUntil = (context: BreakerContext, event: Failed): number =>
  Math.max(
    context.openUntil,
    Math.min(context.openedAt + context.limits.cooldownMaxMs, event.at + (event.retryAfterMs ?? 0)),
  );

/**
 * Closed → open → half-open. A half-open breaker admits exactly one probe at a time, leased to a request id; reports of
 * requests that never held it are not heard. Every open period and every probe ends by a timer, so no loss of a report
 * can wedge it. A probe that was given up for slowness may still report: without that, a tier whose good answers take
 * longer than `probeTimeoutMs` would never close again.
 */
export const breakerMachine = setup({
  types: {} as { context: BreakerContext; events: BreakerEvent; input: BreakerLimits },
  guards: {
    reachesLimit: ({ context, event }) => recentFailures(context, event.at).length + 1 >= context.limits.failuresToOpen,
    asksForLonger: ({ context, event }) => {
      assertEvent(event, 'attempt.failed');
      return extendedUntil(context, event) > context.openUntil;
    },
    isProbe: ({ context, event }) => 'requestId' in event && event.requestId === context.probe?.requestId,
    wasProbe: ({ context, event }) => 'requestId' in event && context.givenUp.includes(event.requestId),
  },
  actions: {
    countFailure: assign(({ context, event }) => {
      assertEvent(event, 'attempt.failed');
      const failedAt = [...recentFailures(context, event.at), event.at];
      return { failedAt, quietUntil: quietAfter(context, event) };
    }),
    forgiveFailure: assign({ failedAt: ({ context, event }) => recentFailures(context, event.at).slice(1) }),
    openFirst: assign(({ context, event }) => {
      assertEvent(event, 'attempt.failed');
      return openPeriod(context, event, 0);
    }),
    openAgain: assign(({ context, event }) => {
      assertEvent(event, 'attempt.failed');
      return openPeriod(context, event, context.failedProbes + 1);
    }),
    stayOpenLonger: assign(({ context, event }) => {
      assertEvent(event, 'attempt.failed');
      const openUntil = extendedUntil(context, event);
      return { openUntil, openMs: openUntil - event.at };
    }),
    leaseProbe: assign(({ context, event }) => {
      assertEvent(event, 'probe.request');
      return { probe: { requestId: event.requestId, until: event.at + context.limits.probeTimeoutMs } };
    }),
    dropProbe: assign({ probe: undefined }),
    giveUpProbe: assign(({ context: { probe, givenUp } }) => ({
      probe: undefined,
      givenUp: probe === undefined ? givenUp : [...givenUp, probe.requestId].slice(-GIVEN_UP_MAX),
    })),
    recover: assign({ failedAt: [], failedProbes: 0, givenUp: [], quietUntil: 0 }),
    adoptLimits: assign(({ event }) => {
      assertEvent(event, 'limits.changed');
      return { limits: event.limits };
    }),
    cutOpenTime: assign(({ context, event }) => {
      const openUntil = Math.min(context.openUntil, context.openedAt + context.limits.cooldownMaxMs);
      return { openUntil, openMs: Math.max(0, openUntil - event.at) };
    }),
  },
  delays: {
    openTime: ({ context }) => context.openMs,
    probeTimeout: ({ context }) => context.limits.probeTimeoutMs,
  },
}).createMachine({
  id: 'breaker',
  context: ({ input }) => ({
    limits: input,
    failedAt: [],
    failedProbes: 0,
    openedAt: 0,
    openUntil: 0,
    openMs: 0,
    quietUntil: 0,
    probe: undefined,
    givenUp: [],
  }),
  on: { 'limits.changed': { actions: 'adoptLimits' } },
  initial: 'closed',
  states: {
    closed: {
      description: 'Everyone is admitted; recent failures are counted.',
      on: {
        'attempt.failed': [
          { guard: 'reachesLimit', target: 'open', actions: 'openFirst' },
          { actions: 'countFailure' },
        ],
        'attempt.succeeded': { actions: 'forgiveFailure' },
      },
    },
    open: {
      description: 'Nobody is admitted until the open time has passed.',
      after: { openTime: 'halfOpen' },
      on: {
        'attempt.failed': { guard: 'asksForLonger', target: 'open', reenter: true, actions: 'stayOpenLonger' },
        'limits.changed': { target: 'open', reenter: true, actions: ['adoptLimits', 'cutOpenTime'] },
      },
    },
    halfOpen: {
      description: 'One request at a time may find out whether it works again.',
      initial: 'idle',
      states: {
        idle: {
          description: 'The probe is free; the next request that asks gets it.',
          on: {
            'probe.request': { target: 'probing', actions: 'leaseProbe' },
            'attempt.succeeded': { guard: 'wasProbe', target: '#breaker.closed', actions: 'recover' },
            'attempt.failed': { guard: 'wasProbe', target: '#breaker.open', actions: 'openAgain' },
          },
        },
        probing: {
          description: 'One request holds the probe. Of others, only the success of a given-up probe is heard.',
          after: { probeTimeout: { target: 'idle', actions: 'giveUpProbe' } },
          on: {
            'attempt.succeeded': {
              guard: or(['isProbe', 'wasProbe']),
              target: '#breaker.closed',
              actions: ['dropProbe', 'recover'],
            },
            'attempt.failed': { guard: 'isProbe', target: '#breaker.open', actions: ['dropProbe', 'openAgain'] },
            'probe.release': { guard: 'isProbe', target: 'idle', actions: 'dropProbe' },
          },
        },
      },
    },
  },
});
