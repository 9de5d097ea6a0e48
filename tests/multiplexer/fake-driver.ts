/** Model servers as tests want them: they load, sleep, die and refuse to die on command, on a simulated clock. */
import { createTail, type Driver, DriverError, type Found, type RunningServe, type ServeExit } from '#drivers/driver';
import type { NotReady } from '#drivers/readiness';
import type { Sleeper } from '#drivers/sleep';
import type { UntilReady } from '#multiplexer/world';
import type { Clock } from '#platform/effects';

/** How one model's server behaves; may be changed while it runs. */
export interface Behaviour {
  /** Until there is a process at all; a start that has begun is not called off. */
  startMs: number;
  loadMs: number;
  wakeMs: number;
  sleepMs: number;
  stopMs: number;
  /** It dies while loading, with these last words. */
  diesLoading: string | undefined;
  /** It cannot be started at all. */
  startFails: string | undefined;
  /** It survives every attempt to stop it. */
  immortal: boolean;
  sleepFails: boolean;
  wakeFails: boolean;
  /** The engine that runs it cannot be asked. */
  unreachable: boolean;
  /** Something else has its port. */
  stranger: string | undefined;
  drift: readonly string[];
}

export const BEHAVIOUR: Behaviour = {
  startMs: 0,
  loadMs: 10_000,
  wakeMs: 1_000,
  sleepMs: 500,
  stopMs: 1_000,
  diesLoading: undefined,
  startFails: undefined,
  immortal: false,
  sleepFails: false,
  wakeFails: false,
  unreachable: false,
  stranger: undefined,
  drift: [],
};

interface Process {
  readonly id: string;
  asleep: boolean;
  /** Ready at this moment of the clock. */
  readonly readyAt: number;
  readonly exit: (exit: ServeExit) => void;
  readonly exited: Promise<ServeExit>;
  readonly tail: ReturnType<typeof createTail>;
}

export interface FakeServes {
  readonly driver: Driver;
  readonly untilReady: UntilReady;
  readonly sleeper: Sleeper;
  /** What was done, in order: `start a`, `adopt a`, `stop a`, `sleep a`, `wake a`. */
  readonly log: string[];
  of(model: string): Behaviour;
  /** Names of servers that are there, asleep or not. */
  running(): readonly string[];
  isAwake(model: string): boolean;
  /** It ends by itself; false when it is not there. */
  crash(model: string, detail?: string): boolean;
  /** One is there already, left by an earlier life. */
  leave(model: string, asleep?: boolean): void;
}

const until = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clock.clearTimeout(timer);
      resolve();
    });
  });

export type Action = 'start' | 'stop' | 'sleep' | 'wake' | 'end';

/** @param onAction hears of what is asked for, and of each end, so that a test can check it at that moment */
export const createFakeServes = (
  clock: Clock,
  onAction: (action: Action, model: string) => void = () => {},
): FakeServes => {
  const behaviours = new Map<string, Behaviour>();
  const processes = new Map<string, Process>();
  const log: string[] = [];
  let ids = 0;

  const of = (model: string): Behaviour => {
    const found = behaviours.get(model) ?? { ...BEHAVIOUR };
    behaviours.set(model, found);
    return found;
  };
  const spawn = (model: string, loadMs: number, asleep = false): Process => {
    const { promise, resolve } = Promise.withResolvers<ServeExit>();
    const tail = createTail();
    tail.push(`${model} begins`);
    const made: Process = {
      id: `id-${++ids}`,
      asleep,
      readyAt: clock.now() + loadMs,
      exit: resolve,
      exited: promise,
      tail,
    };
    processes.set(model, made);
    onAction('start', model);
    return made;
  };
  const end = (model: string, detail: string): boolean => {
    const process = processes.get(model);
    if (process === undefined) return false;
    processes.delete(model);
    process.tail.push(detail);
    process.exit({ code: 1, detail });
    onAction('end', model);
    return true;
  };
  const handleOf = ({ id, exited, tail }: Process): RunningServe => ({
    id,
    exited,
    tail: tail.lines,
    letGo: () => {},
  });
  const find = (model: string): Found => {
    const { unreachable, stranger, drift } = of(model);
    if (unreachable) throw new DriverError('unavailable', 'the engine cannot be reached: start it');
    if (stranger !== undefined) return { kind: 'stranger', what: stranger };
    const process = processes.get(model);
    if (process === undefined) return { kind: 'absent' };
    return { kind: 'ours', id: process.id, running: true, status: 'running', drift };
  };

  const driver: Driver = {
    find: async (spec) => find(spec.name),
    async start(spec, signal) {
      signal.throwIfAborted();
      log.push(`start ${spec.name}`);
      const { startFails, diesLoading, startMs, loadMs, unreachable } = of(spec.name);
      if (startMs > 0) await until(clock, startMs);
      if (unreachable) throw new DriverError('unavailable', 'the engine cannot be reached: start it');
      if (startFails !== undefined) throw new DriverError('failed', startFails);
      if (processes.has(spec.name)) throw new Error(`test: ${spec.name} is started twice`);
      of(spec.name).drift = [];
      const process = spawn(spec.name, loadMs);
      if (diesLoading !== undefined) {
        clock.setTimeout(() => {
          if (processes.get(spec.name) === process) end(spec.name, diesLoading);
        }, loadMs / 2);
      }
      return handleOf(process);
    },
    async adopt(spec) {
      const process = processes.get(spec.name);
      if (process === undefined) throw new DriverError('failed', 'it is gone');
      log.push(`adopt ${spec.name}`);
      return handleOf(process);
    },
    async stop(spec) {
      const { stopMs, immortal } = of(spec.name);
      if (of(spec.name).unreachable) throw new DriverError('unavailable', 'the engine cannot be reached: start it');
      log.push(`stop ${spec.name}`);
      if (!processes.has(spec.name)) return;
      onAction('stop', spec.name);
      await until(clock, stopMs);
      if (of(spec.name).immortal || immortal) throw new DriverError('failed', `${spec.name} is still there`);
      end(spec.name, 'stopped');
    },
  };
  const untilReady: UntilReady = async (spec, serve, signal) => {
    const process = processes.get(spec.name);
    const gone = (kind: NotReady['kind'], detail: string): NotReady => ({ kind, detail, lines: serve.tail() });
    if (process === undefined) return gone('exited', (await serve.exited).detail);
    const ready = until(clock, Math.max(0, process.readyAt - clock.now()), signal).then(() => 'ready' as const);
    const ended = await Promise.race([ready, serve.exited]);
    if (signal.aborted) return gone('aborted', 'waiting was given up');
    return ended === 'ready' ? 'ready' : gone('exited', ended.detail);
  };
  const sleeper: Sleeper = {
    async sleep(spec) {
      log.push(`sleep ${spec.name}`);
      onAction('sleep', spec.name);
      await until(clock, of(spec.name).sleepMs);
      const process = processes.get(spec.name);
      if (of(spec.name).sleepFails || process === undefined) return { failed: 'it will not sleep' };
      process.asleep = true;
      return undefined;
    },
    async wake(spec, _, signal) {
      log.push(`wake ${spec.name}`);
      const process = processes.get(spec.name);
      if (process !== undefined && !of(spec.name).wakeFails) process.asleep = false;
      onAction('wake', spec.name);
      await until(clock, of(spec.name).wakeMs, signal);
      return of(spec.name).wakeFails || process === undefined ? { failed: 'it will not wake' } : undefined;
    },
  };
  return {
    driver,
    untilReady,
    sleeper,
    log,
    of,
    running: () => [...processes.keys()],
    isAwake: (model) => processes.get(model)?.asleep === false,
    crash: (model, detail = 'exited with 137 (out of memory)') => end(model, detail),
    leave(model, asleep = false) {
      spawn(model, 0, asleep);
    },
  };
};
