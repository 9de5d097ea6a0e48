/** What would a multiplexer with this scheduler do to these requests? Exact, on a clock of its own; used by tests and bench. */
import type {
  Schedule,
  SlotState,
  SlotView,
  SwapCommand,
  SwapGpu,
  SwapModel,
  SwapPolicy,
  SwapTimes,
  SwapView,
  VacatedState,
  Waiter,
} from '#core/swap';
import { Alarms } from '#tests/core/swap-alarms';

export type Decide = (view: SwapView) => Schedule;

export interface SimulatedModel {
  readonly swap: SwapModel;
  readonly times: SwapTimes;
}

export interface Arrival {
  readonly id: string;
  readonly model: string;
  readonly at: number;
  /** Milliseconds from lease to the end of the answer. */
  readonly serviceMs: number;
  readonly priority?: number;
  /** Milliseconds of waiting after which the caller goes away. */
  readonly patienceMs?: number;
}

export interface Ending {
  readonly arrival: Arrival;
  readonly kind: 'served' | 'cut' | 'crashed' | 'refused' | 'gave-up' | 'load-failed';
  /** Undefined when it never got a lease. */
  readonly grantedAt: number | undefined;
  readonly endedAt: number;
}

export interface Change {
  readonly at: number;
  readonly model: string;
  readonly from: SlotState;
  readonly to: SlotState;
}

/** What may go wrong, by the number of the attempt, counted from 0 per model. */
export interface Mishaps {
  loadFails?(model: string, attempt: number): boolean;
  removalFails?(model: string, attempt: number): boolean;
}

export interface SimulationInput {
  readonly models: readonly SimulatedModel[];
  readonly gpus: readonly SwapGpu[];
  readonly policy: SwapPolicy;
  readonly decide: Decide;
  readonly arrivals: readonly Arrival[];
  /** Requests that follow on the end of one: callers that wait for their answers. */
  readonly next?: (ending: Ending) => readonly Arrival[];
  readonly wanted?: readonly string[];
  readonly crashes?: readonly { readonly at: number; readonly model: string }[];
  readonly mishaps?: Mishaps;
  /** Rest of a failed slot. */
  readonly retryMs?: number;
  /** Sees each moment with what is decided on it, before it is performed. */
  readonly watch?: (view: SwapView, schedule: Schedule) => void;
}

export interface Outcome {
  readonly endings: readonly Ending[];
  readonly changes: readonly Change[];
  readonly commands: readonly { readonly at: number; readonly command: SwapCommand }[];
  readonly endedAt: number;
}

/** Rounds of deciding at one moment, and moments in all, before it counts as endless. */
const ROUNDS_MAX = 20;
const MOMENTS_MAX = 20_000;

interface Running {
  readonly arrival: Arrival;
  readonly grantedAt: number;
}

interface Slot {
  readonly model: SwapModel;
  readonly times: SwapTimes;
  state: SlotState;
  since: number;
  lastUsedAt: number;
  running: Map<string, Running>;
  waking: boolean;
  slept: boolean;
  leaving: VacatedState | undefined;
  vacatedFor: string | undefined;
  retryAt: number | undefined;
  stuck: boolean;
  loads: number;
  removals: number;
  /** Counts changes of state, so that an alarm set before one is recognised as void. */
  epoch: number;
}

class Simulation {
  now = 0;
  readonly endings: Ending[] = [];
  readonly changes: Change[] = [];
  readonly commands: { readonly at: number; readonly command: SwapCommand }[] = [];
  readonly #input: SimulationInput;
  readonly #slots: Map<string, Slot>;
  #waiting: { readonly arrival: Arrival; readonly waiter: Waiter }[] = [];
  readonly #alarms = new Alarms();
  /** Until each has been loaded once; a crash makes it wanted again. */
  readonly #wanted: Set<string>;
  #lookAgain: number | undefined;

  constructor(input: SimulationInput) {
    this.#input = input;
    this.#wanted = new Set(input.wanted);
    this.#slots = new Map(
      input.models.map(({ swap, times }): [string, Slot] => [
        swap.name,
        {
          model: swap,
          times,
          state: 'empty',
          since: 0,
          lastUsedAt: 0,
          running: new Map(),
          waking: false,
          slept: false,
          leaving: undefined,
          vacatedFor: undefined,
          retryAt: undefined,
          stuck: false,
          loads: 0,
          removals: 0,
          epoch: 0,
        },
      ]),
    );
    for (const arrival of input.arrivals) this.#at(arrival.at, () => this.#arrive(arrival));
    for (const { at, model } of input.crashes ?? []) this.#at(at, () => this.#crash(model));
    this.#at(0, () => undefined);
  }

  run(): void {
    for (let moments = 0; this.#alarms.nextAt !== undefined || this.#lookAgain !== undefined; moments++) {
      if (moments > MOMENTS_MAX) throw new Error(`simulation: no end after ${MOMENTS_MAX} moments, at ${this.now} ms`);
      const first = this.#alarms.nextAt ?? Number.POSITIVE_INFINITY;
      this.now = Math.max(this.now, Math.min(first, this.#lookAgain ?? Number.POSITIVE_INFINITY));
      this.#lookAgain = undefined;
      this.#alarms.ringUntil(this.now);
      this.#settle();
    }
  }

  /** @throws Error when requests are still waiting or running */
  checkNothingLeft(): void {
    const left = this.#waiting.map(({ arrival }) => `${arrival.id} waits for ${arrival.model}`);
    for (const slot of this.#slots.values()) for (const id of slot.running.keys()) left.push(`${id} runs`);
    if (left.length > 0) throw new Error(`simulation: never ended: ${left.join(', ')}`);
  }

  #at(at: number, ring: () => void): void {
    this.#alarms.set(Math.max(at, this.now), ring);
  }

  /** Rings only if the slot has not changed its state by then. */
  #after(slot: Slot, ms: number, ring: () => void): void {
    const { epoch } = slot;
    this.#at(this.now + ms, () => {
      if (slot.epoch === epoch) ring();
    });
  }

  #enter(slot: Slot, state: SlotState): void {
    this.changes.push({ at: this.now, model: slot.model.name, from: slot.state, to: state });
    slot.slept = state === 'unloading' && (slot.state === 'asleep' || slot.slept);
    slot.state = state;
    slot.since = this.now;
    slot.epoch++;
    slot.waking = false;
    slot.stuck = false;
    slot.retryAt = undefined;
    if (state !== 'unloading' && state !== 'draining') slot.leaving = undefined;
  }

  #view(): SwapView {
    const { gpus, policy } = this.#input;
    return {
      now: this.now,
      gpus,
      policy,
      wanted: [...this.#wanted],
      waiting: this.#waiting.map(({ waiter }) => waiter),
      slots: [...this.#slots.values()].map(
        (slot): SlotView => ({
          model: slot.model,
          times: slot.times,
          state: slot.state,
          since: slot.since,
          leases: slot.running.size,
          lastUsedAt: slot.lastUsedAt,
          ...(slot.waking ? { waking: true } : {}),
          ...(slot.slept ? { slept: true } : {}),
          ...(slot.leaving === undefined ? {} : { leaving: slot.leaving }),
          ...(slot.vacatedFor === undefined ? {} : { vacatedFor: slot.vacatedFor }),
          ...(slot.retryAt === undefined ? {} : { retryAt: slot.retryAt }),
          ...(slot.stuck ? { stuck: true } : {}),
        }),
      ),
    };
  }

  #settle(): void {
    for (let round = 0; ; round++) {
      this.#forgetPromises();
      const view = this.#view();
      const decided = this.#input.decide(view);
      this.#input.watch?.(view, decided);
      if (decided.lookAgainAt !== undefined) {
        if (decided.lookAgainAt <= this.now)
          throw new Error(`simulation: look again at ${decided.lookAgainAt}, not later`);
        this.#lookAgain = decided.lookAgainAt;
      } else this.#lookAgain = undefined;
      if (decided.commands.length === 0) return;
      if (round > ROUNDS_MAX)
        throw new Error(`simulation: still commands after ${ROUNDS_MAX} rounds at ${this.now} ms`);
      for (const command of decided.commands) this.#perform(command);
    }
  }

  #forgetPromises(): void {
    for (const slot of this.#slots.values()) {
      const wanted = slot.vacatedFor;
      if (wanted === undefined) continue;
      const gone = !this.#waiting.some(({ waiter }) => waiter.model === wanted);
      if (gone || this.#slot(wanted).state === 'ready') slot.vacatedFor = undefined;
    }
  }

  #slot(name: string): Slot {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw new Error(`simulation: no model ${name}`);
    return slot;
  }

  #perform(command: SwapCommand): void {
    this.commands.push({ at: this.now, command });
    switch (command.do) {
      case 'grant':
        this.#grant(command.waiter);
        break;
      case 'refuse':
        this.#leave(command.waiter, 'refused');
        break;
      case 'load':
        this.#load(this.#slot(command.model));
        break;
      case 'drain':
        this.#drain(this.#slot(command.model), command.to, command.for);
        break;
    }
  }

  #arrive(arrival: Arrival): void {
    const { id, model, priority = 0, patienceMs } = arrival;
    this.#waiting.push({ arrival, waiter: { id, model, since: this.now, priority } });
    if (patienceMs !== undefined) this.#at(this.now + patienceMs, () => this.#leave(id, 'gave-up', true));
  }

  #end(ending: Ending): void {
    this.endings.push(ending);
    for (const arrival of this.#input.next?.(ending) ?? []) this.#at(arrival.at, () => this.#arrive(arrival));
  }

  /** @param mayBeGone no error when it does not wait any more */
  #leave(id: string, kind: Ending['kind'], mayBeGone = false): void {
    const found = this.#waiting.find(({ waiter }) => waiter.id === id);
    if (found === undefined && !mayBeGone) throw new Error(`simulation: ${id} does not wait`);
    if (found === undefined) return;
    this.#waiting = this.#waiting.filter((one) => one !== found);
    this.#end({ arrival: found.arrival, kind, grantedAt: undefined, endedAt: this.now });
  }

  #grant(id: string): void {
    const found = this.#waiting.find(({ waiter }) => waiter.id === id);
    if (found === undefined) throw new Error(`simulation: ${id} does not wait`);
    const { arrival } = found;
    const slot = this.#slot(arrival.model);
    if (slot.state !== 'ready') throw new Error(`simulation: ${arrival.model} is ${slot.state}, not ready`);
    if (slot.running.size >= (slot.model.maxConcurrency ?? Number.POSITIVE_INFINITY)) {
      throw new Error(`simulation: ${arrival.model} has no lease left`);
    }
    this.#waiting = this.#waiting.filter((one) => one !== found);
    slot.running.set(id, { arrival, grantedAt: this.now });
    this.#at(this.now + arrival.serviceMs, () => this.#release(slot, id, 'served'));
  }

  #release(slot: Slot, id: string, kind: Ending['kind']): void {
    const running = slot.running.get(id);
    if (running === undefined) return;
    slot.running.delete(id);
    slot.lastUsedAt = this.now;
    this.#end({ arrival: running.arrival, kind, grantedAt: running.grantedAt, endedAt: this.now });
    if (slot.state === 'draining' && slot.running.size === 0) this.#unload(slot);
  }

  #load(slot: Slot): void {
    const waking = slot.state === 'asleep';
    if (!waking && slot.state !== 'empty') throw new Error(`simulation: load of ${slot.model.name}, ${slot.state}`);
    this.#enter(slot, 'loading');
    slot.waking = waking;
    const fails = this.#input.mishaps?.loadFails?.(slot.model.name, slot.loads++) === true;
    this.#after(slot, waking ? slot.times.wakeMs : slot.times.loadMs, () => {
      if (fails) {
        this.#fail(slot, false);
        return;
      }
      this.#wanted.delete(slot.model.name);
      this.#enter(slot, 'ready');
      slot.lastUsedAt = this.now;
    });
  }

  #fail(slot: Slot, stuck: boolean): void {
    const retryMs = this.#input.retryMs ?? 5000;
    for (const id of [...slot.running.keys()]) this.#release(slot, id, 'crashed');
    if (slot.state === 'loading') {
      const failing = this.#waiting.filter(({ waiter }) => waiter.model === slot.model.name);
      for (const { waiter } of failing) this.#leave(waiter.id, 'load-failed');
    }
    const { slept } = slot;
    this.#enter(slot, 'failed');
    slot.slept = stuck && slept;
    slot.stuck = stuck;
    slot.retryAt = this.now + retryMs;
    this.#after(slot, retryMs, () => (stuck ? this.#unload(slot, 'empty') : this.#enter(slot, 'empty')));
  }

  #crash(name: string): void {
    const slot = this.#slot(name);
    if (slot.state !== 'ready' && slot.state !== 'draining') return;
    if (slot.state === 'ready') this.#wanted.add(name);
    this.#fail(slot, false);
  }

  #drain(slot: Slot, to: VacatedState, wanted: string | undefined): void {
    if (slot.state !== 'ready' && slot.state !== 'asleep') {
      throw new Error(`simulation: drain of ${slot.model.name}, ${slot.state}`);
    }
    slot.vacatedFor = wanted;
    if (slot.running.size === 0) {
      this.#unload(slot, to);
      return;
    }
    this.#enter(slot, 'draining');
    slot.leaving = to;
    this.#after(slot, this.#input.policy.drainMs, () => {
      for (const id of [...slot.running.keys()]) this.#release(slot, id, 'cut');
    });
  }

  #unload(slot: Slot, to: VacatedState = slot.leaving ?? 'empty'): void {
    this.#enter(slot, 'unloading');
    slot.leaving = to;
    const fails = to === 'empty' && this.#input.mishaps?.removalFails?.(slot.model.name, slot.removals++) === true;
    this.#after(slot, to === 'asleep' ? slot.times.sleepMs : slot.times.unloadMs, () => {
      if (fails) this.#fail(slot, true);
      else this.#enter(slot, to);
    });
  }
}

/** Runs to the end of all requests. @throws Error when the scheduler commands what cannot be, or never comes to rest */
export const simulate = (input: SimulationInput): Outcome => {
  const simulation = new Simulation(input);
  simulation.run();
  simulation.checkNothingLeft();
  const { endings, changes, commands, now } = simulation;
  return { endings, changes, commands, endedAt: now };
};
