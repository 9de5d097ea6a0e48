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

const questionOf = (
  slot: Slot,
  slots: readonly Slot[],
  commands: readonly SwapCommand[],
): Pick<Parameters<typeof memoryShortage>[1], 'stoppedGb' | 'asleepGb' | 'stayingGb'> => {
  const others = slots
    .filter((other) => other !== slot && holds(other))
    .map((other) => ({ other, fate: fateOf(other, commands), gb: other.model.weightGb ?? 0 }));
  return {
    stoppedGb: others.filter(({ fate }) => fate === 'stopped').map(({ gb }) => gb),
    asleepGb: others.filter(({ fate, other }) => fate === 'asleep' && keepsWeights(other.model)).map(({ gb }) => gb),
    stayingGb: others.filter(({ fate }) => fate === 'stays').map(({ gb }) => gb),
  };
};

export const createMemoryGuard = (
  registry: Registry,
  slots: readonly Slot[],
  availableGb: MultiplexerWorld['availableGb'],
  onAnswer: Answer,
): MemoryGuard => {
  const state = new Map<string, 'asking' | 'clear'>();

  const ask = async (slot: Slot, commands: readonly SwapCommand[]): Promise<void> => {
    // Of the same moment as the commands: afterwards those that leave have begun to.
    const others = questionOf(slot, slots, commands);
    const freeGb = await availableGb(slot.model.serve.launch.driver);
    if (state.get(slot.name) !== 'asking') return;
    const { weightGb } = slot.model;
    const { ramCapGb } = registry.settings;
    const shortage = memoryShortage(slot.name, { weightGb, freeGb, ramCapGb, ...others });
    if (shortage === undefined) state.set(slot.name, 'clear');
    else state.delete(slot.name);
    onAnswer(slot, shortage);
  };

  return {
    mayLoad(slot, commands) {
      const known = state.get(slot.name);
      if (known === 'clear' || slot.state === 'asleep' || slot.model.weightGb === undefined) return true;
      if (known === undefined) {
        state.set(slot.name, 'asking');
        void ask(slot, commands);
      }
      return false;
    },
    forget: (model) => {
      state.delete(model);
    },
  };
};
