/** How does a program run on this machine: to its end with its output collected, or for long with its output in lines? */

import { closeSync } from 'node:fs';
import { messageOf } from '#core/thrown';
import { openLog } from '#platform/commands-log';
import { collectEnd, eachLine } from '#platform/commands-output';
import { bootId, groupLives, processStart, signalGroup } from '#platform/commands-processes';

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

/** Added to our own environment; a name with undefined is taken out of it. */
export type ChildEnvironment = Readonly<Record<string, string | undefined>>;

export interface CommandOptions {
  readonly env?: ChildEnvironment;
  readonly cwd?: string;
  /** The whole process group is killed then. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Time to end in order, from SIGTERM until the group is killed, in milliseconds; it is killed at once when absent. */
  readonly graceMs?: number;
  /** Kept of each stream, in bytes; 1 MiB when absent. */
  readonly outputBytesMax?: number;
}

export interface ChildOptions {
  readonly env?: ChildEnvironment;
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
  /** Never rejects for what the program does. @throws CommandMissing when there is no such program; Error without the folder */
  run(argv: readonly [string, ...string[]], options: CommandOptions): Promise<CommandResult>;
  /** @throws CommandMissing when there is no such program; Error when the log file or the folder cannot be opened */
  start(argv: readonly [string, ...string[]], options: ChildOptions): Child;
  /** Sends a signal to a whole process group; false when there is none (any more). */
  signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean;
  /** Whether any process of the group still runs; one that is dead and merely not collected does not count. */
  groupLives(pid: number): Promise<boolean>;
  /**
   * When the process began, in the system's own unit, behind `bootId` and a colon: tells a process from a later one with its
   * number; undefined when gone.
   */
  startedAt(pid: number): Promise<string | undefined>;
  /** Tells one start of the system from another; empty where that cannot be told. */
  bootId(): Promise<string>;
  /** Absolute path of a program on PATH. */
  which(program: string): string | undefined;
}

/** There is no such program on PATH. */
export class CommandMissing extends Error {
  override readonly name = 'CommandMissing';
}

const OUTPUT_BYTES_MAX = 1024 * 1024;
/** What a program has written is in the pipe when it ends; a grandchild that holds the pipe open is not waited for. */
const LAST_OUTPUT_MS = 200;
/** From SIGKILL until it is given up: a program that waits for a broken device does not even die. */
const KILLED_MS = 2_000;

const WSL = 'it could not be found again, nor ended with all that it starts; run this inside WSL';

/** @throws CommandMissing */
const resolveProgram = (program: string, env: ChildEnvironment, cwd: string | undefined): string => {
  const found = Bun.which(program, { PATH: env.PATH ?? '', ...(cwd === undefined ? {} : { cwd }) });
  if (found !== null) return found;
  const where = program.includes('/') ? 'there is no such file, or it may not be run' : 'it is not on PATH';
  throw new CommandMissing(`${program} cannot be run: ${where}; install it or correct its name`);
};

/** What the system says when it does not start a program, in words. The missing file is the folder: the program was found. */
const startError = (program: string, cwd: string | undefined, error: unknown): Error => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EACCES') return new CommandMissing(`${program} cannot be run: permission denied`);
  if (code === 'ENOENT' && cwd !== undefined)
    return new Error(`${program} cannot be run in ${cwd}: there is no such folder`);
  return new Error(`${program} cannot be run: ${messageOf(error)}`);
};

const exitOf = (child: Bun.Subprocess): ChildExit => {
  // `killed` is true after ordinary exits too; these two are not.
  const { exitCode, signalCode } = child;
  return signalCode === null ? { code: exitCode ?? undefined } : { code: undefined, endedBy: String(signalCode) };
};

const merged = (base: ChildEnvironment, added: ChildEnvironment | undefined): Record<string, string> => {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...base, ...added })) if (value !== undefined) env[name] = value;
  return env;
};

interface SpawnPlan {
  readonly argv: readonly [string, ...string[]];
  readonly env: Record<string, string>;
  readonly cwd: string | undefined;
  readonly output: 'pipe' | number;
}

const spawn = ({ argv: [program, ...words], env, cwd, output }: SpawnPlan): Bun.Subprocess => {
  const path = resolveProgram(program, env, cwd);
  try {
    return Bun.spawn([path, ...words], {
      env,
      ...(cwd === undefined ? {} : { cwd }),
      // A session and group of its own: signals of our terminal do not reach it, and it can be killed with its children.
      detached: true,
      stdin: 'ignore',
      stdout: output,
      stderr: output,
    });
  } catch (error) {
    throw startError(program, cwd, error);
  }
};

/** The piped streams of a child; those of one that writes to a file are no streams. */
const streamsOf = (child: Bun.Subprocess): readonly ReadableStream<Uint8Array>[] =>
  [child.stdout, child.stderr].filter((stream) => stream instanceof ReadableStream);

const endedOrLate = async (ended: Promise<unknown>): Promise<void> => {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, LAST_OUTPUT_MS);
  await Promise.race([ended, late.promise]);
  clearTimeout(timer);
};

/** Calls back once, with `timedOut`, when the time is over or the signal comes. Returns how to call it off. */
const bounded = (
  timeoutMs: number,
  signal: AbortSignal | undefined,
  end: (timedOut: boolean) => void,
): (() => void) => {
  const onAbort = (): void => end(false);
  const timer = setTimeout(() => end(true), timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
};

/**
 * Programs of this machine.
 * @param base the environment that they get, and whose PATH names them; our own when absent
 */
export const createCommands = (base: ChildEnvironment = process.env): Commands => ({
  async run(argv, { env, cwd, timeoutMs, signal, graceMs, outputBytesMax = OUTPUT_BYTES_MAX }) {
    const child = spawn({ argv, env: merged(base, env), cwd, output: 'pipe' });
    const readers = streamsOf(child).map((stream) => collectEnd(stream, outputBytesMax));
    let timedOut = false;
    const lost = Promise.withResolvers<void>();
    let dying: Timer | undefined;
    const kill = (): void => {
      signalGroup(child.pid, 'SIGKILL');
      dying = setTimeout(lost.resolve, KILLED_MS);
    };
    const callOff = bounded(timeoutMs, signal, (late) => {
      if (dying !== undefined) return;
      timedOut = late;
      if (graceMs === undefined) return kill();
      signalGroup(child.pid, 'SIGTERM');
      dying = setTimeout(kill, graceMs);
    });
    await Promise.race([child.exited, lost.promise]);
    callOff();
    clearTimeout(dying);
    // What it has left behind would go on with what was given up.
    if (dying !== undefined) signalGroup(child.pid, 'SIGKILL');
    // It must not keep us from leaving either.
    child.unref();
    await endedOrLate(Promise.all(readers.map(({ ended }) => ended)));
    const [out = '', err = ''] = readers.map((reader) => reader.take());
    return { ...exitOf(child), out, err, timedOut };
  },

  start(argv, { env, cwd, logPath, onLine = () => undefined }) {
    if (process.platform === 'win32') throw new Error(`${argv[0]} cannot be run for long on Windows: ${WSL}`);
    const log = logPath === undefined ? undefined : openLog(logPath);
    try {
      const child = spawn({ argv, env: merged(base, env), cwd, output: log ?? 'pipe' });
      // Otherwise we could not leave while it runs on.
      child.unref();
      for (const stream of streamsOf(child)) void eachLine(stream, onLine);
      return { pid: child.pid, exited: child.exited.then(() => exitOf(child)) };
    } finally {
      if (log !== undefined) closeSync(log);
    }
  },

  signalGroup,
  groupLives,
  startedAt: processStart,
  bootId,
  which: (program) => Bun.which(program, { PATH: base.PATH ?? '' }) ?? undefined,
});
