/** What does the multiplexer need from outside? Everything it awaits or is told, as one argument. */
import type { DriverName, ServeSpec } from '#core/serve-spec';
import type { SwapTimes } from '#core/swap';
import type { Driver, RunningServe } from '#drivers/driver';
import type { NotReady } from '#drivers/readiness';
import type { Sleeper } from '#drivers/sleep';
import type { MultiplexerEvent } from '#multiplexer/multiplexer';
import type { Actors } from '#platform/actors';
import type { MultiplexerState } from '#store/multiplexer-state';

/** Readiness as the drivers have it, on this world's clock. Ends with the signal. Never rejects. */
export type UntilReady = (spec: ServeSpec, serve: RunningServe, signal: AbortSignal) => Promise<'ready' | NotReady>;

export interface MultiplexerWorld {
  /** Their clock is the multiplexer's. */
  readonly actors: Actors;
  readonly drivers: Readonly<Record<DriverName, Driver>>;
  readonly untilReady: UntilReady;
  readonly sleeper: Sleeper;
  /** GiB that a serve of this driver could take of the host's memory; undefined: not known. Must not reject. */
  readonly availableGb: (driver: DriverName) => Promise<number | undefined>;
  /** Removes what earlier lives left behind under names that the registry does not have any more. Must not reject. */
  readonly sweep?: (signal: AbortSignal) => Promise<void>;
  readonly state: MultiplexerState;
  /** Must not throw. */
  readonly onEvent: (event: MultiplexerEvent) => void;
  /** Hears of an error that nobody expected, and where; the multiplexer goes on. Must not throw. */
  readonly onBug?: (where: string, error: unknown) => void;
}

/** Which of the times of a slot was measured. */
export type TimeName = keyof SwapTimes;
