/** Which servers of a world run as processes of this machine, however they were started? */
import { readdirSync, readFileSync } from 'node:fs';

const wordsOf = (pid: number): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // It has ended between the two looks, or has never had words.
    return [];
  }
};

/** Process ids of all that have the world's id among their words, containers' processes included. */
export const serversOf = (world: string): readonly number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && wordsOf(pid).includes(world));

/** Kills what a failed test has left. */
export const endServers = (world: string): void => {
  for (const pid of serversOf(world)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
};
