/** A docker serve as the registry would declare it, with names and ports of this run, and the driver for it. */
import type { DockerLaunch, ServeSpec } from '#core/serve-spec';
import { createDockerDriver, type DockerDriver } from '#drivers/docker';
import type { RunningServe } from '#drivers/driver';
import { bunEffects } from '#platform/bun-effects';
import type { DockerEngine } from '#platform/docker-engine';
import type { Effects } from '#platform/effects';

const HOST = '127.0.0.1';

/** A port that was free a moment ago. Containers publish it, so it cannot be held meanwhile. */
export const freePort = (): number => {
  const probe = Bun.serve({ hostname: HOST, port: 0, fetch: () => new Response() });
  const { port } = probe;
  probe.stop(true);
  return port ?? 0;
};

export interface SpecChanges extends Partial<Omit<ServeSpec, 'launch'>> {
  readonly launch?: Partial<DockerLaunch>;
  /** Words for the scripted server behind its usual ones. */
  readonly script?: readonly string[];
}

let serves = 0;

/** Serves of the scripted server, each with a name and a port of its own. */
export const specWith = (image: string, { launch, script = [], ...changes }: SpecChanges = {}): ServeSpec => {
  const name = changes.name ?? `test-${process.pid}-${serves++}`;
  return {
    name,
    engine: 'custom',
    container: `anvil-${name}`,
    servedModel: name,
    port: freePort(),
    health: '/health',
    gpus: [],
    env: {},
    envFrom: [],
    loadTimeoutMs: 20_000,
    stopMs: 5_000,
    ...changes,
    launch: {
      driver: 'docker',
      image,
      args: ['--served-model-name', name, '--host', '0.0.0.0', '--port', '8000', ...script],
      containerPort: 8000,
      mounts: [],
      ipcHost: false,
      gpuAccess: 'none',
      ...launch,
    },
  };
};

export interface DriverChanges {
  readonly env?: Effects['env'];
  readonly owner?: string;
}

/** As another run of the multiplexer on the same registry would have it, unless `owner` says otherwise. */
export const driverOn = (
  engine: DockerEngine,
  { env, owner = `owner-${process.pid}` }: DriverChanges = {},
): DockerDriver =>
  createDockerDriver({
    engine,
    effects: { ...bunEffects(), ...(env === undefined ? {} : { env }) },
    owner,
    resolveGpus: async (declared) => ({ uuids: declared, ids: declared }),
  });

/** Resolves when its output holds the words; rejects when it ends before. */
export const untilSays = async (engine: DockerEngine, { id }: RunningServe, words: string): Promise<void> => {
  const enough = new AbortController();
  const seen: string[] = [];
  for await (const { text } of engine.logs(id, { follow: true }, enough.signal)) {
    seen.push(text);
    if (text.includes(words)) {
      enough.abort();
      return;
    }
  }
  throw new Error(`it ended without saying "${words}":\n${seen.join('\n')}`);
};
