/** Models, GPUs and moments for the tests of the swap scheduler. */
import type { SlotView, SwapModel, SwapPolicy, SwapTimes, SwapView, Waiter } from '#core/swap';

export const TIMES: SwapTimes = { loadMs: 20_000, wakeMs: 2000, unloadMs: 3000, sleepMs: 1000 };

export const modelOf = (name: string, over: Partial<SwapModel> = {}): SwapModel => ({
  name,
  gpus: ['gpu0'],
  exclusive: [],
  pinned: false,
  ...over,
});

export const policyOf = (over: Partial<SwapPolicy> = {}): SwapPolicy => ({
  waitBoundMs: 120_000,
  drainMs: 30_000,
  lingerMs: 2000,
  worth: 1,
  ...over,
});

export const slotOf = (model: SwapModel, over: Partial<SlotView> = {}): SlotView => ({
  model,
  times: TIMES,
  state: 'empty',
  since: 0,
  leases: 0,
  lastUsedAt: 0,
  ...over,
});

export const waiterOf = (model: string, since: number, over: Partial<Waiter> = {}): Waiter => ({
  id: `${model}@${since}`,
  model,
  since,
  priority: 0,
  ...over,
});

export const viewOf = (slots: readonly SlotView[], over: Partial<SwapView> = {}): SwapView => ({
  now: 0,
  gpus: [{ id: 'gpu0' }],
  slots,
  waiting: [],
  wanted: [],
  policy: policyOf(),
  ...over,
});
