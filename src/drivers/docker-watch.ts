/** Is a container still running, and what did it say last? Watched through an engine that may come and go. */

import { createScrubber, type Scrubber } from '#core/redact';
import { createTail, type RunningServe, type ServeExit, TAIL_LINES_MAX, type Tail } from '#drivers/driver';
import { type ContainerFacts, type DockerEngine, DockerError, type LogLine } from '#platform/docker-engine';
import type { Clock } from '#platform/effects';
import { pause } from '#platform/pause';

/** Rest before an engine that is away is asked again: doubled each time, up to the maximum. Milliseconds. */
const REST_MS = 250;
const REST_MS_MAX = 10_000;
/** Rest before a log that has ended is followed again, in milliseconds. */
const FOLLOW_REST_MS = 1_000;
/** Longest look at the last lines of a container that has ended, in milliseconds. */
const LAST_LINES_MS = 2_000;
/** Exit codes above tell the signal: 128 + its number. */
const SIGNAL_BASE = 128;
const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

export interface Watching {
  readonly engine: DockerEngine;
  readonly clock: Clock;
}

/** `exited with 137 (SIGKILL)`, or `(out of memory)` where the engine saw that. */
export const exitDetail = (code: number, oomKilled: boolean): string => {
  if (oomKilled) return `exited with ${code} (out of memory)`;
  const signal = SIGNALS[code - SIGNAL_BASE];
  return signal === undefined ? `exited with ${code}` : `exited with ${code} (${signal})`;
};

const isMissing = (error: unknown): boolean => error instanceof DockerError && error.fault === 'missing';

/**
 * Asks until there is an answer. An engine that is away knows nothing, and so do we: that is no exit.
 * @returns undefined when the signal came first
 */
const persist = async <Answer>(
  { clock }: Watching,
  signal: AbortSignal,
  ask: () => Promise<Answer>,
): Promise<Answer | undefined> => {
  let restMs = REST_MS;
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (isMissing(error)) throw error;
      // A wait that reached its limit is asked again at once; everything else gets a rest.
      if (error instanceof DockerError && error.fault === 'timeout') continue;
      await pause(clock, restMs, signal);
      restMs = Math.min(REST_MS_MAX, restMs * 2);
    }
  }
  return undefined;
};

const removed: ServeExit = { code: undefined, detail: 'its container was removed' };

/** Undefined once nobody wants to know any more. */
const untilExit = async (watching: Watching, id: string, signal: AbortSignal): Promise<ServeExit | undefined> => {
  try {
    const code = await persist(watching, signal, () => watching.engine.wait(id, signal));
    if (code === undefined) return undefined;
    const facts: ContainerFacts | undefined = await watching.engine.inspect(id, signal).catch(() => undefined);
    return { code, detail: exitDetail(code, facts?.oomKilled === true) };
  } catch {
    return removed;
  }
};

/** Follows the log, from where it broke off when the engine was away. */
const followLog = async (watching: Watching, id: string, tail: Tail, signal: AbortSignal): Promise<void> => {
  let last: LogLine['at'];
  const follow = async (): Promise<void> => {
    const wish = last === undefined ? { tail: TAIL_LINES_MAX } : { since: Math.floor(Date.parse(last) / 1000) };
    for await (const line of watching.engine.logs(id, { ...wish, follow: true }, signal)) {
      // `since` is rounded down, so lines that were read before come again.
      if (last !== undefined && line.at !== undefined && line.at <= last) continue;
      tail.push(line.text);
      last = line.at ?? last;
    }
  };
  // It also ends when the engine leaves in good order, so its end says nothing of the container.
  while (!signal.aborted) {
    await persist(watching, signal, follow);
    await pause(watching.clock, FOLLOW_REST_MS, signal);
  }
};

/** What it said last, read whole: the follower may still be behind, or have lost the engine. */
const lastLines = async ({ engine, clock }: Watching, id: string, tail: Tail): Promise<void> => {
  const late = new AbortController();
  const timer = clock.setTimeout(() => late.abort(), LAST_LINES_MS);
  try {
    const lines: string[] = [];
    for await (const { text } of engine.logs(id, { tail: TAIL_LINES_MAX, follow: false }, late.signal))
      lines.push(text);
    if (!late.signal.aborted && lines.length > 0) tail.replace(lines);
  } catch {
    // Gone already: what was followed has to do.
  } finally {
    clock.clearTimeout(timer);
  }
};

/**
 * A container that was started just now, or found running. Its end is told with its last lines in the tail; while the
 * engine cannot be asked nothing is told, since a container may outlive its engine's restart.
 * @param id of the container, not its name: a name may be given to another one
 * @param scrub takes secrets out of its lines; what looks like one goes in any case
 */
export const watchContainer = (
  engine: DockerEngine,
  id: string,
  clock: Clock,
  scrub: Scrubber = createScrubber(),
): RunningServe => {
  const watching: Watching = { engine, clock };
  const letGo = new AbortController();
  const tail = createTail(scrub);
  const follower = new AbortController();
  letGo.signal.addEventListener('abort', () => follower.abort(), { once: true });
  // Removed: its exit is told below.
  followLog(watching, id, tail, follower.signal).catch(() => undefined);
  const { promise: exited, resolve } = Promise.withResolvers<ServeExit>();
  void untilExit(watching, id, letGo.signal).then(async (exit) => {
    if (exit === undefined) return;
    follower.abort();
    if (exit !== removed) await lastLines(watching, id, tail);
    resolve(exit);
  });
  return { id, exited, tail: tail.lines, letGo: () => letGo.abort() };
};
