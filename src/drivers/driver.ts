/** What does the multiplexer, or a verb, ask of whatever runs a model server: a container, a compose service, a process? */
import type { Scrubber } from '#core/redact';
import type { ServeSpec } from '#core/serve-spec';
import { plainLine } from '#platform/commands-output';

/** What stands under a serve's name or on its port. */
export type Found =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'ours';
      readonly id: string;
      readonly running: boolean;
      /** Docker's word for the state, or `running` and `exited` for a process. */
      readonly status: string;
      /** What differs from the declaration, in words; empty when it may be adopted. */
      readonly drift: readonly string[];
    }
  /** Something that is not ours has the name or the port; it is never touched and never talked to. */
  | { readonly kind: 'stranger'; readonly what: string };

export interface ServeExit {
  readonly code: number | undefined;
  /** For people: `exited with 137 (out of memory)`. */
  readonly detail: string;
}

/** A server that runs, started or taken over. */
export interface RunningServe {
  /** Container id or process id. */
  readonly id: string;
  /** Resolves when it has ended by itself or was stopped. Never rejects. */
  readonly exited: Promise<ServeExit>;
  /** The last lines it printed, oldest first; at most `TAIL_LINES_MAX`. */
  tail(): readonly string[];
  /** Ends the watching, not the server. Idempotent. */
  letGo(): void;
}

/** Lines kept of a server's output. */
export const TAIL_LINES_MAX = 50;
/** Characters kept of each. */
export const TAIL_CHARS_MAX = 400;

/** The last lines of a server. */
export interface Tail {
  push(line: string): void;
  /** Forgets what was there. */
  replace(lines: readonly string[]): void;
  /** Oldest first. */
  lines(): readonly string[];
}

/** Of a progress bar, which overwrites itself, only what it showed last. */
const shownLast = (line: string): string =>
  line.includes('\r') ? (line.split('\r').findLast((piece) => piece.trim() !== '') ?? '') : line;

/** @param scrub takes secrets out; before a line is cut, or half of one could stay */
export const createTail = (scrub: Scrubber = (text) => text): Tail => {
  let kept: readonly string[] = [];
  const cut = (line: string): string => scrub(plainLine(shownLast(line))).slice(0, TAIL_CHARS_MAX);
  return {
    push(line) {
      kept = [...kept.slice(1 - TAIL_LINES_MAX), cut(line)];
    },
    replace(lines) {
      kept = lines.slice(-TAIL_LINES_MAX).map(cut);
    },
    lines: () => kept,
  };
};

export interface Driver {
  /** @throws DriverError when that cannot be found out */
  find(spec: ServeSpec, signal: AbortSignal): Promise<Found>;
  /** Starts it afresh; a stopped one of ours under the name is removed first. Does not wait until it is ready. @throws DriverError */
  start(spec: ServeSpec, signal: AbortSignal): Promise<RunningServe>;
  /** Takes over what `find` has just called ours, running and without drift. @throws DriverError */
  adopt(spec: ServeSpec, signal: AbortSignal): Promise<RunningServe>;
  /** Stops and removes what is ours under the name; one that is gone is no error. @throws DriverError when it is still there */
  stop(spec: ServeSpec): Promise<void>;
}

/**
 * `unavailable` the engine or program that runs serves cannot be had; `stranger` the name or port is somebody else's;
 * `missing` the image, file or volume is not there; `failed` it was tried and did not work.
 */
export type DriverFault = 'unavailable' | 'stranger' | 'missing' | 'failed';

/** The message is for people: what, where, what to do. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  readonly fault: DriverFault;

  constructor(fault: DriverFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
