/** What does the multiplexer remember between two lives, and who may use its state file? One process: the file is the lock. */
import { Database } from 'bun:sqlite';
import { fileIdentity, preparePrivateFile } from '#platform/private-file';
import { setAside } from '#platform/set-aside';
import { faultOf, SchemaRefusal } from '#store/sqlite';

export interface MultiplexerStateOptions {
  /** Absolute path of the file. Its folder is created when missing. */
  readonly path: string;
  /** Hears of trouble that does not stop the multiplexer: a damaged file set aside, a write that failed. */
  readonly onProblem: (message: string) => void;
}

/** Small texts by name. Reads are from memory; a write that fails is told, kept in memory, and never throws. */
export interface MultiplexerState {
  readonly path: string;
  /**
   * Takes the lock, which the system gives back however the process ends, and reads what is there. A damaged file is set
   * aside and a new one begun. Idempotent.
   * @throws Error with a remedy when another process holds the file, when it cannot be written, or when it is not ours
   */
  open(): void;
  get(name: string): string | undefined;
  /** Undefined forgets it. */
  set(name: string, text: string | undefined): void;
  /** Gives the lock back. Idempotent; later writes stay in memory. */
  close(): void;
}

/** "anvM" in ASCII, at byte 68 of the file. */
const APPLICATION_ID = 0x616e764d;
const SCHEMA_VERSION = 1;
/** Another multiplexer may be about to leave. */
const BUSY_TIMEOUT_MS = 500;

/** A connection that nothing refers to is closed by the garbage collector, and the lock would go with it. */
const held = new Set<Database>();

const pragma = (database: Database, name: string): number =>
  Number(Object.values(database.query<Record<string, unknown>, []>(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);

const prepare = (database: Database, path: string): void => {
  const owner = pragma(database, 'application_id');
  const isEmpty = database.query('SELECT 1 FROM sqlite_schema LIMIT 1').get() === null;
  if (owner !== APPLICATION_ID && !(owner === 0 && isEmpty)) {
    throw new SchemaRefusal(
      `${path} is a SQLite file of another program; nothing in it was changed. Name another path.`,
    );
  }
  if (pragma(database, 'user_version') > SCHEMA_VERSION) {
    throw new SchemaRefusal(`${path} was written by a newer anvil-serving; nothing in it was changed. Upgrade.`);
  }
  database.run('CREATE TABLE IF NOT EXISTS entry (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID');
  database.run(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
};

/**
 * Opens the file with an exclusive lock that lasts as long as the connection. The file is only ever touched by SQLite once
 * it exists: closing any other handle of it would make the system drop the lock.
 */
const take = (path: string): Database => {
  if (fileIdentity(path) === undefined) preparePrivateFile(path);
  const database = new Database(path, { readwrite: true, strict: true });
  try {
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.query('PRAGMA locking_mode = EXCLUSIVE').get();
    database.query('PRAGMA journal_mode = TRUNCATE').get();
    database.run('PRAGMA synchronous = NORMAL');
    database.transaction(() => prepare(database, path)).exclusive();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
};

/** Entries that were set before the file was opened win over those in it. */
const takeAndRead = (path: string, entries: Map<string, string>): Database => {
  const database = take(path);
  try {
    const rows = database
      .query<{ readonly name: string; readonly text: string }, []>('SELECT name, text FROM entry')
      .all();
    for (const { name, text } of rows) if (!entries.has(name)) entries.set(name, text);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
};

const refusalOf = (path: string, error: unknown): Error => {
  const fault = faultOf(error);
  if (fault.kind === 'refused') return new Error(`multiplexer: ${fault.cause}`, { cause: error });
  const what =
    fault.kind === 'busy'
      ? 'another multiplexer holds this registry: stop it first'
      : `the state file cannot be used (${fault.cause}): ${fault.remedy}`;
  return new Error(`multiplexer: ${what} — ${path}`, { cause: error });
};

export const createMultiplexerState = ({ path, onProblem }: MultiplexerStateOptions): MultiplexerState => {
  let database: Database | undefined;
  let failing = false;
  const entries = new Map<string, string>();

  const begin = (): Database => {
    try {
      return takeAndRead(path, entries);
    } catch (error) {
      if (faultOf(error).kind !== 'damaged') throw error;
      const aside = setAside(path);
      // A journal that stays behind would be played back into the new file.
      if (fileIdentity(`${path}-journal`) !== undefined) setAside(`${path}-journal`);
      onProblem(`multiplexer state: ${path} was damaged; it was moved to ${aside} and a new one begun`);
      return takeAndRead(path, entries);
    }
  };
  const write = (name: string, text: string | undefined): void => {
    if (database === undefined) return;
    try {
      if (text === undefined) database.query('DELETE FROM entry WHERE name = ?').run(name);
      else database.query('INSERT OR REPLACE INTO entry (name, text) VALUES (?, ?)').run(name, text);
      failing = false;
    } catch (error) {
      if (!failing) {
        const fault = faultOf(error);
        onProblem(`multiplexer state: writing to ${path} failed: ${fault.cause} — ${fault.remedy}; serving goes on`);
      }
      failing = true;
    }
  };

  return {
    path,
    open() {
      if (database !== undefined) return;
      try {
        database = begin();
        held.add(database);
      } catch (error) {
        throw refusalOf(path, error);
      }
    },
    get: (name) => entries.get(name),
    set(name, text) {
      if (entries.get(name) === text) return;
      if (text === undefined) entries.delete(name);
      else entries.set(name, text);
      write(name, text);
    },
    close() {
      if (database === undefined) return;
      held.delete(database);
      try {
        database.close();
      } catch {
        // The lock goes with the process at the latest.
      }
      database = undefined;
    },
  };
};
