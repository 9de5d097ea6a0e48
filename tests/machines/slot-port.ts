/** What a slot asks of the world, written down, and the limits that the slot tests share. */
import type { SlotLimits, SlotPort } from '#machines/slot.machine';

export const SLOT_LIMITS: SlotLimits = {
  loadMs: 100_000,
  drainMs: 30_000,
  unloadMs: 20_000,
  retryMs: 5_000,
  retryMsMax: 60_000,
};

export interface RecordingPort extends SlotPort {
  readonly calls: string[];
}

export const recordingPort = (): RecordingPort => {
  const calls: string[] = [];
  return {
    calls,
    beginLoad: (waking) => void calls.push(waking ? 'wake' : 'load'),
    cancelLoad: () => void calls.push('cancel'),
    beginUnload: (to) => void calls.push(to === 'asleep' ? 'sleep' : 'stop'),
    beginRemoval: () => void calls.push('remove'),
    cutLeases: (leases) => void calls.push(`cut ${leases.join(' ')}`),
  };
};
