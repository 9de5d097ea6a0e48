/** What is being done to one model's server? One operation at a time, each answered by one event to its slot. */

import type { RegistryModel } from '#core/registry';
import type { VacatedState } from '#core/swap';
import { messageOf } from '#core/thrown';
import type { RunningServe } from '#drivers/driver';
import type { SleepLevel } from '#drivers/sleep';
import type { SlotEvent, SlotPort } from '#machines/slot.machine';
import { loadServe } from '#multiplexer/loader';
import type { MultiplexerWorld, TimeName } from '#multiplexer/world';

/** How the newest load went. */
export interface LoadFacts {
  readonly ms: number;
  readonly woken: boolean;
  readonly adopted: boolean;
}

export interface Keeper extends Omit<SlotPort, 'cutLeases'> {
  readonly serveId: string | undefined;
  readonly lastLoad: LoadFacts | undefined;
  /** Of the server there is, else of the last one. */
  lines(): readonly string[];
  /** Whether anything is under way. */
  readonly busy: boolean;
  /** Abandons a load without removing anything and watches no longer: the server runs on. */
  letGo(): void;
}

type Answer = Extract<
  SlotEvent,
  { type: 'serve.loaded' | 'load.failed' | 'serve.exited' | 'serve.slept' | 'serve.removed' | 'removal.failed' }
>;

export interface KeeperWorld extends Pick<MultiplexerWorld, 'actors' | 'drivers' | 'untilReady' | 'sleeper' | 'state'> {
  readonly send: (event: Answer) => void;
  readonly onMeasured: (name: TimeName, ms: number) => void;
}

/** Name of the note that a server was left asleep, and how deep, for a later life that takes it over. */
const asleepEntry = ({ swap }: RegistryModel): string => `asleep/${swap.name}`;

/** The level of such a note; one that means nothing counts as the model's own. */
const levelIn = (note: string | undefined, { sleepLevel }: RegistryModel): SleepLevel | undefined => {
  if (note === undefined) return undefined;
  if (note === '1') return 1;
  return note === '2' ? 2 : sleepLevel;
};

/** The server there is, with its death reported; and the lines of the last one. */
const createWatch = (onExit: (detail: string) => void) => {
  let serve: RunningServe | undefined;
  let death: string | undefined;
  let lastLines: readonly string[] = [];
  return {
    current: () => serve,
    /** How the current one has ended; undefined while it runs. */
    death: () => death,
    lines: () => serve?.tail() ?? lastLines,
    keep(next: RunningServe) {
      if (serve === next) return;
      serve = next;
      death = undefined;
      void next.exited.then(({ detail }) => {
        if (serve !== next) return;
        death = detail;
        onExit(detail);
      });
    },
    drop() {
      lastLines = serve?.tail() ?? lastLines;
      serve?.letGo();
      serve = undefined;
    },
  };
};

/** Runs one operation and sends its answer; while one is under way another is not begun, for its answer is coming. */
const createTurnstile = ({ send, actors: { clock } }: Pick<KeeperWorld, 'send' | 'actors'>) => {
  const failed = (error: unknown): Answer => ({ type: 'removal.failed', at: clock.now(), detail: messageOf(error) });
  let underWay: Promise<void> | undefined;
  return {
    busy: () => underWay !== undefined,
    begin(operation: () => Promise<Answer>) {
      underWay ??= operation()
        .catch(failed)
        .then((answer) => {
          underWay = undefined;
          send(answer);
        });
    },
  };
};

type Watch = ReturnType<typeof createWatch>;

/** The loads of one model, of which the newest counts. */
const createLoads = (model: RegistryModel, world: KeeperWorld, watch: Watch) => {
  const { clock } = world.actors;
  const { untilReady, sleeper, state, send } = world;
  const driver = world.drivers[model.serve.launch.driver];
  let newest: AbortController | undefined;
  let underWay = 0;
  let ended: Promise<void> = Promise.resolve();
  let facts: LoadFacts | undefined;
  let leftNothing = false;

  const run = async (waking: boolean, signal: AbortSignal): Promise<void> => {
    const began = clock.now();
    const asleep = waking ? watch.current() : undefined;
    const leftAsleep = levelIn(state.get(asleepEntry(model)), model);
    const job = { model, driver, untilReady, sleeper, asleep, leftAsleep, signal, onServe: watch.keep };
    const outcome = await loadServe(job);
    underWay -= 1;
    if (signal.aborted) return;
    const at = clock.now();
    if (!outcome.ok) {
      leftNothing = !outcome.begun;
      send({ type: 'load.failed', at, detail: outcome.detail });
      return;
    }
    watch.keep(outcome.serve);
    const death = watch.death();
    // It was still answering when it was looked at; its end has been reported while nobody waited for that.
    if (death !== undefined) {
      send({ type: 'load.failed', at, detail: death });
      return;
    }
    const { woken, adopted } = outcome;
    facts = { ms: Math.round(at - began), woken, adopted };
    if (!adopted) world.onMeasured(woken ? 'wakeMs' : 'loadMs', facts.ms);
    state.set(asleepEntry(model), undefined);
    send({ type: 'serve.loaded', at });
  };

  return {
    begin(waking: boolean): void {
      const own = new AbortController();
      newest = own;
      leftNothing = false;
      underWay += 1;
      ended = ended.then(() => run(waking, own.signal));
    },
    abort: (reason: string): void => newest?.abort(new Error(reason)),
    /** Ends when the newest load has ended in any way: nothing is removed while something may still be started. */
    ended: (): Promise<void> => ended,
    busy: (): boolean => underWay > 0,
    /** Whether the newest one has failed without touching anything: there is nothing to remove. */
    leftNothing: (): boolean => leftNothing,
    facts: (): LoadFacts | undefined => facts,
  };
};

/** How the server goes: stopped, or asleep. */
const createDepartures = (model: RegistryModel, world: KeeperWorld, watch: Watch, loadEnded: () => Promise<void>) => {
  const { clock } = world.actors;
  const spec = model.serve;
  const driver = world.drivers[spec.launch.driver];

  const remove = async (): Promise<Answer> => {
    await loadEnded();
    const began = clock.now();
    try {
      await driver.stop(spec);
    } catch (error) {
      return { type: 'removal.failed', at: clock.now(), detail: messageOf(error) };
    }
    if (watch.current() !== undefined) world.onMeasured('unloadMs', clock.now() - began);
    watch.drop();
    world.state.set(asleepEntry(model), undefined);
    return { type: 'serve.removed', at: clock.now() };
  };
  const sleepOrRemove = async (): Promise<Answer> => {
    await loadEnded();
    const level = model.sleepLevel;
    if (level === undefined || watch.current() === undefined) return remove();
    const began = clock.now();
    // Before it sleeps: whoever takes it over after our sudden end must not believe it awake.
    world.state.set(asleepEntry(model), String(level));
    const failure = await world.sleeper.sleep(spec, level, new AbortController().signal);
    // One that will not sleep is stopped: the room has been promised.
    if (failure !== undefined) return remove();
    world.onMeasured('sleepMs', clock.now() - began);
    return { type: 'serve.slept', at: clock.now() };
  };
  return { remove, sleepOrRemove };
};

export const createKeeper = (model: RegistryModel, world: KeeperWorld): Keeper => {
  const { clock } = world.actors;
  const watch = createWatch((detail) => world.send({ type: 'serve.exited', at: clock.now(), detail }));
  const operation = createTurnstile(world);
  const loads = createLoads(model, world, watch);
  const nothingToRemove = async (): Promise<Answer> => ({ type: 'serve.removed', at: clock.now() });
  const { remove, sleepOrRemove } = createDepartures(model, world, watch, loads.ended);
  return {
    get serveId() {
      return watch.current()?.id;
    },
    get lastLoad() {
      return loads.facts();
    },
    lines: watch.lines,
    get busy() {
      return operation.busy() || loads.busy();
    },
    beginLoad: loads.begin,
    cancelLoad: () => loads.abort('the load was given up'),
    beginUnload: (to: VacatedState) => operation.begin(to === 'asleep' ? sleepOrRemove : remove),
    beginRemoval: () => operation.begin(loads.leftNothing() ? nothingToRemove : remove),
    letGo() {
      loads.abort('the multiplexer leaves');
      watch.drop();
    },
  };
};
