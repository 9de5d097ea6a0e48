/** How is a file kept to its owner alone, and is the file we opened still the one at that path? */
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * Creates the file (0600) and the folders above it that are missing (0700); a file that exists loses the rights of
 * group and others. Windows has no such modes: there the folder's own rights hold.
 * @throws the system's error when the file cannot be created or opened for writing
 */
export const preparePrivateFile = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  closeSync(openSync(path, 'a', FILE_MODE));
  if ((statSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, FILE_MODE);
  } catch {
    // Not ours to change; whoever shared it on purpose keeps it shared.
  }
};

/** Device and inode of a path; undefined when nothing is there. Differs once the file was moved, removed or replaced. */
export const fileIdentity = (path: string): string | undefined => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
};
