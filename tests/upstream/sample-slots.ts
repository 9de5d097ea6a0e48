/** What does a believable status of a multiplexer look like, and how does a test vary it? */
import type { SlotStatus, SlotsStatus } from '#core/slots-status';

export const sampleSlot = (model: string, fields: Partial<SlotStatus> = {}): SlotStatus => ({
  model,
  state: 'ready',
  gpus: ['0'],
  state_ms: 1_000,
  leases: 0,
  waiting: 0,
  oldest_wait_ms: 0,
  ready_in_ms: 0,
  needs: 'nothing',
  load_ms: 40_000,
  wake_ms: 3_000,
  vram_mib: 20_000,
  pinned: false,
  loads: 1,
  crashes: 0,
  ...fields,
});

/** One model loaded, one away. */
export const sampleSlots = (fields: Partial<SlotsStatus> = {}): SlotsStatus => ({
  object: 'slots',
  at: Date.UTC(2026, 2, 14),
  state: 'serving',
  gpus: [{ id: '0', vram_mib: 24_000, taken_mib: 20_000 }],
  slots: [
    sampleSlot('coder', { leases: 2, waiting: 1, serve: 'f00dfeed' }),
    sampleSlot('thinker', { state: 'empty', ready_in_ms: 42_000, needs: 'swap', waiting: 3 }),
  ],
  queue: [{ request: 'req_1', model: 'thinker', position: 0, waited_ms: 700, bound_in_ms: 59_300 }],
  waiting: 4,
  swaps: {
    total: 3,
    by_reason: { demand: 1, worth: 2 },
    cut: 0,
    last: [{ at: Date.UTC(2026, 2, 14), out: null, in: 'coder', why: 'demand', drained_ms: 0, cut: 0 }],
  },
  ...fields,
});
