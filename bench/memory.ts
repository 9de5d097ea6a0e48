/** How much memory does a proxy hold: idle, with many silent streams open, and after they are gone? */
import type { Program, Running } from './children';
import type { Extent } from './extent';
import { residentMb } from './process-stats';
import { requestBody } from './wire';

/** Resident megabytes (10^6 bytes) of one process. */
export interface MemoryReading {
  readonly name: string;
  readonly idle: number;
  readonly withStreams: number;
  readonly afterwards: number;
  /** Streams that were open at the second reading. */
  readonly open: number;
}

const HOLD_WITHIN_MS = 30_000;

/** Measures a process that has served nothing yet, and ends it. */
export const measureMemory = async (
  name: string,
  start: () => Promise<Running>,
  load: Program,
  { idleStreams, settleMs }: Extent,
): Promise<MemoryReading> => {
  const running = await start();
  await Bun.sleep(settleMs);
  const idle = await residentMb(running.pid);
  const body = requestBody({ kind: 'idle' });
  const { open } = await load.ask({ kind: 'hold', port: running.port, body, streams: idleStreams }, HOLD_WITHIN_MS);
  await Bun.sleep(settleMs);
  const withStreams = await residentMb(running.pid);
  await load.ask({ kind: 'release' }, HOLD_WITHIN_MS);
  await Bun.sleep(settleMs);
  const afterwards = await residentMb(running.pid);
  await running.stop();
  return { name, idle, withStreams, afterwards, open };
};
