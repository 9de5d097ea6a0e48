/** What the processes of a run say to each other: one command at a time, one reply each, over Bun's own channel. */
import type { Spread } from './numbers';

/** Small requests as fast as the connections allow, each connection one at a time. */
export interface LoopCommand {
  readonly kind: 'loop';
  readonly port: number;
  readonly body: string;
  readonly connections: number;
  readonly durationMs: number;
  /** A shorter answer counts as failed. */
  readonly bodyBytesMin: number;
}

export interface LoopResult {
  /** Microseconds from the write of a request to the last byte of its answer. */
  readonly latency: Spread;
  /** Microseconds from the write of a request to the first byte of the answer's body. */
  readonly firstByte: Spread;
  readonly perSecond: number;
  readonly failed: number;
}

/** Streams side by side whose events carry the time they were written. */
export interface EventsCommand {
  readonly kind: 'events';
  readonly port: number;
  readonly body: string;
  readonly streams: number;
  readonly eventsPerStream: number;
  /** Process whose CPU time counts; absent for direct. */
  readonly pid?: number;
}

/** Counted from the moment when every stream has begun until the first one ends. */
export interface EventsResult {
  /** Microseconds from the upstream's write to our read. */
  readonly delay: Spread;
  /** Mean difference between the delays of two events in a row, in microseconds. */
  readonly jitter: number;
  readonly events: number;
  readonly perSecond: number;
  /** CPU time of `pid` per event, in microseconds; NaN without one. */
  readonly cpu: number;
  /** Reads from a socket that brought at least one event. */
  readonly reads: number;
  /** Streams that broke or lost an event. */
  readonly failed: number;
}

/** Opens streams and keeps them until `release`. */
export interface HoldCommand {
  readonly kind: 'hold';
  readonly port: number;
  readonly body: string;
  readonly streams: number;
}

export interface ReleaseCommand {
  readonly kind: 'release';
}

/** One request, its answer as text. */
export interface ProbeCommand {
  readonly kind: 'probe';
  readonly port: number;
  readonly body: string;
}

/** The measurements that need no load. */
export interface MicroCommand {
  readonly kind: 'micro';
  /** Where files may be written. */
  readonly folder: string;
  readonly rounds: number;
}

/** One step of the router's own code. */
export interface MicroResult {
  readonly name: string;
  readonly micros: Spread;
}

export interface Replies {
  readonly loop: LoopResult;
  readonly events: EventsResult;
  readonly hold: { readonly open: number };
  readonly release: { readonly closed: number };
  readonly probe: { readonly status: number; readonly text: string };
  readonly micro: readonly MicroResult[];
}

export type LoadCommand = LoopCommand | EventsCommand | HoldCommand | ReleaseCommand | ProbeCommand;

export type Command = LoadCommand | MicroCommand;

/** What a program tells the orchestrator. */
export type FromChild =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'reply'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly reason: string };

/** Tells the orchestrator; the programs of a run are always its children. */
export const tellParent = (message: FromChild): void => {
  process.send?.(message);
};
