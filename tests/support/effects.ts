/** The world as tests want it: simulated time, files in memory, counted ids, and effect calls that fail on demand. */
import type { Effects, FetchLike, FetchSession, Files } from '#platform/effects';
import { createSimulatedClock, type SimulatedClock } from '#tests/support/clock';

export interface MemoryFiles extends Files {
  /** What the disk holds, by path. */
  readonly contents: Map<string, string>;
}

export interface SimulatedEffects extends Effects {
  readonly clock: SimulatedClock;
  readonly files: MemoryFiles;
}

export interface SimulatedWorld {
  readonly clock?: SimulatedClock;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** What every session fetches with; the real one when absent. */
  readonly fetch?: FetchLike;
  /** Absent: every host can be reached. */
  readonly reach?: Effects['reach'];
}

const memoryFiles = (start: Readonly<Record<string, string>>): MemoryFiles => {
  const contents = new Map(Object.entries(start));
  return {
    contents,
    read: async (path) => contents.get(path),
    replace: async (path, text) => {
      contents.set(path, text);
    },
    exists: async (path) => contents.has(path),
  };
};

/** Effects without a real clock, disk or environment. Ids count up: `000…001`, `000…002`. */
export const simulatedEffects = (world: SimulatedWorld = {}): SimulatedEffects => {
  const fetchWith: FetchLike = world.fetch ?? ((url, init) => fetch(url, init));
  let ids = 0;
  return {
    clock: world.clock ?? createSimulatedClock(),
    id: () => (++ids).toString(16).padStart(24, '0'),
    openSession: () => ({ fetch: fetchWith, close: () => {} }),
    reach: world.reach ?? (async () => {}),
    hash64: (text) => Bun.hash(text).toString(16).padStart(16, '0'),
    sha256: (text) => new Bun.CryptoHasher('sha256').update(text).digest('hex'),
    files: memoryFiles(world.files ?? {}),
    env: (name) => world.env?.[name]?.trim() || undefined,
  };
};

/** The failure an effect call is made to have. */
export const diskFull = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
export const connectionReset = (): Error => Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });

export interface FailingEffects {
  readonly effects: Effects;
  /** Calls so far that could have failed, the failed one included. */
  calls(): number;
}

/**
 * The same effects, except that their call number `nth` (from 1, over fetches, reaches and file operations together)
 * rejects with `error`. With `nth` 0 nothing fails and `calls` tells how many cases there are to try.
 */
export const failingAt = (effects: Effects, nth: number, error: () => Error = connectionReset): FailingEffects => {
  let calls = 0;
  const guarded = <Arguments extends readonly unknown[], Result>(
    call: (...args: Arguments) => Promise<Result>,
  ): ((...args: Arguments) => Promise<Result>) => {
    return async (...args) => {
      if (++calls === nth) throw error();
      return call(...args);
    };
  };
  const session = (opened: FetchSession): FetchSession => ({
    fetch: guarded((url: string, init: RequestInit) => opened.fetch(url, init)),
    close: () => opened.close(),
  });
  return {
    calls: () => calls,
    effects: {
      ...effects,
      openSession: () => session(effects.openSession()),
      reach: guarded(effects.reach),
      files: {
        read: guarded(effects.files.read),
        replace: guarded(effects.files.replace),
        exists: guarded(effects.files.exists),
      },
    },
  };
};
