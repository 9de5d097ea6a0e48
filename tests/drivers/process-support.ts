/** A process driver for tests: real processes, real files, notes in memory or on disk. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServeSpec } from '#core/serve-spec';
import type { RunningServe } from '#drivers/driver';
import { resolveGpus } from '#drivers/gpus';
import { createProcessDriver, type ProcessDriver, type ProcessWorld } from '#drivers/process';
import type { ProcessNotes } from '#drivers/process-notes';
import { bunEffects } from '#platform/bun-effects';
import { createCommands } from '#platform/commands';

export const MODEL_PROGRAM = fileURLToPath(new URL('./process-model-program.ts', import.meta.url));

/** A port that nobody had a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') });
  const port = server.port ?? 0;
  await server.stop(true);
  return port;
};

export const specOf = (
  port: number,
  behaviours: readonly string[] = [],
  changes: Partial<ServeSpec> = {},
): ServeSpec => ({
  name: 'small',
  engine: 'custom',
  launch: { driver: 'process', argv: [process.execPath, MODEL_PROGRAM, String(port), 'small', ...behaviours] },
  container: 'anvil-small',
  servedModel: 'small',
  port,
  health: '/health',
  gpus: [],
  env: {},
  envFrom: [],
  loadTimeoutMs: 30_000,
  stopMs: 5_000,
  ...changes,
});

export const memoryNotes = (): ProcessNotes & { readonly texts: Map<string, string> } => {
  const texts = new Map<string, string>();
  return {
    texts,
    get: (name) => texts.get(name),
    set: (name, text) => void (text === undefined ? texts.delete(name) : texts.set(name, text)),
  };
};

/** Notes that another process can read. */
export const diskNotes = (folder: string): ProcessNotes => ({
  get: (name) => {
    try {
      return readFileSync(`${folder}/${name}.note`, 'utf8');
    } catch {
      return undefined;
    }
  },
  set: (name, text) => {
    if (text === undefined) rmSync(`${folder}/${name}.note`, { force: true });
    else writeFileSync(`${folder}/${name}.note`, text);
  },
});

const processWorld = (logFolder: string, notes: ProcessNotes, changes: Partial<ProcessWorld> = {}): ProcessWorld => {
  const { clock, env, reach, sha256 } = bunEffects();
  return {
    commands: createCommands(),
    clock,
    env,
    reach,
    sha256,
    notes,
    logFolder,
    gpus: async (declared) => resolveGpus(declared, { gpus: [], reason: 'nvidia-smi is not on PATH' }),
    onWarning: (message) => {
      throw new Error(`unexpected warning: ${message}`);
    },
    variables: Object.keys(process.env),
    ...changes,
  };
};

export const createDriver = (...world: Parameters<typeof processWorld>): ProcessDriver =>
  createProcessDriver(processWorld(...world));

export const never = new AbortController().signal;

/** Between two looks at what gives no signal: often enough, and without keeping a processor from those who are waited for. */
const LOOK_MS = 5;
const LOOKS_MS_MAX = 20_000;

/** Waits for what can only be looked at. @throws Error when it does not come within 20 s */
export const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const due = performance.now() + LOOKS_MS_MAX; !(await holds()); ) {
    if (performance.now() > due) throw new Error(`test: it does not hold after ${LOOKS_MS_MAX / 1_000} s: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};

/** Waits until the server has said that it is ready. */
export const saysReady = (serve: RunningServe): Promise<void> => until(() => serve.tail().includes('ready'));

/** The number that a server with `has-worker` printed. */
export const workerOf = (serve: RunningServe): number =>
  Number(/^worker ([0-9]+)$/.exec(serve.tail().find((line) => line.startsWith('worker')) ?? '')?.[1]);
