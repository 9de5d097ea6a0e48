/** Would this request pass a spending cap of its session or of the day? Arithmetic only. */
import { type Amount, NOTHING } from '#core/cost';
import type { BudgetSettings } from '#core/settings';

/** Spent so far on metered tiers, requests in flight included at their expected cost. */
export interface BudgetState {
  readonly session: Amount;
  readonly day: Amount;
  /** By earlier attempts of the same request; absent: nothing yet. */
  readonly request?: Amount;
  /** Milliseconds until the UTC day ends. */
  readonly dayEndsInMs: number;
}

export type Cap = 'request-usd' | 'request-tokens' | 'session-usd' | 'session-tokens' | 'day-usd' | 'day-tokens';

export interface CapReached {
  readonly cap: Cap;
  readonly limit: number;
  readonly spent: number;
  /** Milliseconds until the cap opens again; absent for a session, whose cap stays. */
  readonly opensInMs?: number;
}

const isReached = (limit: number | undefined, spent: number, expected: number): limit is number =>
  limit !== undefined && (spent >= limit || spent + expected > limit);

/** The cap that the caller set for this one request. */
const requestCapReached = (
  { requestUsd, requestTokens }: BudgetSettings,
  spent: Amount,
  expected: Amount,
): CapReached | undefined => {
  if (isReached(requestUsd, spent.usd, expected.usd)) {
    return { cap: 'request-usd', limit: requestUsd, spent: spent.usd };
  }
  if (isReached(requestTokens, spent.tokens, expected.tokens)) {
    return { cap: 'request-tokens', limit: requestTokens, spent: spent.tokens };
  }
  return undefined;
};

/**
 * The first cap that is spent, or that the expected cost of this request would pass; undefined when all leave room.
 * A cap can be overshot only by the part of an answer beyond what was expected of it.
 */
export const capReached = (caps: BudgetSettings, spent: BudgetState, expected: Amount): CapReached | undefined => {
  const { session, day, dayEndsInMs } = spent;
  const { sessionUsd, sessionTokens, dayUsd, dayTokens } = caps;
  if (isReached(dayUsd, day.usd, expected.usd)) {
    return { cap: 'day-usd', limit: dayUsd, spent: day.usd, opensInMs: dayEndsInMs };
  }
  if (isReached(dayTokens, day.tokens, expected.tokens)) {
    return { cap: 'day-tokens', limit: dayTokens, spent: day.tokens, opensInMs: dayEndsInMs };
  }
  if (isReached(sessionUsd, session.usd, expected.usd)) {
    return { cap: 'session-usd', limit: sessionUsd, spent: session.usd };
  }
  if (isReached(sessionTokens, session.tokens, expected.tokens)) {
    return { cap: 'session-tokens', limit: sessionTokens, spent: session.tokens };
  }
  return requestCapReached(caps, spent.request ?? NOTHING, expected);
};

/** For the operator: "day cap 5.00 USD, 4.97 spent". */
export const capText = ({ cap, limit, spent }: CapReached): string => {
  const [scope, unit] = cap.split('-');
  const inUsd = (value: number): string => (value > 0 && value < 0.01 ? value.toPrecision(2) : value.toFixed(2));
  const show = (value: number): string => (unit === 'usd' ? inUsd(value) : String(Math.round(value)));
  return `${scope} cap ${show(limit)} ${unit === 'usd' ? 'USD' : 'tokens'}, ${show(spent)} spent`;
};
