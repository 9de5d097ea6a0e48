/** How long did an attempt wait for its model on a shared GPU, and for what, in plain words? */
import type { SlotRecord } from '#core/decision';
import { inTime } from '#core/plain-words';

/** Shorter waits are nobody's news, in milliseconds. */
const WORTH_TELLING_MS = 10;

const FOR_WHAT: Record<NonNullable<SlotRecord['needed']>, string> = {
  nothing: 'for its model',
  turn: 'for its turn on its model',
  wake: 'for its model to wake up',
  load: 'for its model to be loaded',
  swap: 'for its model to be swapped in',
  retry: 'for its model, which had failed before, to be loaded again',
};

/** Lines of an attempt that was made. */
export const slotLines = ({ needed, waitedMs, cut }: SlotRecord): string[] => [
  ...(waitedMs < WORTH_TELLING_MS ? [] : [`waited ${inTime(waitedMs)} ${FOR_WHAT[needed ?? 'nothing']}`]),
  ...(cut ? ['cut off: its model had to make room for another one, and the drain limit had passed'] : []),
];

/** What a tier that was refused its model adds to the reason: `, after waiting 60.00 s`; empty when it did not wait. */
export const refusedAfter = (slot: SlotRecord | undefined): string =>
  slot === undefined || slot.waitedMs < WORTH_TELLING_MS ? '' : `, after waiting ${inTime(slot.waitedMs)}`;
