/** How long do the changes of each model take? As measured lately, kept over restarts; until then as declared. */
import type { RegistryModel } from '#core/registry';
import type { SwapTimes } from '#core/swap';
import type { TimeName } from '#multiplexer/world';
import type { MultiplexerState } from '#store/multiplexer-state';

export interface Times {
  of(model: string): SwapTimes;
  record(model: string, name: TimeName, ms: number): void;
  /** Reads what earlier lives have measured. */
  restore(): void;
}

/** Weight of the newest measurement; the first one replaces what was declared. */
const WEIGHT = 0.3;
const NAMES: readonly TimeName[] = ['loadMs', 'wakeMs', 'unloadMs', 'sleepMs'];

const entryOf = (model: string): string => `times/${model}`;

/** Measurements as stored; anything that is not a sound number is dropped. */
const parse = (text: string | undefined): Partial<SwapTimes> => {
  if (text === undefined) return {};
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null) return {};
    const sound = NAMES.flatMap((name) => {
      const ms: unknown = Reflect.get(found, name);
      return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? [[name, ms] as const] : [];
    });
    return Object.fromEntries(sound);
  } catch {
    return {};
  }
};

export const createTimes = (models: readonly RegistryModel[], state: MultiplexerState): Times => {
  const declared = new Map(models.map(({ swap, times }) => [swap.name, times]));
  const measured = new Map<string, Partial<SwapTimes>>();
  return {
    of(model) {
      const base = declared.get(model);
      if (base === undefined) throw new Error(`multiplexer: no times for ${model}, which the registry does not name`);
      return { ...base, ...measured.get(model) };
    },
    record(model, name, ms) {
      const before = measured.get(model);
      const old = before?.[name];
      const now = old === undefined ? ms : old + (ms - old) * WEIGHT;
      const next = { ...before, [name]: Math.round(now) };
      measured.set(model, next);
      state.set(entryOf(model), JSON.stringify(next));
    },
    restore() {
      for (const name of declared.keys()) measured.set(name, parse(state.get(entryOf(name))));
    },
  };
};
