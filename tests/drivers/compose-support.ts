/** A `docker` on PATH that plays compose from files, and an engine that knows the containers it names. */
import type { ServeSpec } from '#core/serve-spec';
import { type ComposeWorld, createComposeDriver } from '#drivers/compose';
import type { Driver } from '#drivers/driver';
import { bunEffects } from '#platform/bun-effects';
import { type ContainerFacts, type DockerEngine, DockerError } from '#platform/docker-engine';
import { type FakePrograms, fakePrograms } from '#tests/support/fake-programs';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

export const ID = 'a'.repeat(64);
const HASH = 'ab12';

/** Reads what to answer from the folder $STATE: a file per question, and `VERB.fails` with what is said before failing. */
const DOCKER = `
for word in "$@"; do
  case "$word" in
    version|ps|config|up|stop|rm) verb="$word"; break;;
    --dry-run) verb=dry-run; break;;
  esac
done
if [ -f "$STATE/$verb.fails" ]; then cat "$STATE/$verb.fails" >&2; exit 1; fi
case "$verb" in
  version) echo 'Docker Compose version v2.40.3';;
  ps) cat "$STATE/ids";;
  config) echo "model $(cat "$STATE/hash")";;
  dry-run) cat "$STATE/trial" >&2;;
  up) echo ${ID} > "$STATE/ids"; echo "variable $GREETING" > "$STATE/said";;
  rm) : > "$STATE/ids";;
esac
`;

export interface ComposeHouse extends AsyncDisposable {
  readonly driver: Driver;
  readonly programs: FakePrograms;
  readonly state: TemporaryFolder;
  /** What was asked of the engine that changes something. */
  readonly engineCalls: readonly string[];
  /** Containers that the engine knows. */
  readonly containers: Map<string, ContainerFacts>;
  /** Words of the calls of docker, `compose -f FILE` left out. */
  calls(): Promise<readonly string[]>;
}

export const factsWith = (changes: Partial<ContainerFacts> = {}): ContainerFacts => ({
  id: ID,
  name: 'stack-model-1',
  status: 'running',
  exitCode: 0,
  oomKilled: false,
  restartCount: 0,
  startedAt: 0,
  image: 'server:1',
  imageId: 'sha256:one',
  labels: { 'com.docker.compose.config-hash': HASH, 'com.docker.compose.service': 'model' },
  entrypoint: [],
  args: [],
  env: [],
  ports: [],
  ...changes,
});

/** Only what the compose driver asks; the rest has never been called by it. */
const fakeEngine = (containers: Map<string, ContainerFacts>, calls: string[]): DockerEngine => {
  const never = (what: string) => (): never => {
    throw new Error(`the engine was asked to ${what}`);
  };
  const ended = Promise.withResolvers<number>();
  return {
    address: 'a fake engine',
    version: never('tell its version'),
    list: never('list'),
    portHolder: never('name the holder of a port'),
    hasVolume: never('look for a volume'),
    create: never('create'),
    start: never('start'),
    unpause: never('unpause'),
    inspect: async (name) => containers.get(name),
    imageId: async () => 'sha256:one',
    stop: async (name) => {
      calls.push(`stop ${name}`);
      if (!containers.has(name)) throw new DockerError('missing', `no container ${name}`);
    },
    remove: async (name) => {
      calls.push(`remove ${name}`);
      containers.delete(name);
      ended.resolve(0);
    },
    wait: () => ended.promise,
    logs: async function* () {
      yield { stream: 'out' as const, text: 'serves', at: '2026-01-01T00:00:00Z' };
      await ended.promise;
    },
  };
};

export const composeHouse = async (changes: Partial<ComposeWorld> = {}): Promise<ComposeHouse> => {
  const state = await tmpdir();
  const programs = await fakePrograms({ docker: DOCKER }, { env: { STATE: state.path } });
  const containers = new Map<string, ContainerFacts>([[ID, factsWith()]]);
  const engineCalls: string[] = [];
  await state.write('ids', '');
  await state.write('hash', HASH);
  await state.write('trial', ' DRY-RUN MODE -  Container stack-model-1  Running\n');
  const { clock, env } = bunEffects();
  const engine = fakeEngine(containers, engineCalls);
  const reach = async (): Promise<void> => {
    throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  };
  return {
    driver: createComposeDriver({ commands: programs.commands, engine, clock, env, reach, ...changes }),
    programs,
    state,
    engineCalls,
    containers,
    calls: async () =>
      (await programs.calls('docker')).map((words) => words.join(' ').replace(/^compose (.*-f \/stack\.yml )?/, '')),
    [Symbol.asyncDispose]: async () => {
      await programs[Symbol.asyncDispose]();
      await state[Symbol.asyncDispose]();
    },
  };
};

export const composeSpec = (changes: Partial<ServeSpec> = {}): ServeSpec => ({
  name: 'small',
  engine: 'vllm',
  launch: { driver: 'compose', file: '/stack.yml', service: 'model' },
  container: 'anvil-small',
  servedModel: 'small',
  port: 21_999,
  health: '/health',
  gpus: [],
  env: { GREETING: 'hello' },
  envFrom: [],
  loadTimeoutMs: 30_000,
  stopMs: 1_500,
  ...changes,
});
