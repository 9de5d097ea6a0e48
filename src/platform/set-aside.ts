/** How is a damaged file moved out of the way without losing it? */
import { existsSync, renameSync } from 'node:fs';

/** Copies kept beside each other; the oldest name is used again when all are taken. */
const COPIES_MAX = 10;

/**
 * Renames the file to `<path>.damaged-<n>`, the first free one, and returns the new path.
 * @throws the system's error when it cannot be renamed
 */
export const setAside = (path: string): string => {
  const names = Array.from({ length: COPIES_MAX }, (_, n) => `${path}.damaged-${n + 1}`);
  const free = names.find((name) => !existsSync(name)) ?? `${path}.damaged-1`;
  renameSync(path, free);
  return free;
};
