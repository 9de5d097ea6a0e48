/** Which server that could not be removed keeps a model from coming, so that nobody has to wait to learn it? */
import type { SlotRefusal } from '#core/slot-lease';
import { fits } from '#core/swap-fit';
import { type Floor, refuseAll } from '#multiplexer/floor';
import { inTheWay } from '#multiplexer/refusals';

/** Undefined for a model that may come, or is there. */
export const blockedBy = ({ slots, registry, world }: Floor, model: string): SlotRefusal | undefined => {
  const wanted = slots.get(model);
  if (wanted === undefined || wanted.state === 'ready' || wanted.state === 'draining') return undefined;
  const memory = new Map(registry.gpus.map(({ id, vramMib }) => [id, vramMib]));
  for (const slot of slots.values()) {
    const { stuckBecause, context } = slot;
    if (stuckBecause === undefined) continue;
    if (slot !== wanted && fits(wanted.model.swap, [{ model: slot.model.swap, loaded: true }], memory)) continue;
    const retryMs = Math.max(1, Math.ceil(context.dueAt - world.actors.clock.now()));
    return inTheWay(model, slot.name, stuckBecause, retryMs);
  }
  return undefined;
};

/** Ends the waits for all models that have become blocked. */
export const refuseBlocked = (floor: Floor): void => {
  for (const name of floor.slots.keys()) {
    const refusal = blockedBy(floor, name);
    if (refusal !== undefined) refuseAll(floor, name, refusal);
  }
};
