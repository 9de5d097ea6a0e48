/** How much host memory is there for the next model, in GiB? */

import type { DriverName } from '#core/serve-spec';
import { messageOf } from '#core/thrown';
import { CommandMissing, type Commands } from '#platform/commands';
import { type MemoryReading, readMemory } from '#platform/memory';
import { tellOnce } from '#platform/tell-once';

export interface HostMemory {
  /**
   * GiB that a serve of this driver could take now; undefined when that cannot be found out. A process lives in our own
   * control group, so its limit counts as well; a container has a group of its own.
   */
  availableGb(driver: DriverName): Promise<number | undefined>;
}

const GIB = 1024 ** 3;
const VM_STAT_MS = 5_000;

/**
 * `vm_stat` of macOS: its first line names the page size; free, inactive, speculative and purgeable pages can be had.
 * Undefined for anything else.
 */
export const parseVmStat = (text: string): number | undefined => {
  const pageBytes = /page size of ([0-9]+) bytes/.exec(text)?.[1];
  if (pageBytes === undefined) return undefined;
  const pages = ['free', 'inactive', 'speculative', 'purgeable'].map((kind) =>
    Number(new RegExp(`^Pages ${kind}:\\s+([0-9]+)\\.`, 'm').exec(text)?.[1] ?? 0),
  );
  return pages.reduce((total, count) => total + count, 0) * Number(pageBytes);
};

const askVmStat = async (commands: Commands): Promise<number | undefined> => {
  try {
    return parseVmStat((await commands.run(['vm_stat'], { timeoutMs: VM_STAT_MS })).out);
  } catch (error) {
    if (error instanceof CommandMissing) return undefined;
    throw error;
  }
};

/** @param read for tests; the system's files when absent */
export const createHostMemory = (commands: Commands, read: () => Promise<MemoryReading> = readMemory): HostMemory => ({
  async availableGb(driver) {
    const { hostBytes, groupBytes } = await read();
    const host = hostBytes ?? (await askVmStat(commands));
    if (host === undefined) return undefined;
    const own = driver === 'process' ? (groupBytes ?? host) : host;
    return Math.min(host, own) / GIB;
  },
});

/** Never rejects: where nothing can be found out, loads are not guarded, and somebody hears of that once. */
export const tellingMemory = (memory: HostMemory, onWarning: (message: string) => void): HostMemory => {
  const once = tellOnce(onWarning);
  return {
    async availableGb(driver) {
      const found = await memory.availableGb(driver).catch(messageOf);
      if (typeof found === 'number') return found;
      const reason = found === undefined ? '' : ` (${found})`;
      once(`host memory cannot be read${reason}: models are loaded without asking whether they fit into it`);
      return undefined;
    },
  };
};
