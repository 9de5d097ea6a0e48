/** Is a tier there at all? Remembers who answered lately, who did not, and who asked to be left alone for a while. */
import type { AttemptFailure } from '#core/failure';
import type { Tier } from '#core/tier';
import type { Clock, Effects } from '#platform/effects';

/** A tier that answered this recently is taken to be there, in milliseconds. */
const FRESH_MS = 10_000;
/** How long a tier that could not be reached is left alone: doubled per failure in a row, up to the maximum. */
const ABSENT_MS = 500;
const ABSENT_MS_MAX = 15_000;
/** Longest rest a tier may ask for with `Retry-After`, in milliseconds. */
const REST_MS_MAX = 300_000;

/** Why a tier is not asked just now, and for how much longer. */
export interface Absence {
  readonly reason: string;
  readonly retryAfterMs: number;
}

export interface Presence {
  /**
   * Undefined when the tier answered lately; otherwise opens a TCP connection under the connect deadline and resolves
   * with undefined when it stands, or with the failure, which is remembered.
   */
  check(tier: Tier): Promise<AttemptFailure | undefined> | undefined;
  /** The tier answered just now, whatever it said. */
  heard(tierId: string): void;
  /** A connection failed just now: the next request looks first. */
  lost(tierId: string): void;
  /** The tier asked for a rest (429 or 503 with `Retry-After`). */
  rest(tierId: string, ms: number): void;
  /** Why the tier should not be planned for now; undefined when nothing speaks against it. */
  absence(tierId: string): Absence | undefined;
}

interface Seen {
  heardAt: number | undefined;
  failures: number;
  absentUntil: number;
  reason: string;
}

const addressOf = (baseUrl: string): { readonly host: string; readonly port: number } => {
  const { hostname, port, protocol } = new URL(baseUrl);
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
};

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';

/**
 * fetch tells nothing before the reply's head, so a host that swallows packets would cost a whole first-byte deadline.
 * A bare TCP connection first keeps that to the connect deadline, and is opened only to tiers not heard from lately.
 */
export const createPresence = ({
  clock,
  reach,
}: {
  readonly clock: Clock;
  readonly reach: Effects['reach'];
}): Presence => {
  const tiers = new Map<string, Seen>();
  const seen = (tierId: string): Seen => {
    const found = tiers.get(tierId) ?? { heardAt: undefined, failures: 0, absentUntil: 0, reason: '' };
    tiers.set(tierId, found);
    return found;
  };
  const heard = (tierId: string): void => {
    const tier = seen(tierId);
    tier.heardAt = clock.now();
    tier.failures = 0;
    tier.absentUntil = 0;
  };

  const look = async (tier: Tier): Promise<AttemptFailure | undefined> => {
    const { host, port } = addressOf(tier.baseUrl);
    try {
      await reach(host, port, tier.deadlines.connectMs);
      heard(tier.id);
      return undefined;
    } catch (error) {
      const entry = seen(tier.id);
      entry.absentUntil = clock.now() + Math.min(ABSENT_MS_MAX, ABSENT_MS * 2 ** entry.failures);
      entry.failures = Math.min(entry.failures + 1, 16);
      entry.reason = `no connection within ${tier.deadlines.connectMs} ms${codeOf(error)}`;
      return { kind: 'unreachable', detail: entry.reason };
    }
  };

  return {
    check(tier) {
      const heardAt = tiers.get(tier.id)?.heardAt;
      return heardAt !== undefined && clock.now() - heardAt < FRESH_MS ? undefined : look(tier);
    },
    heard,
    lost(tierId) {
      seen(tierId).heardAt = undefined;
    },
    rest(tierId, ms) {
      const tier = seen(tierId);
      tier.absentUntil = clock.now() + Math.min(ms, REST_MS_MAX);
      tier.reason = 'it asked to be left alone (Retry-After)';
    },
    absence(tierId) {
      const tier = tiers.get(tierId);
      const left = tier ? tier.absentUntil - clock.now() : 0;
      return tier && left > 0 ? { reason: tier.reason, retryAfterMs: left } : undefined;
    },
  };
};
