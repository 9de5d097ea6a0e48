/** How did a tier behind a multiplexer elsewhere come by its model? As the headers of its reply tell. */
import type { SlotRecord } from '#core/decision';
import type { SlotLease } from '#core/slot-lease';
import type { Tier } from '#core/tier';

const NEEDED: Readonly<Record<SlotLease['needed'], true>> = {
  nothing: true,
  turn: true,
  wake: true,
  load: true,
  swap: true,
  retry: true,
};

const isNeeded = (word: string): word is SlotLease['needed'] => Object.hasOwn(NEEDED, word);

/** A day: no multiplexer lets anybody wait longer. */
const WAITED_MS_MAX = 86_400_000;

/** Undefined for a tier without a swap group, and where the head had left before there was a model. */
export const slotInHeaders = ({ swapGroup, model, id }: Tier, headers: Headers): SlotRecord | undefined => {
  if (swapGroup === undefined) return undefined;
  const needed = headers.get('x-anvil-slot-needed') ?? '';
  const waitedMs = Number(headers.get('x-anvil-slot-waited-ms') ?? Number.NaN);
  if (!isNeeded(needed) || !(waitedMs >= 0 && waitedMs <= WAITED_MS_MAX)) return undefined;
  return { model: model ?? id, needed, waitedMs, elsewhere: true };
};
