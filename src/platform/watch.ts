/** When did a file change? Watches its folder, because editors and atomic writers replace the file itself. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Changes closer together than this count as one, in milliseconds. */
const SETTLE_MS = 200;

/**
 * Calls back after the file was written or replaced and has been quiet for a moment.
 * @returns ends the watch; nothing is called afterwards
 */
export const watchFile = (path: string, onChange: () => void): (() => void) => {
  const name = basename(path);
  let timer: Timer | undefined;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), (_event, changed) => {
      if (changed !== null && changed !== name) return;
      clearTimeout(timer);
      timer = setTimeout(onChange, SETTLE_MS);
    });
    watcher.on('error', () => watcher?.close());
  } catch {
    // Without a watcher a change is picked up on SIGHUP.
  }
  return () => {
    clearTimeout(timer);
    watcher?.close();
  };
};
