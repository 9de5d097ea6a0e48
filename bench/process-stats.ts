/** What has a process cost so far: CPU time of all its threads, and memory? Read from Linux's /proc. */

/** Linux counts in ticks of 1/100 s whatever the kernel's own rate is (USER_HZ). */
const MICROS_PER_TICK = 10_000;
/** Fields of /proc/<pid>/stat behind the name in parentheses: utime and stime are the 12th and 13th of those. */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;

/** User and system time of all threads, ended ones included, in microseconds; steps of 10 ms. */
export const cpuMicros = async (pid: number): Promise<number> => {
  const stat = await Bun.file(`/proc/${pid}/stat`).text();
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) * MICROS_PER_TICK;
};

/** Resident memory in MB (10^6 bytes). */
export const residentMb = async (pid: number): Promise<number> => {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kib === undefined ? Number.NaN : (Number(kib) * 1024) / 1e6;
};

/** Load averages over 1, 5 and 15 minutes, as text. */
export const loadAverage = async (): Promise<string> =>
  (await Bun.file('/proc/loadavg').text()).split(' ').slice(0, 3).join(' ');
