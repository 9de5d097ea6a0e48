/** Which models that are waited for get room now, and which slots are vacated for the others? */
import type { SlotView, SwapModel, SwapReason, VacatedState } from '#core/swap';
import { areRivals, type Board, demandFor, isLoadable, leaveMsOf } from '#core/swap-board';
import {
  cheapestRoom,
  fits,
  laterOccupantOf,
  type Occupant,
  occupantOf,
  occupantsOf,
  type Removable,
} from '#core/swap-fit';
import {
  deadlineOf,
  forcedAt,
  type Leave,
  leaveFor,
  oldestSince,
  overtakes,
  pressedAt,
  turningPoints,
  worthAt,
} from '#core/swap-worth';

/** A slot that makes room for another. */
export interface Departure {
  readonly slot: SlotView;
  readonly to: VacatedState;
  readonly why: SwapReason;
  readonly for: SlotView;
  /** It only stops giving leases to the younger; it is drained when the running ones have ended. */
  readonly patient: boolean;
}

export interface Rooms {
  readonly loads: readonly { readonly slot: SlotView; readonly why: SwapReason }[];
  readonly departures: readonly Departure[];
  /** What is on the GPUs now, loads just decided included. */
  readonly present: readonly Occupant[];
  /** What will be there when everything that leaves has left and everything that was promised room has come. */
  readonly later: readonly Occupant[];
  /** Clock milliseconds, future ones only, at which the outcome may change by itself. */
  readonly turning: readonly number[];
}

const byName = (slots: readonly SlotView[], of: (slot: SlotView) => Occupant | undefined): Map<string, Occupant> =>
  new Map(occupantsOf(slots, of).map((occupant) => [occupant.model.name, occupant]));

/** Whether room is being made for it, or has been and is not taken yet. */
const isPromised = (board: Board, { model }: SlotView): boolean =>
  board.view.slots.some(({ vacatedFor }) => vacatedFor === model.name);

/** Those that can be loaded, in order: promised room, then at their bound by deadline, then by priority and arrival. */
const candidatesOf = (board: Board): readonly SlotView[] => {
  const rank = (slot: SlotView): readonly number[] => {
    const bound = board.view.now >= Math.min(forcedAt(board, slot), pressedAt(board, slot));
    return [
      isPromised(board, slot) ? 0 : 1,
      bound ? 0 : 1,
      bound ? deadlineOf(board, slot) : -demandFor(board, slot).priority,
      oldestSince(board, slot),
    ];
  };
  return board.view.slots
    .filter((slot) => isLoadable(slot) && board.queues.has(slot.model.name))
    .map((slot) => ({ slot, ranks: rank(slot) }))
    .sort((one, other) => {
      const place = one.ranks.findIndex((value, at) => value !== other.ranks[at]);
      return place < 0 ? 0 : (one.ranks[place] ?? 0) - (other.ranks[place] ?? 0);
    })
    .map(({ slot }) => slot);
};

type Step =
  | { readonly step: 'load' }
  | { readonly step: 'vacate'; readonly departures: readonly Departure[] }
  /** Its room is on its way, or it is the next to get what becomes free. */
  | { readonly step: 'reserve' }
  | { readonly step: 'nothing' };

/** What stays whatever happens to the rest: pinned models, and servers that could not be removed. */
const immovable = ({ view: { slots } }: Board): readonly Occupant[] =>
  occupantsOf(
    slots.filter(({ model, stuck }) => model.pinned || stuck === true),
    laterOccupantOf,
  );

class RoomPlan {
  readonly loads: { readonly slot: SlotView; readonly why: SwapReason }[] = [];
  readonly departures: Departure[] = [];
  readonly present: Map<string, Occupant>;
  readonly later: Map<string, Occupant>;
  readonly #board: Board;
  readonly #candidates: readonly SlotView[];
  readonly #settled = new Set<string>();

  constructor(board: Board) {
    this.#board = board;
    this.#candidates = candidatesOf(board);
    this.present = byName(board.view.slots, occupantOf);
    this.later = byName(board.view.slots, laterOccupantOf);
  }

  /** @param atOnce another one would make it miss its bound */
  consider(slot: SlotView, atOnce: boolean): void {
    if (this.#settled.has(slot.model.name)) return;
    this.#settled.add(slot.model.name);
    let step = this.#stepFor(slot, atOnce);
    if (step.step === 'load' || step.step === 'vacate') {
      const before = this.#goingBefore(slot, step);
      for (const other of before) this.consider(other, true);
      if (before.length > 0) step = this.#stepFor(slot, atOnce);
    }
    this.#take(slot, step);
  }

  run(): void {
    for (const slot of this.#candidates) this.consider(slot, false);
  }

  #fits(model: SwapModel, on: ReadonlyMap<string, Occupant>): boolean {
    return fits(model, [...on.values()], this.#board.memory);
  }

  #stepFor(slot: SlotView, atOnce: boolean): Step {
    if (this.#fits(slot.model, this.later)) {
      return { step: this.#fits(slot.model, this.present) ? 'load' : 'reserve' };
    }
    const departures = this.#departuresFor(slot, atOnce);
    if (departures !== undefined) return { step: 'vacate', departures };
    const due = atOnce || this.#board.view.now >= forcedAt(this.#board, slot);
    return { step: due ? 'reserve' : 'nothing' };
  }

  /** The cheapest slots that may be vacated for it, as far as that makes room. */
  #departuresFor(wanted: SlotView, atOnce: boolean): readonly Departure[] | undefined {
    const leaves = new Map<string, Leave>();
    const removables: Removable[] = [];
    for (const slot of this.#board.view.slots) {
      const { name } = slot.model;
      const here = this.later.get(name);
      // Woken a moment ago, or promised room: no longer what its slot says.
      if (here === undefined || here.loaded !== (slot.state !== 'asleep')) continue;
      if (this.departures.some((departure) => departure.slot === slot)) continue;
      const leave = leaveFor(this.#board, wanted, slot, atOnce);
      if (leave === undefined) continue;
      leaves.set(name, leave);
      removables.push({ slot, busy: slot.leases + (this.#board.queues.get(name)?.length ?? 0) });
    }
    const fixed = [...this.later.values()].filter(({ model }) => !leaves.has(model.name));
    const room = cheapestRoom(wanted.model, fixed, removables, this.#board.memory);
    return room?.flatMap(({ slot, to }) => {
      const leave = leaves.get(slot.model.name);
      return leave === undefined ? [] : [{ slot, to, for: wanted, ...leave }];
    });
  }

  /** Those behind it in the order that would miss their bound because of it. */
  #goingBefore(slot: SlotView, { step }: Step): readonly SlotView[] {
    const board = this.#board;
    const { now, policy } = board.view;
    const leaveMs = board.view.slots.reduce((longest, other) => Math.max(longest, leaveMsOf(other)), 0);
    const startAt = step === 'load' ? now : now + policy.drainMs + leaveMs;
    const promised = isPromised(board, slot);
    return this.#candidates.filter(
      (other) =>
        !this.#settled.has(other.model.name) &&
        areRivals(board, slot.model, other.model) &&
        overtakes(board, other, slot, startAt) &&
        (!promised || deadlineOf(board, other) < deadlineOf(board, slot)) &&
        fits(other.model, immovable(board), board.memory),
    );
  }

  #take(slot: SlotView, step: Step): void {
    const { name } = slot.model;
    const whole: Occupant = { model: slot.model, loaded: true };
    switch (step.step) {
      case 'nothing':
        return;
      case 'load':
        this.loads.push({ slot, why: this.#whyLoaded(slot) });
        this.present.set(name, whole);
        break;
      case 'vacate':
        this.departures.push(...step.departures);
        for (const { slot: leaving, to } of step.departures) {
          if (to === 'asleep') this.later.set(leaving.model.name, { model: leaving.model, loaded: false });
          else this.later.delete(leaving.model.name);
        }
        break;
      case 'reserve':
        break;
    }
    this.later.set(name, whole);
  }

  #whyLoaded(slot: SlotView): SwapReason {
    const board = this.#board;
    const { now } = board.view;
    if (!isPromised(board, slot)) return 'demand';
    if (now >= Math.min(forcedAt(board, slot), pressedAt(board, slot))) return 'bound';
    return now >= worthAt(board, slot) ? 'worth' : 'resident-idle';
  }
}

/** Whether it could be loaded if everything that may ever leave had left. */
export const canEverFit = (board: Board, { model }: SlotView): boolean =>
  fits(
    model,
    occupantsOf(
      board.view.slots.filter((slot) => slot.model.pinned),
      laterOccupantOf,
    ),
    board.memory,
  );

/** Decides for every model that is waited for, the most urgent first. */
export const makeRoom = (board: Board): Rooms => {
  const { view } = board;
  const plan = new RoomPlan(board);
  plan.run();
  const waited = view.slots.filter(({ model, state }) => board.queues.has(model.name) && state !== 'ready');
  return {
    loads: plan.loads,
    departures: plan.departures,
    present: [...plan.present.values()],
    later: [...plan.later.values()],
    turning: waited.flatMap((slot) => turningPoints(board, slot)).filter((at) => at > view.now),
  };
};
