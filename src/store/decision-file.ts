/** How does the decision log live with a disk that fails and comes back: full, locked, damaged, moved, forbidden? */
import { fileIdentity } from '#platform/private-file';
import { type Bounds, type DecisionDisk, openDecisionDisk } from '#store/decision-disk';
import type { Problems } from '#store/decision-problems';
import type { DecisionRow } from '#store/decision-row';
import { type Fault, faultOf } from '#store/sqlite';

export interface DecisionFile {
  /** `busy`: another process is writing, try again soon. `failed`: told to the operator, try again later. */
  write(rows: readonly DecisionRow[]): 'written' | 'busy' | 'failed';
  /** The answer of the disk, or `nothing` when it cannot be asked. */
  read<Answer>(question: (disk: DecisionDisk) => Answer, nothing: Answer): Answer;
  /** One step of clearing up; true when there is more to do. */
  sweep(bounds: Bounds): boolean;
  usedBytes(): number;
  /** Begins anew when the file at the path is no longer the one that is open. */
  checkPlace(): void;
  readonly failing: boolean;
  close(): void;
}

/** Short: while it waits for another writer the whole process waits. The batch is tried again at the next turn. */
const BUSY_TIMEOUT_MS = 25;
/** Busy turns in a row before the operator hears of it: about five seconds of them. */
const BUSY_TURNS_MAX = 25;

/** The connection to whatever file is at the path: opened when first needed, given up and opened anew on demand. */
const createConnection = (path: string) => {
  let disk: DecisionDisk | undefined;
  let identity: string | undefined;
  const drop = (): void => {
    try {
      disk?.close();
    } catch {
      // A connection to a broken file may fail to close; it is given up either way.
    }
    disk = undefined;
    identity = undefined;
  };
  const open = (): DecisionDisk => {
    disk ??= openDecisionDisk(path, BUSY_TIMEOUT_MS);
    identity ??= fileIdentity(path);
    return disk;
  };
  return {
    open,
    drop,
    reopen(): DecisionDisk {
      drop();
      return open();
    },
    current: (): DecisionDisk | undefined => disk,
    isInPlace: (): boolean => fileIdentity(path) === identity,
  };
};

export const createDecisionFile = (path: string, problems: Problems): DecisionFile => {
  const connection = createConnection(path);
  let fault: Fault | undefined;
  let busyTurns = 0;
  let closed = false;

  const tell = (found: Fault, doing: string): void =>
    problems.report(found.kind, `decision log: ${doing} ${path} failed: ${found.cause} — ${found.remedy}`);

  const attempt = (action: () => void): 'written' | 'busy' | 'failed' => {
    try {
      // After a failure only a fresh connection tells whether the file is sound again.
      if (fault) connection.reopen();
      action();
      fault = undefined;
      busyTurns = 0;
      return 'written';
    } catch (error) {
      const found = faultOf(error);
      if (found.kind === 'busy') {
        busyTurns += 1;
        if (busyTurns >= BUSY_TURNS_MAX) tell(found, 'writing to');
        return 'busy';
      }
      fault = found;
      tell(found, 'writing to');
      return 'failed';
    }
  };

  return {
    write: (rows) => attempt(() => connection.open().write(rows)),
    read(question, nothing) {
      if (closed) return nothing;
      try {
        return question(connection.open());
      } catch (error) {
        tell(faultOf(error), 'reading');
        return nothing;
      }
    },
    sweep(bounds) {
      let more = false;
      attempt(() => {
        more = connection.open().sweep(bounds);
      });
      return more;
    },
    usedBytes: () => {
      try {
        return connection.current()?.usedBytes() ?? 0;
      } catch {
        // The next write meets the same trouble and tells it.
        return 0;
      }
    },
    checkPlace() {
      if (connection.current() === undefined || fault !== undefined || connection.isInPlace()) return;
      problems.report(
        'missing',
        `decision log: ${path} was moved or removed while in use — a new file was begun there`,
      );
      attempt(() => {
        // The newest rows are still in the log beside the old place; whoever moved the file wants them in it.
        connection.current()?.checkpoint();
        connection.reopen();
      });
    },
    get failing() {
      return fault !== undefined;
    },
    close() {
      closed = true;
      connection.drop();
    },
  };
};
