/** What did an earlier life leave behind? What runs as declared and fits is taken over, everything else of ours removed. */
import { fits, type Occupant } from '#core/swap-fit';
import type { Found } from '#drivers/driver';
import type { Floor } from '#multiplexer/floor';
import type { Slot } from '#multiplexer/slot';

interface Left {
  readonly slot: Slot;
  readonly found: Found;
}

/** Nothing is known of a serve whose engine cannot be asked; its first load says why. */
const look = async ({ world }: Floor, slot: Slot, signal: AbortSignal): Promise<Left> => {
  const { serve } = slot.model;
  const found = await world.drivers[serve.launch.driver].find(serve, signal).catch((): Found => ({ kind: 'absent' }));
  return { slot, found };
};

const isSound = ({ found }: Left): boolean => found.kind === 'ours' && found.running && found.drift.length === 0;

/**
 * Looks for the serves of all models at once and sets their slots to work: taking over or removing goes on after this has
 * resolved, and counts as memory taken. Never rejects.
 */
export const takeOver = async (floor: Floor, signal: AbortSignal): Promise<void> => {
  const { slots, registry } = floor;
  const left = await Promise.all([...slots.values()].map((slot) => look(floor, slot, signal)));
  if (signal.aborted) return;
  const memory = new Map(registry.gpus.map(({ id, vramMib }) => [id, vramMib]));
  const taken: Occupant[] = [];
  for (const each of left) {
    const { slot, found } = each;
    if (found.kind !== 'ours') continue;
    const model = slot.model.swap;
    if (isSound(each) && fits(model, taken, memory)) {
      taken.push({ model, loaded: true });
      slot.load('wanted');
    } else slot.drain('empty', 'wanted', undefined);
  }
};
