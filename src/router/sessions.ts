/** What is remembered about each session: the tier that holds its prefix, and what it has spent. Bounded, in memory. */
import { type Amount, add, NOTHING, subtract } from '#core/cost';
import type { Clock } from '#platform/effects';

/** A session that was silent for this long is forgotten, its budget with it. */
export const SESSION_IDLE_MS = 6 * 60 * 60 * 1000;
/** Conversations remembered per session; the least recently served is dropped first. */
const LANES_MAX = 16;

interface Session {
  readonly lanes: Map<string, string>;
  spent: Amount;
  reserved: Amount;
  seenMs: number;
}

export interface Sessions {
  /** The tier that served this lane last; undefined when unknown. */
  affinity(sessionId: string, lane: string): string | undefined;
  /** Remembers who served; the next turn of the lane prefers it. */
  served(sessionId: string, lane: string, tierId: string): void;
  /** Forgets a tier that failed the lane, if it is the remembered one. */
  failed(sessionId: string, lane: string, tierId: string): void;
  /** Spent and reserved together. */
  spent(sessionId: string): Amount;
  /** Sets an expected amount aside; call the returned function once with what was really spent. */
  reserve(sessionId: string, expected: Amount): (actual: Amount) => void;
  /** Changes the bound; the least recently seen sessions go first. */
  resize(sessionsMax: number): void;
  readonly size: number;
}

/** @param sessionsMax sessions remembered; the least recently seen is dropped first */
export const createSessions = (clock: Pick<Clock, 'now'>, sessionsMax: number): Sessions => {
  const sessions = new Map<string, Session>();
  let limit = sessionsMax;

  const trim = (): void => {
    for (const id of sessions.keys()) {
      if (sessions.size <= limit) return;
      sessions.delete(id);
    }
  };

  const find = (id: string): Session | undefined => {
    const session = sessions.get(id);
    if (session === undefined || clock.now() - session.seenMs <= SESSION_IDLE_MS) return session;
    sessions.delete(id);
    return undefined;
  };

  const touch = (id: string): Session => {
    const session = find(id) ?? { lanes: new Map(), spent: NOTHING, reserved: NOTHING, seenMs: 0 };
    session.seenMs = clock.now();
    sessions.delete(id);
    sessions.set(id, session);
    trim();
    return session;
  };

  const remember = (session: Session, lane: string, tierId: string): void => {
    session.lanes.delete(lane);
    session.lanes.set(lane, tierId);
    const [oldest] = session.lanes.keys();
    if (session.lanes.size > LANES_MAX && oldest !== undefined) session.lanes.delete(oldest);
  };

  return {
    affinity: (id, lane) => find(id)?.lanes.get(lane),
    served(id, lane, tierId) {
      remember(touch(id), lane, tierId);
    },
    failed(id, lane, tierId) {
      const session = find(id);
      if (session?.lanes.get(lane) === tierId) session.lanes.delete(lane);
    },
    spent(id) {
      const session = find(id);
      return session === undefined ? NOTHING : add(session.spent, session.reserved);
    },
    reserve(id, expected) {
      const session = touch(id);
      session.reserved = add(session.reserved, expected);
      let isOpen = true;
      return (actual) => {
        if (!isOpen) return;
        isOpen = false;
        session.reserved = subtract(session.reserved, expected);
        session.spent = add(session.spent, actual);
      };
    },
    resize(sessionsMaxNew) {
      limit = sessionsMaxNew;
      trim();
    },
    get size() {
      return sessions.size;
    },
  };
};
