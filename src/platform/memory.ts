/** How much memory can be had on this machine, and within the control group that this process is confined to? */
import { posix } from 'node:path';

export interface MemoryReading {
  /** Bytes that programs can get without the machine swapping; undefined when that cannot be found out. */
  readonly hostBytes: number | undefined;
  /** Bytes that our own control group, and what we start in it, can still get; undefined when it has no limit. */
  readonly groupBytes: number | undefined;
}

/** Text of a system file; undefined when it cannot be read. */
export type ReadSystemFile = (path: string) => Promise<string | undefined>;

const CGROUPS = '/sys/fs/cgroup';
/** Levels of control groups that are looked at. */
const DEPTH_MAX = 32;
/** A version 1 group without a limit states the largest number there is. */
const UNLIMITED = 2 ** 60;

const readSystemFile: ReadSystemFile = (path) =>
  Bun.file(path)
    .text()
    .catch(() => undefined);

/** `MemAvailable`, which counts what the page cache would give back, unlike `MemFree`. */
const parseAvailable = (meminfo: string): number | undefined => {
  const found = /^MemAvailable:\s+([0-9]+) kB$/m.exec(meminfo)?.[1];
  return found === undefined ? undefined : Number(found) * 1_024;
};

interface GroupFiles {
  readonly root: string;
  readonly path: string;
  readonly limit: string;
  readonly usage: string;
  /** Of the statistics file: page cache that goes first when memory is short. */
  readonly cache: string;
}

/**
 * Lines are `0::/path` for version 2 and `NUMBER:controllers:/path` for version 1; both may stand side by side, and then
 * memory is governed by whichever names it.
 */
const groupOf = (cgroup: string): GroupFiles | undefined => {
  const lines = cgroup.split('\n').map((line) => /^[0-9]+:([^:]*):(\/.*)$/.exec(line));
  const first = lines.find((line) => line?.[1]?.split(',').includes('memory') === true)?.[2];
  if (first !== undefined) {
    const names = { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', cache: 'total_inactive_file' };
    return { root: `${CGROUPS}/memory`, path: first, ...names };
  }
  const second = lines.find((line) => line?.[1] === '')?.[2];
  if (second === undefined) return undefined;
  return { root: CGROUPS, path: second, limit: 'memory.max', usage: 'memory.current', cache: 'inactive_file' };
};

const numberIn = (text: string | undefined): number | undefined => {
  const trimmed = text?.trim() ?? '';
  return /^[0-9]+$/.test(trimmed) ? Number(trimmed) : undefined;
};

/** What one group has left; undefined without a limit. */
const leftIn = async (folder: string, files: GroupFiles, read: ReadSystemFile): Promise<number | undefined> => {
  const limit = numberIn(await read(posix.join(folder, files.limit)));
  if (limit === undefined || limit >= UNLIMITED) return undefined;
  const usage = numberIn(await read(posix.join(folder, files.usage))) ?? 0;
  const stat = (await read(posix.join(folder, 'memory.stat'))) ?? '';
  const cache = numberIn(new RegExp(`^${files.cache} ([0-9]+)$`, 'm').exec(stat)?.[1]) ?? 0;
  return Math.max(0, limit - Math.max(0, usage - cache));
};

/** The smallest rest among our group and those above it: the limit of each holds. */
const groupBytesOf = async (read: ReadSystemFile): Promise<number | undefined> => {
  const files = groupOf((await read('/proc/self/cgroup')) ?? '');
  if (files === undefined) return undefined;
  let least: number | undefined;
  // Inside a container the path may be that of the host, or lead out of what is visible; the root is then our own group.
  let folder = posix.join(files.root, posix.join('/', files.path));
  for (let depth = 0; depth < DEPTH_MAX && folder.startsWith(files.root); depth++) {
    const left = await leftIn(folder, files, read);
    if (left !== undefined) least = Math.min(least ?? left, left);
    if (folder === files.root) break;
    folder = posix.dirname(folder);
  }
  return least;
};

/** Reads the system's files of Linux; both are undefined elsewhere. Never throws. */
export const readMemory = async (read: ReadSystemFile = readSystemFile): Promise<MemoryReading> => ({
  hostBytes: parseAvailable((await read('/proc/meminfo')) ?? ''),
  groupBytes: await groupBytesOf(read),
});
