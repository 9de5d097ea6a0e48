/** Where does the output of a program go that outlives us, and how is its end read back? */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { plainLine } from '#platform/commands-output';

/** Above, what it holds goes to `….1`, replacing what was there. */
const LOG_BYTES_MAX = 10 * 1024 * 1024;
/** Read from the end for its last lines. */
const TAIL_BYTES_MAX = 64 * 1024;

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Opens a log for a child to append to. @throws the system's error */
export const openLog = (path: string): number => openSync(path, 'a', FILE_MODE);

/**
 * Makes a log ready for the next start: folder, a new file when the old one has grown over 10 MiB, and a first line,
 * which also proves that the disk takes one.
 * @returns the byte from which on the lines of this start stand
 * @throws the system's error, for a full disk too
 */
export const prepareLog = (path: string, firstLine: string): number => {
  mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  const file = openLog(path);
  try {
    const line = Buffer.from(`${firstLine}\n`);
    if (writeSync(file, line) < line.length) throw new Error('the disk is full');
    fsyncSync(file);
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
};

/**
 * Keeps the log of a running program within its size: the program holds the file open, so its contents are moved instead.
 * Lines that are written at that very moment may be lost. Does nothing when the disk does not allow it.
 * @returns whether the file begins anew
 */
export const trimLog = (path: string): boolean => {
  try {
    if (statSync(path).size <= LOG_BYTES_MAX) return false;
    copyFileSync(path, `${path}.1`);
  } catch {
    // No room for a copy, or no file: what follows is all the more needed, and harmless.
  }
  try {
    truncateSync(path, 0);
    return true;
  } catch {
    return false;
  }
};

/**
 * The last lines of a log, oldest first, of what stands behind byte `from`. Empty when it cannot be read: lines are for
 * people who look for a reason, and a second failure must not hide the first.
 */
export const logTail = (path: string, from: number, linesMax: number): readonly string[] => {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      // A file shorter than that was cut by somebody; all of it is newer.
      const start = Math.max(size < from ? 0 : from, size - TAIL_BYTES_MAX);
      const bytes = Buffer.alloc(size - start);
      const text = bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, start));
      const lines = text.split('\n').map(plainLine);
      // Reading began in the middle of a line.
      if (start > from) lines.shift();
      return lines.filter((line) => line !== '').slice(-linesMax);
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
};
