/** Is there host memory for a load? Asked before anything is vacated for it, so that a refusal leaves the resident. */
import type { Registry, RegistryModel } from '#core/registry';
import type { SwapCommand } from '#core/swap';
import { type MemoryShortage, memoryShortage } from '#core/swap-memory';
import type { Slot } from '#multiplexer/slot';
import type { MultiplexerWorld } from '#multiplexer/world';

export interface MemoryGuard {
  /**
   * Whether the load of this model, and the vacating for it, may begin. The first call for a load asks; `onAnswer` is
   * called later, and the next call knows. One that merely wakes is not asked for.
   * @param commands of the same schedule, which tell who makes room for whom
   */
  mayLoad(slot: Slot, commands: readonly SwapCommand[]): boolean;
  /** The load has begun, or is not wanted any more: the next one is asked for anew. */
  forget(model: string): void;
}

type Answer = (slot: Slot, shortage: MemoryShortage | undefined) => void;

/** Level 2 drops the weights, level 1 keeps them in host memory. */
const keepsWeights = ({ sleepLevel }: RegistryModel): boolean => sleepLevel === 1;

const holds = ({ state, context, model }: Slot): boolean =>
  state === 'asleep' ? keepsWeights(model) : state === 'failed' ? context.stuck : state !== 'empty';

/** How each of the others will stand when the room is free. */
const fateOf = (slot: Slot, commands: readonly SwapCommand[]): 'stays' | 'stopped' | 'asleep' => {
  const drain = commands.find((command) => command.do === 'drain' && command.model === slot.name);
  const leaves = slot.state === 'draining' || slot.state === 'unloading';
  const to = drain?.do === 'drain' ? drain.to : leaves ? slot.context.leaving : undefined;
  if (to === undefined) return 'stays';
  return to === 'asleep' ? 'asleep' : 'stopped';
};

type Standing = Pick<Parameters<typeof memoryShortage>[1], 'stoppedGb' | 'asleepGb' | 'stayingGb'>;

const standingOf = (slot: Slot, slots: readonly Slot[], commands: readonly SwapCommand[]): Standing => {
  const others = slots
    .filter((other) => other !== slot && holds(other))
    .map((other) => ({ other, fate: fateOf(other, commands), gb: other.model.weightGb ?? 0 }));
  return {
    stoppedGb: others.filter(({ fate }) => fate === 'stopped').map(({ gb }) => gb),
    asleepGb: others.filter(({ fate, other }) => fate === 'asleep' && keepsWeights(other.model)).map(({ gb }) => gb),
    stayingGb: others.filter(({ fate }) => fate === 'stays').map(({ gb }) => gb),
  };
};

/**
 * `asking` until the reading is there; `clear` until the load begins; `waiting` while there would be enough if no other
 * load were on its way, in which case it is asked again when that has ended.
 */
type Permit = 'asking' | 'clear' | 'waiting';

export const createMemoryGuard = (
  registry: Registry,
  slots: readonly Slot[],
  availableGb: MultiplexerWorld['availableGb'],
  onAnswer: Answer,
): MemoryGuard => {
  const permits = new Map<string, Permit>();

  /** Loads whose memory may not have been taken yet, or not all of it, so that no reading shows it. */
  const comingFor = (slot: Slot): readonly Slot[] =>
    slots.filter((other) => {
      if (other === slot || other.model.weightGb === undefined) return false;
      const permit = permits.get(other.name);
      return permit === 'clear' || permit === 'asking' || (other.state === 'loading' && !other.context.waking);
    });
  const ask = async (slot: Slot, commands: readonly SwapCommand[]): Promise<void> => {
    // Of the same moment as the commands: afterwards those that leave have begun to.
    const standing = standingOf(slot, slots, commands);
    const coming = comingFor(slot);
    const freeGb = await availableGb(slot.model.serve.launch.driver);
    if (permits.get(slot.name) !== 'asking') return;
    const { weightGb } = slot.model;
    const { ramCapGb } = registry.settings;
    const shortageBeside = (others: readonly Slot[]): MemoryShortage | undefined => {
      const comingGb = others.map((other) => other.model.weightGb ?? 0);
      // Those under way count as staying already.
      const cleared = others.filter((other) => !holds(other)).map((other) => other.model.weightGb ?? 0);
      const stayingGb = [...standing.stayingGb, ...cleared];
      return memoryShortage(slot.name, { weightGb, freeGb, ramCapGb, ...standing, stayingGb, comingGb });
    };
    const shortage = shortageBeside([]);
    if (shortage !== undefined) permits.delete(slot.name);
    else permits.set(slot.name, shortageBeside(coming) === undefined ? 'clear' : 'waiting');
    onAnswer(slot, shortage);
  };

  return {
    mayLoad(slot, commands) {
      const permit = permits.get(slot.name);
      if (permit === 'clear' || slot.state === 'asleep' || slot.model.weightGb === undefined) return true;
      if (permit === undefined || (permit === 'waiting' && comingFor(slot).length === 0)) {
        permits.set(slot.name, 'asking');
        void ask(slot, commands);
      }
      return false;
    },
    forget: (model) => {
      permits.delete(model);
    },
  };
};
