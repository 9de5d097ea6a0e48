/** How are the processes of a run started, asked and ended? Every wait has a limit; nothing outlives the run. */
import type { Command, FromChild, Replies } from './commands';

export const ROOT = Bun.fileURLToPath(new URL('..', import.meta.url));

/** A program that has not said that it is ready by then never will. */
const READY_WITHIN_MS = 10_000;
/** Between the polite signal and the other one, in milliseconds. */
const END_WITHIN_MS = 3_000;

export interface Running {
  readonly pid: number;
  /** Where it listens; 0 for one that does not. */
  readonly port: number;
  stop(): Promise<void>;
}

export interface Program extends Running {
  /** One command at a time. @throws Error when the program fails, ends or does not answer in time */
  ask<C extends Command>(command: C, withinMs: number): Promise<Replies[C['kind']]>;
}

const alive = new Set<Bun.Subprocess>();

/** Keeps a process in mind until it has ended. */
export const watch = (child: Bun.Subprocess): void => {
  alive.add(child);
  void child.exited.then(() => alive.delete(child));
};

/** Ends every process of this run at once. */
export const killAll = (): void => {
  for (const child of alive) child.kill('SIGKILL');
};

/** Rejects with `what` unless the promise settles in time. */
export const within = async <T>(promise: Promise<T>, ms: number, what: string): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** Asks a process to end, then makes it. */
export const endProcess = async (child: Bun.Subprocess): Promise<void> => {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
  await child.exited;
  clearTimeout(timer);
};

/** Starts one of the programs of this folder and waits until it is ready. */
export const startProgram = async (file: string, ...args: readonly string[]): Promise<Program> => {
  let next = Promise.withResolvers<FromChild>();
  const child = Bun.spawn([process.execPath, `${ROOT}bench/${file}`, ...args], {
    cwd: ROOT,
    // Bun's default of 256 parallel fetches would be the floor's limit, not its cost.
    env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '16384' },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'inherit',
    ipc: (message) => next.resolve(message as FromChild),
  });
  watch(child);
  void child.exited.then((code) => next.resolve({ kind: 'failed', reason: `it ended with ${code}` }));
  const ready = await within(next.promise, READY_WITHIN_MS, file);
  if (ready.kind !== 'ready') throw new Error(`${file} did not start`);
  return {
    pid: child.pid,
    port: ready.port,
    stop: () => endProcess(child),
    async ask<C extends Command>(command: C, withinMs: number): Promise<Replies[C['kind']]> {
      next = Promise.withResolvers<FromChild>();
      child.send(command);
      const said = await within(next.promise, withinMs, `${file} ${command.kind}`);
      if (said.kind !== 'reply')
        throw new Error(`${file} ${command.kind}: ${said.kind === 'failed' ? said.reason : ''}`);
      return said.value as Replies[C['kind']];
    },
  };
};

/** A port nobody listens on, as the system chooses it. */
export const freePort = (): number => {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
};
