/** Does a model fit beside what is on its GPUs, and which slots have to be vacated, at least cost, so that it does? */
import type { SlotView, SwapModel, VacatedState } from '#core/swap';
import { shareGroup } from '#core/swap-board';

/** Something on a GPU: a whole model, or what a sleeping one keeps. */
export interface Occupant {
  readonly model: SwapModel;
  readonly loaded: boolean;
}

export type Memory = ReadonlyMap<string, number | undefined>;

/** What a slot takes now. A change counts in full until it is over, and so does a server that could not be removed. */
export const occupantOf = ({ model, state, stuck, slept }: SlotView): Occupant | undefined => {
  switch (state) {
    case 'empty':
      return undefined;
    case 'failed':
      return stuck === true ? { model, loaded: slept !== true } : undefined;
    case 'asleep':
      return { model, loaded: false };
    case 'unloading':
      return { model, loaded: slept !== true };
    case 'loading':
    case 'ready':
    case 'draining':
      return { model, loaded: true };
  }
};

const left = (model: SwapModel, to: VacatedState | undefined): Occupant | undefined =>
  to === 'asleep' ? { model, loaded: false } : undefined;

/** What it will take once everything that leaves has left. */
export const laterOccupantOf = (slot: SlotView): Occupant | undefined =>
  slot.state === 'draining' || slot.state === 'unloading' ? left(slot.model, slot.leaving) : occupantOf(slot);

/** What all these slots take, now or later. */
export const occupantsOf = (
  slots: readonly SlotView[],
  of: (slot: SlotView) => Occupant | undefined,
): readonly Occupant[] =>
  slots.flatMap((slot) => {
    const occupant = of(slot);
    return occupant === undefined ? [] : [occupant];
  });

/** MiB on each of its GPUs; undefined: all of them. */
const takenBy = ({ model, loaded }: Occupant): number | undefined => (loaded ? model.vramMib : (model.asleepMib ?? 0));

const fitsOn = (gpu: string, model: SwapModel, occupants: readonly Occupant[], memory: Memory): boolean => {
  const capacity = memory.get(gpu);
  const others = occupants.filter((occupant) => occupant.model.gpus.includes(gpu)).map(takenBy);
  const alone = others.every((taken) => taken === 0);
  if (capacity === undefined || model.vramMib === undefined) {
    return alone && (capacity === undefined || (model.vramMib ?? 0) <= capacity);
  }
  return others.reduce<number>((sum, taken) => sum + (taken ?? Number.POSITIVE_INFINITY), model.vramMib) <= capacity;
};

/**
 * Whether the whole model fits beside these occupants. Where the memory of a GPU or of a model is not known, nothing else
 * may be there, not even what a sleeping one keeps.
 * @param occupants may name the model itself, which then counts once
 */
export const fits = (model: SwapModel, occupants: readonly Occupant[], memory: Memory): boolean => {
  const others = occupants.filter((occupant) => occupant.model.name !== model.name);
  return (
    others.every((other) => !other.loaded || !shareGroup(other.model, model)) &&
    model.gpus.every((gpu) => fitsOn(gpu, model, others, memory))
  );
};

/** A slot that may be vacated, ready or asleep. */
export interface Removable {
  readonly slot: SlotView;
  /** Leases it serves and requests that wait for it. */
  readonly busy: number;
}

export interface Vacating {
  readonly slot: SlotView;
  readonly to: VacatedState;
}

/** Slots tried in every combination: three fates each, so 729 combinations. Beyond, one after the other. */
const COMBINED_MAX = 6;

type Fate = VacatedState | 'stays';
type Choice = readonly { readonly removable: Removable; readonly fate: Fate }[];

const fatesOf = ({ slot }: Removable): readonly Fate[] =>
  slot.state === 'ready' && slot.model.asleepMib !== undefined ? ['stays', 'asleep', 'empty'] : ['stays', 'empty'];

/** What the change costs in time until the model could serve again as well as now. */
const lossMs = (slot: SlotView, to: VacatedState): number => {
  const { loadMs, wakeMs, unloadMs, sleepMs } = slot.times;
  if (slot.state === 'asleep') return unloadMs + Math.max(0, loadMs - wakeMs);
  return to === 'asleep' ? sleepMs + wakeMs : unloadMs + loadMs;
};

/** Compared from left to right: interrupted work, ready models lost, time lost, freshness of what is lost. */
const costOf = (choice: Choice): readonly number[] => {
  let busy = 0;
  let ready = 0;
  let ms = 0;
  let newest = Number.NEGATIVE_INFINITY;
  for (const { removable, fate } of choice) {
    if (fate === 'stays') continue;
    busy += removable.busy;
    ready += removable.slot.state === 'ready' ? 1 : 0;
    ms += lossMs(removable.slot, fate);
    newest = Math.max(newest, removable.slot.lastUsedAt);
  }
  return [busy, ready, ms, newest];
};

const isCheaper = (one: readonly number[], other: readonly number[]): boolean => {
  for (const [place, value] of one.entries()) {
    const compared = other[place] ?? 0;
    if (value !== compared) return value < compared;
  }
  return false;
};

const staying = (choice: Choice): readonly Occupant[] =>
  choice.flatMap(({ removable: { slot }, fate }) =>
    occupantsOf([slot], fate === 'stays' ? occupantOf : ({ model }) => left(model, fate)),
  );

const everyChoice = (removables: readonly Removable[]): readonly Choice[] =>
  removables.reduce<readonly Choice[]>(
    (choices, removable) =>
      choices.flatMap((choice) => fatesOf(removable).map((fate) => [...choice, { removable, fate }])),
    [[]],
  );

/** Vacates the cheapest until it fits, then takes back what was not needed, dearest first. */
const oneByOne = (removables: readonly Removable[], roomy: (choice: Choice) => boolean): Choice | undefined => {
  const cheapestFirst = [...removables].sort((one, other) =>
    isCheaper(costOf([{ removable: one, fate: 'empty' }]), costOf([{ removable: other, fate: 'empty' }])) ? -1 : 1,
  );
  let choice: Choice = cheapestFirst.map((removable) => ({ removable, fate: 'stays' }));
  for (let place = 0; place < choice.length && !roomy(choice); place++) {
    choice = choice.map((one, at) => (at === place ? { ...one, fate: 'empty' } : one));
  }
  if (!roomy(choice)) return undefined;
  for (let place = choice.length - 1; place >= 0; place--) {
    const { removable, fate } = choice[place] ?? {};
    if (removable === undefined || fate === 'stays') continue;
    const gentler = fatesOf(removable)
      .filter((other) => other !== 'empty')
      .map((other) => choice.map((one, at) => (at === place ? { ...one, fate: other } : one)))
      .find(roomy);
    choice = gentler ?? choice;
  }
  return choice;
};

/**
 * Which of the removable slots to vacate so that the model fits: least interrupted work first, then fewest ready models,
 * then least time lost, then the longest unused. Sleeping wins over unloading where it frees enough.
 * @param fixed what stays whatever happens
 * @returns undefined when it does not fit even with all of them gone
 */
export const cheapestRoom = (
  model: SwapModel,
  fixed: readonly Occupant[],
  removables: readonly Removable[],
  memory: Memory,
): readonly Vacating[] | undefined => {
  const inTheWay = removables.filter(
    ({ slot }) =>
      slot.model.name !== model.name &&
      (shareGroup(slot.model, model) || slot.model.gpus.some((gpu) => model.gpus.includes(gpu))),
  );
  const roomy = (choice: Choice): boolean => fits(model, [...fixed, ...staying(choice)], memory);
  let best: Choice | undefined;
  if (inTheWay.length > COMBINED_MAX) best = oneByOne(inTheWay, roomy);
  else {
    for (const choice of everyChoice(inTheWay)) {
      const cheaper = best === undefined || isCheaper(costOf(choice), costOf(best));
      if (cheaper && roomy(choice)) best = choice;
    }
  }
  return best?.flatMap(({ removable, fate }) => (fate === 'stays' ? [] : [{ slot: removable.slot, to: fate }]));
};
