/** How is a SQLite file of ours opened, recognised and trusted, and what does each way of failing mean? */

import { Database } from 'bun:sqlite';
import { messageOf } from '#core/thrown';
import { preparePrivateFile } from '#platform/private-file';

/** What makes a file ours: SQLite's `application_id`, the schema's version, and the statements that create it. */
export interface Schema {
  /** A word for people: what the file holds. */
  readonly holds: string;
  /** 31-bit number at byte 68 of the file; a file with another one belongs to another program. */
  readonly applicationId: number;
  readonly version: number;
  readonly create: readonly string[];
}

export interface OpenOptions {
  readonly path: string;
  readonly schema: Schema;
  /** Longest wait for another process's write lock. */
  readonly busyTimeoutMs: number;
  /** Never creates or changes anything. */
  readonly readonly?: boolean;
}

/** A file that can be read but must not be touched; the message says why and what to do. */
export class SchemaRefusal extends Error {
  override readonly name = 'SchemaRefusal';
}

/** Pages in the write-ahead log before a commit copies them into the file, which costs two syncs: a few ms here. */
const CHECKPOINT_PAGES = 256;
/** A decision takes about 1.5 KB: of pages of 4,096 bytes a third would stay empty. */
const PAGE_BYTES = 8_192;
/** Bytes the write-ahead log is cut back to after a checkpoint. */
const WAL_BYTES_MAX = 8 * 1024 * 1024;

const numberOf = (database: Database, sql: string): number => {
  const row = database.query<Record<string, unknown>, []>(sql).get();
  return row === null ? 0 : Number(Object.values(row)[0]);
};

const recognise = (database: Database, { path, schema }: OpenOptions): 'ours' | 'empty' => {
  const owner = numberOf(database, 'PRAGMA application_id');
  if (owner === 0 && numberOf(database, 'SELECT count(*) FROM sqlite_schema') === 0) return 'empty';
  if (owner !== schema.applicationId) {
    throw new SchemaRefusal(
      `${path} is a SQLite file of another program, not ${schema.holds}; nothing in it was changed. Name another path.`,
    );
  }
  const version = numberOf(database, 'SELECT version FROM schema_version');
  if (version > schema.version) {
    throw new SchemaRefusal(
      `${path} holds ${schema.holds} of schema ${version}, written by a newer anvil-serving (this one knows ${schema.version}); nothing in it was changed. Upgrade, or name another path.`,
    );
  }
  return 'ours';
};

const create = (database: Database, options: OpenOptions): void => {
  const { schema } = options;
  // Another process may create the same file right now: the first to get the write lock does it, the other looks again.
  database
    .transaction(() => {
      if (recognise(database, options) === 'ours') return;
      for (const statement of schema.create) database.run(statement);
      database.run('CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT');
      database.query('INSERT INTO schema_version (version) VALUES (?)').run(schema.version);
      database.run(`PRAGMA application_id = ${schema.applicationId}`);
    })
    .immediate();
};

/**
 * Opens the file: 0600, WAL, durable against a crash of the process (a crash of the machine may lose the last commits,
 * never the file). Creates file and schema unless `readonly`.
 * @throws SchemaRefusal for a file that is not ours or too new; SQLite's or the system's error otherwise
 */
export const openSqlite = (options: OpenOptions): Database => {
  if (!options.readonly) preparePrivateFile(options.path);
  const database = new Database(
    options.path,
    options.readonly ? { readonly: true, strict: true } : { readwrite: true, strict: true },
  );
  try {
    database.run(`PRAGMA busy_timeout = ${options.busyTimeoutMs}`);
    const state = recognise(database, options);
    if (options.readonly) {
      if (state === 'empty') throw new SchemaRefusal(`${options.path} holds no ${options.schema.holds} yet.`);
      return database;
    }
    // Both before the first page is written, or they have no effect; entering WAL mode writes that page.
    if (state === 'empty') {
      database.run(`PRAGMA page_size = ${PAGE_BYTES}`);
      database.run('PRAGMA auto_vacuum = INCREMENTAL');
    }
    database.query('PRAGMA journal_mode = WAL').get();
    database.run('PRAGMA synchronous = NORMAL');
    database.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.query(`PRAGMA journal_size_limit = ${WAL_BYTES_MAX}`).get();
    if (state === 'empty') create(database, options);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
};

/** Bytes of the file that are in use, and bytes that a vacuum could give back. */
export const sizeOf = (database: Database): { readonly usedBytes: number; readonly freeBytes: number } => {
  const pageBytes = numberOf(database, 'PRAGMA page_size');
  const free = numberOf(database, 'PRAGMA freelist_count');
  return { usedBytes: (numberOf(database, 'PRAGMA page_count') - free) * pageBytes, freeBytes: free * pageBytes };
};

export type FaultKind = 'busy' | 'full' | 'damaged' | 'forbidden' | 'missing' | 'refused' | 'disk';

/** SQLite's primary result codes and the system's, by what they mean to the operator. */
const KIND_OF_CODE: readonly (readonly [RegExp, FaultKind])[] = [
  [/^SQLITE_(?:BUSY|LOCKED)/, 'busy'],
  [/^(?:SQLITE_FULL|ENOSPC|EDQUOT|EFBIG)/, 'full'],
  [/^SQLITE_(?:CORRUPT|NOTADB)/, 'damaged'],
  [/^(?:SQLITE_(?:READONLY|PERM|AUTH)|EACCES|EPERM|EROFS)/, 'forbidden'],
  [/^(?:SQLITE_CANTOPEN|ENOENT|ENOTDIR|EISDIR|EEXIST)/, 'missing'],
];

const REMEDY: Record<FaultKind, string> = {
  busy: 'another process keeps it locked; find it and let it finish',
  full: 'the disk or quota is full; free some space',
  damaged:
    'it is not a sound SQLite file; move it away (a new one is begun by itself) and repair the copy if you need it',
  forbidden: 'the process may not write there; check owner and rights of the file and its folder',
  missing: 'it cannot be opened; check that the folder exists and the path names a file',
  refused: 'the file was left alone',
  disk: 'the disk reports an error; check the system log',
};

export interface Fault {
  readonly kind: FaultKind;
  /** The cause, as SQLite or the system puts it. */
  readonly cause: string;
  readonly remedy: string;
}

/** What an error of this file means. Never throws. */
export const faultOf = (error: unknown): Fault => {
  const cause = messageOf(error);
  if (error instanceof SchemaRefusal) return { kind: 'refused', cause, remedy: REMEDY.refused };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const kind = KIND_OF_CODE.find(([pattern]) => pattern.test(code))?.[1] ?? 'disk';
  return { kind, cause, remedy: REMEDY[kind] };
};
