/** Two models on one GPU behind a router, each a scripted engine in a process of its own, and what is left of them. */
import { Glob } from 'bun';
import type { SlotStatus, SlotsStatus } from '#core/slots-status';
import { processStart } from '#platform/commands-processes';
import { freePort } from '#tests/drivers/process-support';
import { type Run, type RunOptions, type Serving, serve } from '#tests/e2e/program';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

const ENGINE = Bun.fileURLToPath(new URL('../../examples/one-gpu/engine.ts', import.meta.url));
/** Longest wait for something that is looked at again and again; each look is an answer of the router. */
const LOOK_MS = 20_000;

export type ModelName = 'alpha' | 'beta';

export interface SlotsWorldOptions extends RunOptions {
  /** How long the load of each model takes; 0.4 s when absent. */
  readonly loadMs?: Readonly<Partial<Record<ModelName, number>>>;
  /** Further words for the engine of each model. */
  readonly script?: Readonly<Partial<Record<ModelName, readonly string[]>>>;
  /** Lines of `[multiplexer]`. */
  readonly policy?: string;
  /** Lines of a model's row. */
  readonly rows?: Readonly<Partial<Record<ModelName, string>>>;
  /** Lines of the swap group. */
  readonly group?: string;
  /** Lines of every tier. */
  readonly tier?: string;
  /** Whole tables of the router's configuration. */
  readonly tables?: string;
  readonly flags?: readonly string[];
}

/** What can be asked of a router whose tiers share a GPU. */
export interface Asker {
  post(path: string, body: unknown, signal?: AbortSignal): Promise<Response>;
  chat(model: string, fields?: Record<string, unknown>, signal?: AbortSignal): Promise<Response>;
  /** Null while nothing is known of them. */
  slots(): Promise<SlotsStatus | null>;
  slot(model: ModelName): Promise<SlotStatus>;
  /** Waits until the slots look so. */
  until(check: (status: SlotsStatus) => boolean): Promise<SlotsStatus>;
  record(id: string): Promise<Record<string, unknown>>;
}

export interface SlotsWorld extends Asker, AsyncDisposable {
  readonly serving: Serving;
  readonly folder: TemporaryFolder;
  /** A tier that shares no GPU, behind the two in every preset. */
  readonly spare: FakeTier;
  readonly ports: Readonly<Record<ModelName, number>>;
  readonly toml: string;
  readonly path: string;
  readonly registryPath: string;
  readonly registry: string;
  /** Processes of engines that were ever started here and still live. */
  left(): Promise<readonly number[]>;
}

/** Models are loaded and drained while these processes run. */
export const HANG_MS = 60_000;
/** A short load, so that a test takes no longer than it must, yet long enough for callers to be told. */
const LOAD_MS = 400;
const POLICY = 'linger_seconds = 0\nmin_resident_seconds = 0\nretry_seconds = 0.2\nretry_max_seconds = 0.5\n';

const modelToml = (
  name: ModelName,
  port: number,
  { script = {}, rows = {}, loadMs = {} }: SlotsWorldOptions,
): string => {
  const words = [
    '--port',
    '{port}',
    '--alias',
    '{name}',
    '--script-load-ms',
    String(loadMs[name] ?? LOAD_MS),
    ...(script[name] ?? []),
  ];
  return `[[models]]
name = "${name}"
driver = "process"
engine = "custom"
command = ${JSON.stringify([process.execPath, ENGINE, ...words])}
port = ${port}
gpu = 0
gpu_access = "none"
stop_seconds = 3
${rows[name] ?? ''}
`;
};

export const registryToml = (ports: SlotsWorld['ports'], options: SlotsWorldOptions): string =>
  `[multiplexer]\n${POLICY}${options.policy ?? ''}\n[[gpus]]\nid = 0\n\n${modelToml('alpha', ports.alpha, options)}${modelToml('beta', ports.beta, options)}`;

const tierToml = (id: string, url: string, model: string, extra = ''): string => `
[[router.tiers]]
id = "${id}"
base_url = "${url}/v1"
dialect = "openai-chat"
context_limit = 32768
privacy = "local"
tool_support = true
auth_env = "TEST_KEY"
model = "${model}"
${extra}`;

/** Where the tiers lead, and who swaps their models. */
export interface Source {
  readonly alpha: string;
  readonly beta: string;
  /** `registry = …` or `url = …` */
  readonly line: string;
}

export const routerToml = (
  source: Source,
  spare: string,
  { group = '', tier = '', tables = '' }: SlotsWorldOptions,
) => {
  const shared = `swap_group = "gpu0"\n${tier}`;
  return `[router]
mapping_version = "slots.1"
when_unproven = "verify"

[[router.swap_groups]]
name = "gpu0"
${source.line}
${group}
${tierToml('a', source.alpha, 'alpha', shared)}
${tierToml('b', source.beta, 'beta', shared)}
${tierToml('spare', spare, 'spare', tier)}
[router.presets]
chat = ["a", "spare"]
quick-edit = ["b", "spare"]
review = ["b", "a", "spare"]
planning = ["spare"]
long-context = ["spare"]
${tables}`;
};

/** The engines say their process when they start, and their logs outlive them. */
const startedIn = async (folder: TemporaryFolder): Promise<readonly number[]> => {
  const pids: number[] = [];
  for await (const path of new Glob('**/logs/*.log').scan({ cwd: folder.path, dot: true, absolute: true }))
    for (const [, pid] of (await Bun.file(path).text()).matchAll(/starts, process (\d+)/g)) pids.push(Number(pid));
  return pids;
};

export const leftIn = async (folder: TemporaryFolder): Promise<readonly number[]> => {
  const pids = await startedIn(folder);
  const starts = await Promise.all(pids.map(processStart));
  return pids.filter((_, at) => starts[at] !== undefined);
};

/** Ends a program that runs engines as a person would; only one that does not follow is killed, and its engines with it. */
export const endWith = async (running: Run, folder: TemporaryFolder): Promise<void> => {
  running.signal('SIGTERM');
  await running.exited;
  for (const pid of await leftIn(folder)) process.kill(pid, 'SIGKILL');
};

/** What was seen when the check held; rejects with the words of `otherwise` when it never does. */
const looking = async <Seen>(
  look: () => Promise<Seen>,
  check: (seen: Seen) => boolean,
  otherwise: (last: Seen) => string,
): Promise<Seen> => {
  const due = performance.now() + LOOK_MS;
  for (;;) {
    const seen = await look();
    if (check(seen)) return seen;
    if (performance.now() > due) throw new Error(otherwise(seen));
  }
};

const slotsOf = async ({ url }: Serving): Promise<SlotsStatus | null> => {
  const health = (await (await fetch(`${url}/healthz?verbose`)).json()) as {
    slots: Record<string, SlotsStatus | null>;
  };
  return health.slots.gpu0 ?? null;
};

const untilSlots = async (serving: Serving, check: (status: SlotsStatus) => boolean): Promise<SlotsStatus> => {
  const status = await looking(
    () => slotsOf(serving),
    (found) => found !== null && check(found),
    (found) => `the slots never came to that: ${JSON.stringify(found)}\n${serving.err()}`,
  );
  if (status === null) throw new Error('nothing is known of the slots');
  return status;
};

const recordOf = async ({ url }: Serving, id: string): Promise<Record<string, unknown>> => {
  const response = await looking(
    () => fetch(`${url}/v1/decisions/${id}`),
    ({ ok }) => ok,
    () => `no record of ${id}`,
  );
  return (await response.json()) as Record<string, unknown>;
};

export const askerOf = (serving: Serving): Asker => {
  const post = (path: string, body: unknown, signal?: AbortSignal): Promise<Response> =>
    fetch(serving.url + path, { method: 'POST', body: JSON.stringify(body), ...(signal ? { signal } : {}) });
  return {
    post,
    chat: (model: string, fields: Record<string, unknown> = {}, signal?: AbortSignal) =>
      post('/v1/chat/completions', { model, messages: [{ role: 'user', content: 'hello' }], ...fields }, signal),
    slots: () => slotsOf(serving),
    async slot(model: ModelName) {
      const found = (await slotsOf(serving))?.slots.find((slot) => slot.model === model);
      if (!found) throw new Error(`nothing is known of ${model}`);
      return found;
    },
    until: (check: (status: SlotsStatus) => boolean) => untilSlots(serving, check),
    record: (id: string) => recordOf(serving, id),
  };
};

/** `await using world = await startSlotsWorld()`: the multiplexer is in the router's own process. */
export const startSlotsWorld = async (options: SlotsWorldOptions = {}): Promise<SlotsWorld> => {
  const folder = await tmpdir();
  const spare = await startFakeTier();
  const ports = { alpha: await freePort(), beta: await freePort() };
  const registry = registryToml(ports, options);
  const registryPath = await folder.write('multiplexer.toml', registry);
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  const source = { alpha: at(ports.alpha), beta: at(ports.beta), line: 'registry = "multiplexer.toml"' };
  const toml = routerToml(source, spare.url, options);
  const path = await folder.write('anvil.toml', toml);
  const { flags = [], script: _script, ...rest } = options;
  const clear = async (): Promise<void> => {
    await spare.stop();
    await folder[Symbol.asyncDispose]();
  };
  const serving = await serve(['--config', path, ...flags], { hangMs: HANG_MS, ...rest }).catch(async (error) => {
    await clear();
    throw error;
  });
  return {
    serving,
    folder,
    spare,
    ports,
    toml,
    path,
    registry,
    registryPath,
    ...askerOf(serving),
    left: () => leftIn(folder),
    async [Symbol.asyncDispose]() {
      await endWith(serving, folder);
      await clear();
    },
  };
};
