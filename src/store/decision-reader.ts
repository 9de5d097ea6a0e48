/** How are decisions found again, when some are on disk and the newest still wait in memory? */
import type { DecisionRecord } from '#core/decision';
import { type DecisionDisk, groupOf, openDecisionDisk } from '#store/decision-disk';
import {
  type Cursor,
  columnsOf,
  type DecisionQuery,
  decodeRecord,
  encodeRecord,
  formatCursor,
  limitOf,
  matches,
  newestFirst,
  parseCursor,
} from '#store/decision-row';
import { type DecisionSummary, summarise } from '#store/decision-summary';
import { faultOf } from '#store/sqlite';

export interface DecisionPage {
  /** Newest first. */
  readonly records: readonly DecisionRecord[];
  /** The `before` of the next page; absent on the last one. */
  readonly next?: string;
  /** Why the question has no answer: a `before` that no page gave out. */
  readonly problem?: string;
}

export interface DecisionReader {
  /** What is found is what is stored: secrets masked, over-long fields cut. */
  get(id: string): DecisionRecord | undefined;
  list(query: DecisionQuery): DecisionPage;
  /** @param sinceMs epoch milliseconds */
  summary(sinceMs: number): DecisionSummary;
}

/** Where a reader looks. */
export interface DecisionSource {
  /** Records that are not on disk, in any order. */
  waiting(): readonly DecisionRecord[];
  findWaiting(id: string): DecisionRecord | undefined;
  /** The disk's answer, or `nothing` when there is no disk to ask. */
  ask<Answer>(question: (disk: DecisionDisk) => Answer, nothing: Answer): Answer;
}

const asStored = (record: DecisionRecord): DecisionRecord | undefined => decodeRecord(encodeRecord(record));

const page = (source: DecisionSource, query: DecisionQuery, before: Cursor | undefined): DecisionPage => {
  const limit = limitOf(query);
  const waiting = source
    .waiting()
    .map((record) => ({ ...columnsOf(record), read: () => asStored(record) }))
    .filter((row) => matches(row, query, before));
  const stored = source
    .ask((disk) => disk.list(query, before), [])
    .map((row) => ({ ...row, read: () => decodeRecord(row.record) }));
  const seen = new Set(stored.map((row) => row.id));
  const rows = [...stored, ...waiting.filter((row) => !seen.has(row.id))].sort(newestFirst);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    records: shown.map((row) => row.read()).filter((record) => record !== undefined),
    ...(rows.length > limit && last ? { next: formatCursor(last) } : {}),
  };
};

export const createReader = (source: DecisionSource): DecisionReader => ({
  get(id) {
    const waiting = source.findWaiting(id);
    if (waiting) return asStored(waiting);
    const json = source.ask((disk) => disk.get(id), undefined);
    return json === undefined ? undefined : decodeRecord(json);
  },
  list(query) {
    const before = query.before === undefined ? undefined : parseCursor(query.before);
    if (query.before !== undefined && before === undefined) {
      return { records: [], problem: 'before: not a cursor; use the `next` of an earlier page' };
    }
    return page(source, query, before);
  },
  summary(sinceMs) {
    const waiting = source.waiting().map(columnsOf);
    const groups = source.ask((disk) => disk.tally(sinceMs), []);
    return summarise(sinceMs, [...groups, ...waiting.filter((row) => row.at >= sinceMs).map(groupOf)]);
  },
});

/** A reader waits this long for a process that is just opening or recovering the file. */
const READER_BUSY_TIMEOUT_MS = 2_000;

/**
 * Reads the file of a server, running or not, without ever changing it: for the command line.
 * @throws Error whose message says what, where and the remedy, from here and from every question
 */
export const readDecisions = (path: string): DecisionReader & { close(): void } => {
  const explained = <Answer>(action: () => Answer): Answer => {
    try {
      return action();
    } catch (error) {
      const { cause, remedy } = faultOf(error);
      throw new Error(`decision log ${path}: ${cause} — ${remedy}`, { cause: error });
    }
  };
  const disk = explained(() => openDecisionDisk(path, READER_BUSY_TIMEOUT_MS, true));
  const reader = createReader({
    waiting: () => [],
    findWaiting: () => undefined,
    ask: (question) => explained(() => question(disk)),
  });
  return { ...reader, close: () => disk.close() };
};
