/** Does anything listen on a port of this machine already? */
import type { Effects } from '#platform/effects';

const HOST = '127.0.0.1';

/** A listener on loopback accepts at once. */
const REACH_MS = 1_000;

export const isPortTaken = async (reach: Effects['reach'], port: number): Promise<boolean> => {
  try {
    await reach(HOST, port, REACH_MS);
    return true;
  } catch (error) {
    // A listener whose queue is full neither accepts nor refuses.
    return error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT';
  }
};

export const portTaken = (port: number): string => `port ${port} of ${HOST} is taken by a program that is not ours`;
