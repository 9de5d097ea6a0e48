/** How much is measured: durations, rounds and sizes, for the usual run and for a quick look. */

export interface Extent {
  readonly rounds: number;
  /** One closed loop, in milliseconds. */
  readonly loopMs: number;
  /** Events per stream in the paced measurement. */
  readonly pacedEvents: number;
  /** Each of two loops per target before the first round, so that the hot code is compiled. */
  readonly warmUpMs: number;
  readonly coldStarts: number;
  readonly idleStreams: number;
  /** Waits before memory is read: after the start, with the streams open, after they are gone. */
  readonly settleMs: number;
  readonly microRounds: number;
}

export const USUAL: Extent = {
  rounds: 5,
  loopMs: 700,
  pacedEvents: 240,
  warmUpMs: 3_500,
  coldStarts: 10,
  idleStreams: 1_000,
  settleMs: 2_000,
  microRounds: 300,
};

export const QUICK: Extent = {
  rounds: 2,
  loopMs: 300,
  pacedEvents: 100,
  warmUpMs: 1_000,
  coldStarts: 3,
  idleStreams: 1_000,
  settleMs: 700,
  microRounds: 60,
};

export const STREAMS = 64;
export const GAP_MS = 5;
export const BURST_EVENTS = 20;
/** The streamed answer whose first byte is timed: short, but not over with its first event. */
export const TTFT_EVENTS = 3;
export const TTFT_GAP_MS = 2;
