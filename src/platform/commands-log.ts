/** Where does the output of a program go that outlives us, and how is its end read back? */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { open, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { plainLine } from '#platform/commands-output';

/** Above, what it holds goes to `….1`, replacing what was there. */
const LOG_BYTES_MAX = 10 * 1024 * 1024;
/** Read from the end for its last lines. */
const TAIL_BYTES_MAX = 64 * 1024;
/** The same where that holds no line's beginning. */
const FAR_BYTES_MAX = 1024 * 1024;

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

/** Copies the end of a log, as much as may be kept: a program may have written gigabytes since somebody looked. */
const keepEnd = async (path: string, size: number): Promise<void> => {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.min(size, LOG_BYTES_MAX));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, size - bytes.length);
    await writeFile(`${path}.1`, bytes.subarray(0, bytesRead), { mode: FILE_MODE });
  } finally {
    await file.close();
  }
};

/**
 * Keeps the log of a running program within its size: the program holds the file open, so its contents are moved instead.
 * Lines that are written at that very moment may be lost. Where the disk has no room for a copy they are dropped. Never rejects.
 * @returns whether the file begins anew
 */
export const trimLog = async (path: string): Promise<boolean> => {
  try {
    const { size } = await stat(path);
    if (size <= LOG_BYTES_MAX) return false;
    await keepEnd(path, size);
  } catch {
    // No room for a copy, or no file: what follows is all the more needed, and harmless.
  }
  return truncate(path, 0).then(
    () => true,
    () => false,
  );
};

/** What stands behind byte `from`, as far as the last `bytesMax` bytes reach, as lines. */
const linesWithin = (file: number, from: number, bytesMax: number): readonly string[] => {
  const { size } = fstatSync(file);
  // A file shorter than that was cut by somebody; all of it is newer.
  const start = Math.max(size < from ? 0 : from, size - bytesMax);
  const bytes = Buffer.alloc(size - start);
  const text = bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, start));
  // Where reading began in the middle of a line, or of a progress bar that writes itself over, that piece is left out.
  const whole = start > from ? text.replace(/^[^\r\n]*/, '') : text;
  return whole
    .split('\n')
    .map(plainLine)
    .filter((line) => line !== '');
};

/**
 * The last lines of a log, oldest first, of what stands behind byte `from`. Empty when it cannot be read: lines are for
 * people who look for a reason, and a second failure must not hide the first.
 */
export const logTail = (path: string, from: number, linesMax: number): readonly string[] => {
  try {
    const file = openSync(path, 'r');
    try {
      const near = linesWithin(file, from, TAIL_BYTES_MAX);
      // One line may be longer than that.
      return (near.length > 0 ? near : linesWithin(file, from, FAR_BYTES_MAX)).slice(-linesMax);
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
};
