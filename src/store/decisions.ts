/** How is every decision kept without slowing a request: queued, written in batches, readable at once, never fatal? */
import type { DecisionRecord } from '#core/decision';
import type { Clock } from '#platform/effects';
import { createDecisionFile } from '#store/decision-file';
import { createProblems, type DecisionProblem } from '#store/decision-problems';
import { createDecisionQueue } from '#store/decision-queue';
import { createReader, type DecisionReader } from '#store/decision-reader';
import { createDecisionWriter } from '#store/decision-writer';

export interface DecisionsOptions {
  /** SQLite file; absent: the newest 10,000 are kept in memory only. */
  readonly path?: string;
  readonly ageMaxDays: number;
  readonly bytesMax: number;
  readonly clock: Clock;
  /** Told what goes wrong, each kind at most once a minute. */
  readonly onError: (problem: DecisionProblem) => void;
}

export interface DecisionStats {
  /** `memory`: no file configured. `failing`: the file cannot be written now; decisions wait in memory. */
  readonly state: 'memory' | 'writing' | 'failing';
  /** In memory: waiting for the disk, or all there are without one. */
  readonly queued: number;
  readonly appended: number;
  readonly written: number;
  /** Lost: pushed out of a full queue, not to be encoded, appended after close, or unwritten at close. */
  readonly dropped: number;
  readonly failures: number;
  readonly lastProblem?: string;
}

export interface Decisions extends DecisionReader {
  /** Takes a reference and returns at once; the record must not change afterwards. Never throws. */
  append(record: DecisionRecord): void;
  /** Writes what is queued, as far as the disk allows. Never rejects; `stats` tells. */
  flush(): Promise<void>;
  /** Flushes and closes. Later appends count as dropped. */
  close(): Promise<void>;
  stats(): DecisionStats;
}

/** Records kept in memory: waiting for the disk, or all there are without one. */
export const QUEUE_MAX = 10_000;

const memoryOnly = (): Decisions => {
  const queue = createDecisionQueue(QUEUE_MAX);
  let appended = 0;
  let closed = false;
  let dropped = 0;
  return {
    ...createReader({ waiting: queue.all, findWaiting: queue.find, ask: (_question, nothing) => nothing }),
    append(record) {
      appended += 1;
      if (closed) dropped += 1;
      else queue.push(record);
    },
    flush: async () => {},
    close: async () => {
      closed = true;
    },
    stats: () => ({ state: 'memory', queued: queue.length, appended, written: 0, dropped, failures: 0 }),
  };
};

const onDisk = (options: DecisionsOptions, path: string): Decisions => {
  const queue = createDecisionQueue(QUEUE_MAX);
  const problems = createProblems(options.clock, options.onError);
  const file = createDecisionFile(path, problems);
  const writer = createDecisionWriter({ ...options, path, queue, file, problems });
  return {
    ...createReader({ waiting: queue.all, findWaiting: queue.find, ask: file.read }),
    append: writer.append,
    flush: async () => writer.flush(),
    close: async () => writer.close(),
    stats: () => ({
      state: file.failing ? 'failing' : 'writing',
      queued: queue.length,
      ...writer.counts(),
      failures: problems.total,
      ...(problems.last === undefined ? {} : { lastProblem: problems.last }),
    }),
  };
};

/**
 * Opens the decision log. Nothing on disk is touched before the first flush or question; trouble with the file is told
 * through `onError` and never stops the caller: decisions then wait in memory until the file can be written again.
 */
export const openDecisions = (options: DecisionsOptions): Decisions =>
  options.path === undefined ? memoryOnly() : onDisk(options, options.path);
