/** What does every handler of the multiplexer's front door use, and which limits does it keep? */
import type { Multiplexer } from '#multiplexer/multiplexer';
import type { Effects, FetchSession } from '#platform/effects';
import type { BodyLimits } from '#server/body';
import type { Guard } from '#server/guard';
import type { SlotFeed } from '#server/multiplexer/slot-feed';
import type { Visits } from '#server/multiplexer/visit';

export interface FrontLimits extends BodyLimits {
  readonly headerCountMax: number;
  /** Requests to models at a time, waiting ones included. */
  readonly visitsMax: number;
  /** Streaming callers hear that they are waited upon after so long without a model. */
  readonly keepaliveAfterMs: number;
  readonly keepaliveEveryMs: number;
  /** Longest silence of a model's server: before its answer, and between two pieces of it. */
  readonly firstByteMs: number;
  readonly idleMs: number;
  /** Longest time in which a caller takes nothing of what is there for it. */
  readonly stalledMs: number;
  /** Shortest gap between two events of the slot feed. */
  readonly feedGapMs: number;
  readonly heartbeatMs: number;
  readonly feedReadersMax: number;
}

const MIB = 1024 * 1024;

/** Total silence is that of v0.9; body, depth and header limits are the router's own. */
export const FRONT_LIMITS: FrontLimits = {
  bodyBytesMax: 32 * MIB,
  bodyReadMs: 30_000,
  jsonDepthMax: 512,
  headerCountMax: 100,
  visitsMax: 512,
  keepaliveAfterMs: 10_000,
  keepaliveEveryMs: 15_000,
  firstByteMs: 900_000,
  idleMs: 900_000,
  stalledMs: 900_000,
  feedGapMs: 250,
  heartbeatMs: 15_000,
  feedReadersMax: 64,
};

/** Requests that are served while as many wait as the registry lets. */
const SERVED_MAX = 256;

/** @param queueMax how many may wait: a longer queue of the registry needs more room in front of it */
export const limitsFor = (queueMax: number): FrontLimits => ({
  ...FRONT_LIMITS,
  visitsMax: Math.max(FRONT_LIMITS.visitsMax, queueMax + SERVED_MAX),
});

/** Upstream connections, one pool per model. */
export interface Sessions {
  of(model: string): FetchSession;
  /** The model's server has gone: connections to it are of no use. */
  drop(model: string): void;
  close(): void;
}

/** One pool per model that was asked for; there are as many as the registry has rows. */
export const createSessions = (open: Effects['openSession']): Sessions => {
  const sessions = new Map<string, FetchSession>();
  return {
    of(model) {
      const found = sessions.get(model) ?? open();
      sessions.set(model, found);
      return found;
    },
    drop(model) {
      sessions.get(model)?.close();
      sessions.delete(model);
    },
    close() {
      for (const session of sessions.values()) session.close();
      sessions.clear();
    },
  };
};

export interface Front {
  readonly multiplexer: Multiplexer;
  readonly effects: Pick<Effects, 'clock' | 'id'>;
  readonly sessions: Sessions;
  readonly guard: Guard;
  readonly limits: FrontLimits;
  readonly visits: Visits;
  readonly feed: SlotFeed;
  /** Prometheus text and its content type. */
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  readonly onBug: (where: string, error: unknown) => void;
}
