/** What time is it on a clock that every process of this machine shares? Bun's own clocks start with the process. */
import { dlopen, ptr } from 'bun:ffi';

/** `CLOCK_MONOTONIC` of Linux. */
const MONOTONIC = 1;

const { symbols } = dlopen('libc.so.6', { clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' } });
/** struct timespec: seconds and nanoseconds. */
const time = new BigInt64Array(2);
const address = ptr(time);

/** Microseconds since the machine started, fractional; about 0.3 µs per call. */
export const machineMicros = (): number => {
  symbols.clock_gettime(MONOTONIC, address);
  return Number(time[0]) * 1e6 + Number(time[1]) / 1e3;
};
