/** A machine for the verbs of serves: containers, programs and processes that exist only here, and a list of all deeds. */
import type { DeclaredServe, ServesManifest } from '#config/serves';
import type { Driver, Found } from '#drivers/driver';
import type { ServesWorld } from '#ops/serves/world';
import type { CommandResult, Commands } from '#platform/commands';
import { type ContainerFacts, type DockerEngine, DockerError, type LogLine } from '#platform/docker-engine';
import { simulatedEffects } from '#tests/support/effects';

export interface FakeMachine {
  readonly world: ServesWorld;
  /** What changed something, in order: `stop heavy`, `run docker compose …`. */
  readonly deeds: string[];
  readonly containers: Map<string, ContainerFacts>;
  /** Answers of programs; the first that fits is taken, others end with 0 and say nothing. */
  readonly programs: Map<string, Partial<CommandResult>>;
  readonly processes: Map<string, Found>;
  readonly logs: Map<string, readonly LogLine[]>;
  readonly images: Map<string, string>;
  readonly told: string[];
}

export interface MachineOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Ports on which something listens. */
  readonly taken?: readonly number[];
  /** Why the engine does not answer. */
  readonly noDocker?: string;
  /** Containers that the engine does not give up. */
  readonly stuck?: readonly string[];
}

export const serveNamed = (name: string, more: Partial<DeclaredServe> = {}): DeclaredServe => ({
  name,
  driver: 'script',
  container: `${name}-box`,
  port: 30_000,
  health: '/health',
  up: ['./up.sh', name],
  envFrom: [],
  gpus: [],
  waitMs: 1_000,
  stopMs: 10_000,
  ...more,
});

export const processNamed = (name: string, more: Partial<DeclaredServe> = {}): DeclaredServe => {
  const { container: _, ...rest } = serveNamed(name, { driver: 'process', up: ['server', name], ...more });
  return rest;
};

export const manifestOf = (...serves: readonly DeclaredServe[]): ServesManifest => ({
  path: 'serves.toml',
  folder: '/srv',
  serves,
});

export const container = (name: string, status: string, more: Partial<ContainerFacts> = {}): ContainerFacts => ({
  id: `id-${name}`,
  name,
  status,
  exitCode: status === 'running' ? 0 : 3,
  oomKilled: false,
  restartCount: 0,
  startedAt: undefined,
  image: 'image:1',
  imageId: 'sha256:one',
  labels: {},
  entrypoint: [],
  args: [],
  env: ['SECRET=never-shown'],
  ports: [],
  ...more,
});

const ENDED: CommandResult = { code: 0, out: '', err: '', timedOut: false };

const fakeCommands = (deeds: string[], programs: FakeMachine['programs']): Commands => ({
  run: async (argv) => {
    const line = argv.join(' ');
    if (!line.startsWith('nvidia-smi') && !line.includes(' config ')) deeds.push(`run ${line}`);
    const answer = [...programs].find(([start]) => line.startsWith(start))?.[1];
    return { ...ENDED, ...answer };
  },
  start: () => {
    throw new Error('nothing is started this way');
  },
  signalGroup: () => false,
  groupLives: async () => false,
  startedAt: async () => undefined,
  bootId: async () => '',
  which: (program) => (program.startsWith('no-') ? undefined : `/bin/${program}`),
});

export const fakeMachine = (options: MachineOptions = {}): FakeMachine => {
  const { taken = [], noDocker, stuck = [] } = options;
  const deeds: string[] = [];
  const told: string[] = [];
  const containers: FakeMachine['containers'] = new Map();
  const programs: FakeMachine['programs'] = new Map();
  const found: FakeMachine['processes'] = new Map();
  const logs: FakeMachine['logs'] = new Map();
  const images: FakeMachine['images'] = new Map([['image:1', 'sha256:one']]);
  const asked = (): void => {
    if (noDocker !== undefined) throw new DockerError('unreachable', noDocker);
  };
  const change = (deed: string, name: string, status: string | undefined): void => {
    asked();
    if (stuck.includes(name)) throw new DockerError('refused', `${deed} container ${name}: it hangs`);
    deeds.push(`${deed} ${name}`);
    const before = containers.get(name);
    if (status === undefined) containers.delete(name);
    else containers.set(name, { ...(before ?? container(name, status)), status });
  };
  const docker: DockerEngine = {
    address: 'unix:///fake',
    version: async () => '1',
    inspect: async (name) => {
      asked();
      return containers.get(name) ?? [...containers.values()].find(({ id }) => id === name);
    },
    list: async () => [...containers.values()],
    portHolder: async (port) =>
      [...containers.values()].find(({ ports }) => ports.some(({ host }) => host === port))?.name,
    hasVolume: async () => false,
    imageId: async (image) => images.get(image),
    create: async () => {
      throw new Error('nothing is made this way');
    },
    start: async (name) => change('start', name, 'running'),
    stop: async (name) => change('stop', name, 'exited'),
    unpause: async (name) => change('unpause', name, 'running'),
    remove: async (name) => change('remove', name, undefined),
    wait: () => new Promise(() => undefined),
    logs: async function* (name) {
      yield* logs.get(name) ?? [];
    },
  };
  const processes: Driver = {
    find: async ({ name }) => found.get(name) ?? { kind: 'absent' },
    start: async ({ name }) => {
      deeds.push(`launch ${name}`);
      return { id: '42', exited: new Promise(() => undefined), tail: () => [], letGo: () => undefined };
    },
    adopt: async () => {
      throw new Error('nothing is taken over here');
    },
    stop: async ({ name }) => void deeds.push(`end ${name}`),
  };
  const effects = simulatedEffects({
    ...(options.env === undefined ? {} : { env: options.env }),
    reach: async (_host, port) => {
      if (!taken.includes(port)) throw new Error('refused');
    },
  });
  const world: ServesWorld = {
    effects,
    commands: fakeCommands(deeds, programs),
    docker: async () => docker,
    processes,
    processLog: (serve) => `/nowhere/${serve}.log`,
    signal: new AbortController().signal,
    tell: (line) => void told.push(line),
  };
  return { world, deeds, containers, programs, processes: found, logs, images, told };
};
