/** Do the engines answer that would stop one model and start another? Asked before anything is vacated, which a "no" leaves as it is. */
import type { SwapCommand } from '#core/swap';
import { DriverError } from '#drivers/driver';
import type { Slot } from '#multiplexer/slot';
import type { MultiplexerWorld } from '#multiplexer/world';

export interface EngineGuard {
  /**
   * Whether room may be made for this model. The first call asks; `onAnswer` is called later, and the next call knows.
   * @param commands of the same schedule, which tell who makes room
   */
  mayMakeRoom(next: Slot, commands: readonly SwapCommand[]): boolean;
  /** The load has begun, or is not wanted any more: the next one is asked for anew. */
  forget(model: string): void;
}

/** Why the engine of this one cannot be asked. Any other trouble is for its load to tell. */
const awayOf = async (slot: Slot, drivers: MultiplexerWorld['drivers']): Promise<string | undefined> => {
  const { serve } = slot.model;
  try {
    await drivers[serve.launch.driver].find(serve, new AbortController().signal);
    return undefined;
  } catch (error) {
    return error instanceof DriverError && error.fault === 'unavailable' ? error.message : undefined;
  }
};

/** @param onAnswer hears what is wrong, for people; undefined when all engines answer */
export const createEngineGuard = (
  slots: readonly Slot[],
  drivers: MultiplexerWorld['drivers'],
  onAnswer: (next: Slot, away: string | undefined) => void,
): EngineGuard => {
  const state = new Map<string, 'asking' | 'clear'>();

  const ask = async (next: Slot, concerned: readonly Slot[]): Promise<void> => {
    const answers = await Promise.all(concerned.map((slot) => awayOf(slot, drivers)));
    if (state.get(next.name) !== 'asking') return;
    const away = answers.find((answer) => answer !== undefined);
    if (away === undefined) state.set(next.name, 'clear');
    else state.delete(next.name);
    onAnswer(next, away);
  };

  return {
    mayMakeRoom(next, commands) {
      const known = state.get(next.name);
      if (known === undefined) {
        const leaving = commands.flatMap((each) => (each.do === 'drain' && each.for === next.name ? [each.model] : []));
        state.set(next.name, 'asking');
        void ask(next, [next, ...slots.filter(({ name }) => leaving.includes(name))]);
      }
      return known === 'clear';
    },
    forget: (model) => {
      state.delete(model);
    },
  };
};
