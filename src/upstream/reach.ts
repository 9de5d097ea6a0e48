/** Is a tier's host there at all? Asked under the connect deadline, and only of hosts not heard from lately. */
import type { AttemptFailure } from '#core/failure';
import type { Tier } from '#core/tier';
import type { Effects } from '#platform/effects';

/** A host that answered this recently is taken to be there, in milliseconds. */
const FRESH_MS = 10_000;

export interface Reach {
  /**
   * Undefined when the host was heard from lately; otherwise opens a connection and resolves with undefined when it
   * stands, or with the failure.
   */
  check(tier: Tier): Promise<AttemptFailure | undefined> | undefined;
  /** The tier answered just now. */
  heard(tierId: string): void;
}

const addressOf = (baseUrl: string): { readonly host: string; readonly port: number } => {
  const { hostname, port, protocol } = new URL(baseUrl);
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
};

/**
 * fetch tells nothing before the reply's head, so a host that swallows packets would cost a whole first-byte
 * deadline. A bare TCP connection first keeps that to the connect deadline.
 */
export const createReach = ({ clock, reach }: Pick<Effects, 'clock' | 'reach'>): Reach => {
  const heardAt = new Map<string, number>();
  const check = async (tier: Tier): Promise<AttemptFailure | undefined> => {
    const { host, port } = addressOf(tier.baseUrl);
    try {
      await reach(host, port, tier.deadlines.connectMs);
      heardAt.set(tier.id, clock.now());
      return undefined;
    } catch (error) {
      const code = typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';
      return { kind: 'unreachable', detail: `no connection within ${tier.deadlines.connectMs} ms${code}` };
    }
  };
  return {
    check(tier) {
      const last = heardAt.get(tier.id);
      return last !== undefined && clock.now() - last < FRESH_MS ? undefined : check(tier);
    },
    heard(tierId) {
      heardAt.set(tierId, clock.now());
    },
  };
};
