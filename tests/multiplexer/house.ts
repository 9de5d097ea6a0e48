/** A multiplexer on fake servers, simulated time and a state in memory, with what it says collected. */

import type { Registry, RegistryModel, RegistrySettings } from '#core/registry';
import { isSlotRefusal, type SlotLease, type SlotRefusal } from '#core/slot-lease';
import type { SlotStatus } from '#core/slots-status';
import type { SwapGpu } from '#core/swap';
import { SWAP_DEFAULTS } from '#core/swap-defaults';
import { createMultiplexer } from '#multiplexer/create';
import type { Multiplexer, MultiplexerEvent } from '#multiplexer/multiplexer';
import { type Actors, createActors } from '#platform/actors';
import type { MultiplexerState } from '#store/multiplexer-state';
import { createFakeServes, type FakeServes } from '#tests/multiplexer/fake-driver';
import { createSimulatedClock, type SimulatedClock, settle } from '#tests/support/clock';

export interface ModelWish extends Partial<Omit<RegistryModel, 'swap' | 'serve'>> {
  readonly name: string;
  readonly gpus?: readonly string[];
  readonly vramMib?: number;
  readonly asleepMib?: number;
  readonly idleMs?: number;
  readonly pinned?: boolean;
  readonly minResidentMs?: number;
  readonly maxConcurrency?: number;
}

export interface HouseOptions {
  readonly models?: readonly ModelWish[];
  readonly gpus?: readonly SwapGpu[];
  readonly settings?: Partial<RegistrySettings>;
  /** Of the host; what loaded models take is not subtracted from a plain number. */
  readonly availableGb?: number | (() => Promise<number | undefined>);
  /** Puts itself between the multiplexer and its actors. */
  readonly actors?: (made: Actors) => Actors;
  readonly state?: MultiplexerState;
  readonly clock?: SimulatedClock;
  readonly serves?: FakeServes;
}

export interface House {
  readonly multiplexer: Multiplexer;
  readonly clock: SimulatedClock;
  readonly serves: FakeServes;
  readonly events: MultiplexerEvent[];
  /** Deaths of actors, and errors that nobody expected. */
  readonly errors: unknown[];
  /** Asks and keeps the answer to look at. */
  ask(model: string, options?: { readonly priority?: number; readonly signal?: AbortSignal }): Asked;
  stateOf(model: string): string;
}

export interface Asked {
  /** Undefined while it waits. */
  readonly result: SlotLease | SlotRefusal | undefined;
  readonly promise: Promise<SlotLease | SlotRefusal>;
  readonly abort: () => void;
  /** `lease`, the kind of its refusal, or `waits`. */
  readonly word: string;
  /** The lease; throws when there is none. */
  readonly lease: SlotLease;
  readonly refusal: SlotRefusal;
}

/** Entries in memory, as the file would keep them. */
export const memoryState = (): MultiplexerState => {
  const entries = new Map<string, string>();
  return {
    path: '/state',
    open: () => {},
    get: (name) => entries.get(name),
    set: (name, text) => {
      if (text === undefined) entries.delete(name);
      else entries.set(name, text);
    },
    close: () => {},
  };
};

const PORT = 30_000;

const modelOf = (wish: ModelWish, place: number): RegistryModel => {
  const { name, gpus = ['0'], vramMib, asleepMib, idleMs, maxConcurrency, pinned = false, minResidentMs = 0 } = wish;
  return {
    swap: {
      name,
      gpus,
      exclusive: [],
      pinned,
      minResidentMs,
      ...(vramMib === undefined ? {} : { vramMib }),
      ...(asleepMib === undefined ? {} : { asleepMib }),
      ...(idleMs === undefined ? {} : { idleMs }),
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    },
    serve: {
      name,
      engine: 'vllm',
      launch: { driver: 'process', argv: ['server'] },
      container: `anvil-${name}`,
      port: PORT + place,
      health: '/health',
      gpus,
      env: {},
      envFrom: [],
      loadTimeoutMs: 600_000,
      stopMs: 10_000,
    },
    times: wish.times ?? { loadMs: 10_000, wakeMs: 1_000, unloadMs: 1_000, sleepMs: 500 },
    preload: wish.preload ?? false,
    priority: wish.priority ?? 0,
    ...(wish.weightGb === undefined ? {} : { weightGb: wish.weightGb }),
    ...(wish.sleepLevel === undefined ? {} : { sleepLevel: wish.sleepLevel }),
  };
};

const registryOf = ({ models, gpus, settings }: HouseOptions): Registry => ({
  path: '/registry.toml',
  digest: '0123456789abcdef',
  models: (models ?? [{ name: 'a' }, { name: 'b' }]).map(modelOf),
  gpus: gpus ?? [{ id: '0' }],
  settings: { ...SWAP_DEFAULTS, ...settings },
});

const asked = (promise: Promise<SlotLease | SlotRefusal>, abort: () => void): Asked => {
  let result: SlotLease | SlotRefusal | undefined;
  void promise.then((answer) => {
    result = answer;
  });
  return {
    promise,
    abort,
    get result() {
      return result;
    },
    get word() {
      if (result === undefined) return 'waits';
      return isSlotRefusal(result) ? result.refused : 'lease';
    },
    get lease() {
      if (result === undefined || isSlotRefusal(result)) throw new Error(`no lease: ${JSON.stringify(result)}`);
      return result;
    },
    get refusal() {
      if (result === undefined || !isSlotRefusal(result)) throw new Error('no refusal');
      return result;
    },
  };
};

/** Not started. */
export const buildHouse = (options: HouseOptions = {}): House => {
  const clock = options.clock ?? createSimulatedClock();
  const serves = options.serves ?? createFakeServes(clock);
  const events: MultiplexerEvent[] = [];
  const errors: unknown[] = [];
  const { driver, untilReady, sleeper } = serves;
  const { availableGb } = options;
  const actors = createActors({ clock, onError: (_, error) => errors.push(error) });
  const multiplexer = createMultiplexer({
    registry: registryOf(options),
    actors: options.actors?.(actors) ?? actors,
    drivers: { docker: driver, compose: driver, process: driver },
    untilReady,
    sleeper,
    availableGb: typeof availableGb === 'function' ? availableGb : async () => availableGb,
    state: options.state ?? memoryState(),
    onEvent: (event) => events.push(event),
    onBug: (_, error) => errors.push(error),
  });
  let requests = 0;
  return {
    multiplexer,
    clock,
    serves,
    events,
    errors,
    ask(model, { priority, signal } = {}) {
      const controller = new AbortController();
      const both = signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]);
      const wish = { requestId: `r${++requests}`, signal: both, ...(priority === undefined ? {} : { priority }) };
      return asked(multiplexer.acquire(model, wish), () => controller.abort());
    },
    stateOf: (model) => multiplexer.status().slots.find((slot) => slot.model === model)?.state ?? 'unknown',
  };
};

export const openHouse = async (options: HouseOptions = {}): Promise<House> => {
  const house = buildHouse(options);
  await house.multiplexer.start();
  await settle();
  return house;
};

/** One in which `a` is loaded and has nothing to do. */
export const openHouseWithResident = async (options: HouseOptions = {}): Promise<House> => {
  const house = await openHouse({ settings: { lingerMs: 0 }, ...options });
  const first = house.ask('a');
  await house.clock.advance(10_000);
  first.lease.release();
  await settle();
  return house;
};

export const slotOf = ({ multiplexer }: House, model: string): SlotStatus | undefined =>
  multiplexer.status().slots.find((slot) => slot.model === model);

/** Lets time pass until a promise has ended, timer by timer. */
export const passUntil = async (clock: SimulatedClock, promise: Promise<unknown>): Promise<void> => {
  let ended = false;
  void promise.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  await settle();
  while (!ended && (await clock.advanceToNext())) await settle();
  if (!ended) throw new Error('test: nothing is left to happen, and it has not ended');
};

/** Lets time pass, timer by timer, until a slot is in the state. */
export const passUntilState = async (house: House, model: string, state: string): Promise<void> => {
  await settle();
  while (house.stateOf(model) !== state) {
    if (!(await house.clock.advanceToNext())) throw new Error(`test: ${model} never becomes ${state}`);
    await settle();
  }
};
