/** How does a program run on this machine: to its end with its output collected, or for long with its output in lines? */

export interface CommandResult {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  /** Name of the signal that ended it. */
  readonly endedBy?: string;
  /** UTF-8; the end of it where it was longer than the limit. */
  readonly out: string;
  readonly err: string;
  /** The time limit ended it. */
  readonly timedOut: boolean;
}

export interface CommandOptions {
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The whole process group is killed then. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Kept of each stream, in bytes; 1 MiB when absent. */
  readonly outputBytesMax?: number;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** File that takes both output streams, appended; absent: they are piped and read as lines. */
  readonly logPath?: string;
  /** Hears of each line of a piped child; must not throw. */
  readonly onLine?: (line: string) => void;
}

export interface ChildExit {
  readonly code: number | undefined;
  readonly endedBy?: string;
}

/** A program in a process group of its own, which outlives us unless it is stopped. */
export interface Child {
  readonly pid: number;
  /** Never rejects. */
  readonly exited: Promise<ChildExit>;
}

export interface Commands {
  /** Never rejects for what the program does. @throws CommandMissing when there is no such program */
  run(argv: readonly [string, ...string[]], options: CommandOptions): Promise<CommandResult>;
  /** @throws CommandMissing when there is no such program; Error when the log file cannot be opened */
  start(argv: readonly [string, ...string[]], options: ChildOptions): Child;
  /** Sends a signal to a whole process group; false when there is none (any more). */
  signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean;
  /** When the process began, in the system's own unit: tells a process from a later one with its number; undefined when gone. */
  startedAt(pid: number): Promise<string | undefined>;
  /** Absolute path of a program on PATH. */
  which(program: string): string | undefined;
}

/** There is no such program on PATH. */
export class CommandMissing extends Error {
  override readonly name = 'CommandMissing';
}
