/** A registry of scripted model servers in a folder of its own, and the real multiplexer over it as a process. */
import type { SlotStatus, SlotsStatus } from '#core/slots-status';
import { SERVE_LABEL } from '#drivers/docker-spec';
import type { ContainerFacts, DockerEngine } from '#platform/docker-engine';
import { endServers } from '#tests/e2e/multiplexer-processes';
import { type Program, type Run, type RunOptions, run, SOURCE } from '#tests/e2e/program';
import { scriptedEngineArgv, scriptedEngineImage } from '#tests/support/scripted-image';
import { eventsOf } from '#tests/support/sse';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

/** Longest wait for a state of the slots, in milliseconds. */
const STATE_MS = 20_000;

type Value = string | number | boolean | readonly string[];

export interface ModelRow {
  readonly name: string;
  /** Words for the scripted server. */
  readonly script?: readonly string[];
  readonly driver?: 'docker' | 'process';
  /** Further keys of the row, over the usual ones. */
  readonly keys?: Readonly<Record<string, Value>>;
}

export interface Rules {
  readonly models: readonly ModelRow[];
  /** Keys of `[multiplexer]`, over the usual ones. */
  readonly policy?: Readonly<Record<string, Value>>;
  /** MiB of the one GPU; absent: one model at a time. */
  readonly vramMib?: number;
}

export interface Multiplexer extends Run {
  readonly url: string;
  slots(): Promise<SlotsStatus>;
  /** The first state, from now on, for which this holds. Rejects after 20 s, with the last state seen. */
  until(what: string, holds: (status: SlotsStatus) => boolean): Promise<SlotsStatus>;
  /** Sends the signal and waits for the exit code. */
  end(signal: NodeJS.Signals): Promise<number>;
}

export interface World extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  /** Path of the registry. */
  readonly registry: string;
  /** Unlike that of any other world; every server of this one has it in its words. */
  readonly id: string;
  port(model: string): number;
  container(model: string): string;
  /** Writes the registry anew; ports and names stay. */
  write(rules: Rules): Promise<void>;
  /** Starts the multiplexer and waits until it listens. */
  start(...flags: readonly string[]): Promise<Multiplexer>;
  /** The same without waiting for anything. */
  launch(...flags: readonly string[]): Promise<Run>;
  /** All containers that the drivers made for this world. */
  containers(): Promise<readonly ContainerFacts[]>;
}

export interface WorldOptions {
  readonly engine: DockerEngine;
  /** Address on which the multiplexer listens, and what its command line begins with. */
  readonly host?: string;
  readonly program?: Program;
  readonly env?: Readonly<Record<string, string>>;
}

let worlds = 0;

/** Below those that the system gives to outgoing connections, which would take one of ours before its server comes. */
const PORT_FIRST = 14_000;
const PORTS = 18_000;
let portsTried = 0;

/** A port that nobody had a moment ago; its server starts later, so it cannot be held. */
const freePort = (): number => {
  while (portsTried < PORTS) {
    const port = PORT_FIRST + ((process.pid * 97 + portsTried++) % PORTS);
    try {
      void Bun.serve({ hostname: '127.0.0.1', port, fetch: () => new Response() }).stop(true);
      return port;
    } catch {
      // Somebody has it.
    }
  }
  throw new Error(`no port from ${PORT_FIRST} on is free`);
};

const toml = (table: Readonly<Record<string, Value>>): string =>
  Object.entries(table)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('');

const POLICY = {
  wait_bound_seconds: 60,
  drain_timeout_seconds: 20,
  min_resident_seconds: 0,
  linger_seconds: 0,
  retry_seconds: 1,
  retry_max_seconds: 2,
} as const;

const ROW = { engine: 'custom', gpu_access: 'none', gpu: '0', load_seconds: 1, load_timeout_seconds: 20 } as const;

/** The slot of one model. */
export const slotOf = ({ slots }: SlotsStatus, model: string): SlotStatus => {
  const found = slots.find((slot) => slot.model === model);
  if (found === undefined) throw new Error(`there is no slot of ${model}`);
  return found;
};

/** For `until`: the model is in this state. */
export const inState =
  (model: string, state: SlotStatus['state']) =>
  (status: SlotsStatus): boolean =>
    slotOf(status, model).state === state;

const readSlots = async (url: string): Promise<SlotsStatus> =>
  (await (await fetch(`${url}/v1/slots`)).json()) as SlotsStatus;

/** Every state of the slots, as their feed tells it. Ends with the stream. */
async function* statesOf(url: string, signal: AbortSignal): AsyncIterable<SlotsStatus> {
  const { body } = await fetch(`${url}/v1/slots/events`, { signal });
  if (body === null) throw new Error('the feed of the slots has no body');
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf('\n\n') + 2;
    if (end < 2) continue;
    for (const { data } of eventsOf(text.slice(0, end))) yield JSON.parse(data) as SlotsStatus;
    text = text.slice(end);
  }
}

const untilSlots = async (url: string, what: string, holds: (status: SlotsStatus) => boolean): Promise<SlotsStatus> => {
  let last: SlotsStatus | undefined;
  const reason = await (async () => {
    const enough = new AbortController();
    const timer = setTimeout(() => enough.abort(), STATE_MS);
    try {
      for await (const status of statesOf(url, enough.signal)) {
        last = status;
        if (holds(status)) return undefined;
      }
      return 'the feed ended';
    } catch (error) {
      return String(error);
    } finally {
      clearTimeout(timer);
      enough.abort();
    }
  })();
  if (reason === undefined && last !== undefined) return last;
  throw new Error(`never ${what} (${reason}); last seen: ${JSON.stringify(last, null, 1)}`);
};

const listening = async (running: Run): Promise<Multiplexer> => {
  const [line] = await running.logged(/^.*"listening".*$/m);
  const [, url = ''] = /"url":"(http:[^"]+)"/.exec(line) ?? [];
  return Object.assign(running, {
    url,
    slots: () => readSlots(url),
    until: (what: string, holds: (status: SlotsStatus) => boolean) => untilSlots(url, what, holds),
    end: (signal: NodeJS.Signals) => {
      running.signal(signal);
      return running.exited;
    },
  });
};

/** `await using world = await startWorld({ engine }, rules)`; nothing runs before `start`. */
export const startWorld = async (options: WorldOptions, rules: Rules): Promise<World> => {
  const { engine, host = '127.0.0.1', program = SOURCE, env = {} } = options;
  const id = `e2e-${process.pid}-${worlds++}`;
  const folder = await tmpdir();
  const registry = folder.file('multiplexer.toml');
  // Building it takes a Docker Engine and half a minute.
  const isBoxed = ({ models }: Rules): boolean => models.some(({ driver }) => driver !== 'process');
  const image = isBoxed(rules) ? await scriptedEngineImage() : '';
  const names = new Set<string>();
  const ports = new Map<string, number>();
  const running = new Set<Run>();
  const port = (model: string): number => {
    const known = ports.get(model) ?? freePort();
    ports.set(model, known);
    return known;
  };
  const container = (model: string): string => `anvil-${id}-${model}`;

  const rowOf = ({ name, script = [], driver = 'docker', keys = {} }: ModelRow): string => {
    names.add(name);
    const words = ['--served-model-name', name, '--world', id, ...script];
    const own =
      driver === 'docker'
        ? {
            image,
            container: container(name),
            container_port: 8000,
            args: [...words, '--host', '0.0.0.0', '--port', '8000'],
          }
        : { command: scriptedEngineArgv(...words, '--port', String(port(name))) };
    return `[[models]]\n${toml({ name, driver, port: port(name), ...ROW, ...own, ...keys })}`;
  };
  const write = async ({ models, policy = {}, vramMib }: Rules): Promise<void> => {
    const gpu = vramMib === undefined ? { id: '0' } : { id: '0', vram_mib: vramMib };
    const parts = [`[multiplexer]\n${toml({ ...POLICY, ...policy })}`, `[[gpus]]\n${toml(gpu)}`, ...models.map(rowOf)];
    await folder.write('multiplexer.toml', parts.join('\n'));
  };
  const launch = async (...flags: readonly string[]): Promise<Run> => {
    const words = ['multiplexer', '--registry', registry, '--host', host, '--port', '0', '--log-format', 'json'];
    const environment: RunOptions['env'] = { DOCKER_HOST: engine.address, HOME: folder.path, ...env };
    const started = await run([...words, ...flags], { program, env: environment });
    running.add(started);
    return started;
  };
  const containers = async (): Promise<readonly ContainerFacts[]> => {
    const found = await Promise.all([...names].map((name) => engine.list(`${SERVE_LABEL}=${name}`)));
    return found.flat().filter(({ name }) => name.startsWith(`anvil-${id}-`));
  };
  const removeAll = async (): Promise<void> => {
    for (const each of running) await each[Symbol.asyncDispose]();
    endServers(id);
    // An engine that a failed test has stopped is no reason to hide why it failed.
    for (const each of await containers().catch(() => [])) await engine.remove(each.id);
    await folder[Symbol.asyncDispose]();
  };
  await write(rules);
  return {
    folder,
    registry,
    id,
    port,
    container,
    write,
    launch,
    start: async (...flags) => listening(await launch(...flags)),
    containers,
    [Symbol.asyncDispose]: removeAll,
  };
};
