/** How are decisions kept in a SQLite file: written in batches, asked by column, bounded by age and size? */
import type { Database, SQLQueryBindings } from 'bun:sqlite';
import { type Cursor, type DecisionColumns, type DecisionQuery, type DecisionRow, limitOf } from '#store/decision-row';
import type { TallyGroup } from '#store/decision-summary';
import { openSqlite, type Schema, sizeOf } from '#store/sqlite';

const SCHEMA: Schema = {
  holds: 'decisions of anvil-serving',
  applicationId: 0x616e_7669, // "anvi"
  version: 1,
  create: [
    `CREATE TABLE decision (
       id TEXT PRIMARY KEY, at INTEGER NOT NULL, outcome TEXT NOT NULL, status INTEGER NOT NULL, tier TEXT,
       work_class TEXT, session TEXT, cost_usd REAL NOT NULL, tokens INTEGER NOT NULL, record TEXT NOT NULL
     ) STRICT`,
    // One index answers every question without touching the records, and grows only at its end. An index per column
    // made writing three times as dear and did no better for two conditions at once.
    'CREATE INDEX decision_at ON decision (at, id, outcome, status, tier, work_class, session, cost_usd, tokens)',
  ],
};

/** Rows deleted, and pages given back, in one step of a sweep: a few milliseconds each. */
const SWEEP_ROWS = 500;
const SWEEP_PAGES = 256;
/** A file that grew too large is cut to this share of its limit, so that not every batch starts a sweep. */
const SIZE_TARGET = 0.9;

export interface Bounds {
  /** Epoch milliseconds; older rows go. */
  readonly oldestAt: number;
  readonly bytesMax: number;
}

export type StoredRow = Pick<DecisionRow, 'id' | 'at' | 'record'>;

export interface DecisionDisk {
  /** One transaction; a row whose id is there already is left alone, so a batch may be repeated. */
  write(rows: readonly DecisionRow[]): void;
  get(id: string): string | undefined;
  /** Newest first; one more than the limit when there are more. */
  list(query: DecisionQuery, before: Cursor | undefined): StoredRow[];
  tally(since: number): TallyGroup[];
  /** One bounded step towards the bounds; true when there is more to do. */
  sweep(bounds: Bounds): boolean;
  usedBytes(): number;
  /** Copies the write-ahead log into the file, as closing does while the file is in its place. */
  checkpoint(): void;
  close(): void;
}

const INSERT = `INSERT INTO decision (id, at, outcome, status, tier, work_class, session, cost_usd, tokens, record)
  VALUES ($id, $at, $outcome, $status, $tier, $workClass, $session, $costUsd, $tokens, $record) ON CONFLICT DO NOTHING`;
const TALLY = `SELECT outcome, tier, work_class AS workClass, count(*) AS requests, sum(cost_usd) AS costUsd,
  sum(tokens) AS tokens, min(at) AS oldestAt, max(at) AS newestAt
  FROM decision INDEXED BY decision_at WHERE at >= ? GROUP BY outcome, tier, work_class`;
const DELETE_OLDEST = `DELETE FROM decision WHERE id IN
  (SELECT id FROM decision WHERE at < $oldestAt ORDER BY at, id LIMIT $rows)`;

/** Conditions by the question's field; `since` and the cursor are about `at`. */
const CONDITIONS = [
  ['tier', 'tier = ?'],
  ['workClass', 'work_class = ?'],
  ['outcome', 'outcome = ?'],
  ['session', 'session = ?'],
  ['since', 'at >= ?'],
] as const satisfies readonly (readonly [keyof DecisionQuery, string])[];

const listRows = (database: Database, query: DecisionQuery, before: Cursor | undefined): StoredRow[] => {
  const conditions: string[] = [];
  const values: SQLQueryBindings[] = [];
  for (const [field, condition] of CONDITIONS) {
    const value = query[field];
    if (value === undefined) continue;
    conditions.push(condition);
    values.push(value);
  }
  if (before) {
    conditions.push('(at, id) < (?, ?)');
    values.push(before.at, before.id);
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  // In two steps, or SQLite fetches every record on its way to the few that match.
  const found = `SELECT rowid FROM decision INDEXED BY decision_at ${where} ORDER BY at DESC, id DESC LIMIT ?`;
  const sql = `SELECT id, at, record FROM decision WHERE rowid IN (${found}) ORDER BY at DESC, id DESC`;
  return database.query<StoredRow, SQLQueryBindings[]>(sql).all(...values, limitOf(query) + 1);
};

/** Deletes, oldest first, what is too old or too much; then gives pages back. Each call is one bounded step. */
const createSweeper = (database: Database): ((bounds: Bounds) => boolean) => {
  const remove = database.query<void, [{ oldestAt: number; rows: number }]>(DELETE_OLDEST);
  let shrinking = false;
  return ({ oldestAt, bytesMax }) => {
    if (remove.run({ oldestAt, rows: SWEEP_ROWS }).changes >= SWEEP_ROWS) return true;
    const { usedBytes, freeBytes } = sizeOf(database);
    const target = bytesMax * SIZE_TARGET;
    shrinking = usedBytes > (shrinking ? target : bytesMax);
    if (shrinking) {
      const count = database.query<{ rows: number }, []>('SELECT count(*) AS rows FROM decision').get()?.rows ?? 0;
      const surplus = Math.ceil(count * (1 - target / usedBytes));
      // An empty table that is still too large means a limit below the schema itself: nothing left to do.
      return remove.run({ oldestAt: Number.MAX_SAFE_INTEGER, rows: Math.min(surplus, SWEEP_ROWS) }).changes > 0;
    }
    if (freeBytes === 0) return false;
    // `all`, because each step of this statement frees one page.
    database.query(`PRAGMA incremental_vacuum(${SWEEP_PAGES})`).all();
    return sizeOf(database).freeBytes > 0;
  };
};

/**
 * @param busyTimeoutMs longest wait for another process's write; the whole process waits with it
 * @throws SchemaRefusal, SQLite's error or the system's
 */
export const openDecisionDisk = (path: string, busyTimeoutMs: number, readonly = false): DecisionDisk => {
  const database = openSqlite({ path, schema: SCHEMA, busyTimeoutMs, readonly });
  const insertAll = database.transaction((rows: readonly DecisionRow[]) => {
    const insert = database.query<void, [Record<string, string | number | null>]>(INSERT);
    for (const row of rows) insert.run({ ...row });
  });
  return {
    write: (rows) => insertAll.immediate(rows),
    get: (id) =>
      database.query<Pick<DecisionRow, 'record'>, [string]>('SELECT record FROM decision WHERE id = ?').get(id)?.record,
    list: (query, before) => listRows(database, query, before),
    tally: (since) => database.query<TallyGroup, [number]>(TALLY).all(since),
    sweep: createSweeper(database),
    usedBytes: () => sizeOf(database).usedBytes,
    checkpoint: () => {
      database.query('PRAGMA wal_checkpoint(TRUNCATE)').get();
    },
    close: () => database.close(),
  };
};

/** A row in memory as a group of one. */
export const groupOf = (row: DecisionColumns): TallyGroup => ({
  outcome: row.outcome,
  tier: row.tier,
  workClass: row.workClass,
  requests: 1,
  costUsd: row.costUsd,
  tokens: row.tokens,
  oldestAt: row.at,
  newestAt: row.at,
});
