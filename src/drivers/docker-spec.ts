/** What is a docker serve to the engine: labels that tell whose it is, and the body that makes its container? */
import { createScrubber, type Scrubber } from '#core/redact';
import { type DockerLaunch, identityOf, type Mount, type ServeSpec } from '#core/serve-spec';
import { DriverError } from '#drivers/driver';
import { cudaEnvironment, type ResolvedGpus } from '#drivers/gpus';
import type { Effects } from '#platform/effects';

export const SERVE_LABEL = 'dev.anvil-serving.serve';
export const OWNER_LABEL = 'dev.anvil-serving.owner';
export const SPEC_LABEL = 'dev.anvil-serving.spec';

/** Log files of one container: this much each, so many. */
const LOG_SIZE_MAX = '10m';
const LOG_FILES_MAX = '2';

const KIB = 1024;
const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: KIB, m: KIB ** 2, g: KIB ** 3, t: KIB ** 4 };

export interface DockerServe extends ServeSpec {
  readonly launch: DockerLaunch;
}

/** @throws Error for a spec of another driver: the caller has mixed up its drivers */
export const dockerServe = (spec: ServeSpec): DockerServe => {
  const { launch } = spec;
  if (launch.driver !== 'docker')
    throw new Error(`serve ${spec.name}: the docker driver was given a ${launch.driver} serve`);
  return { ...spec, launch };
};

/**
 * Docker's spelling of a size as bytes: `16g`, `512m`, `1.5gb`.
 * @throws DriverError `failed`
 */
export const bytesOf = (size: string, serve: string): number => {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)b?$/i.exec(size.trim()) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (amount === undefined || factor === undefined) {
    throw new DriverError('failed', `serve ${serve}: shm_size "${size}" is no size: write it like 16g or 512m`);
  }
  return Math.floor(Number(amount) * factor);
};

/** Windows paths have a drive. */
const isHostPath = (source: string): boolean => /^(?:\/|[A-Za-z]:[\\/])/.test(source);

export const volumesOf = (launch: DockerLaunch): readonly Mount[] =>
  launch.mounts.filter(({ source }) => !isHostPath(source));

/** Values that the serve gets from our own environment. They go nowhere else. */
export type Handed = Readonly<Record<string, string>>;

/** @throws DriverError `missing` naming the variables that are not set */
export const handedTo = ({ name, envFrom }: ServeSpec, env: Effects['env']): Handed => {
  const found = envFrom.map((variable) => [variable, env(variable)] as const);
  const missing = found.filter(([, value]) => value === undefined).map(([variable]) => variable);
  if (missing.length > 0) {
    throw new DriverError(
      'missing',
      `serve ${name}: its env_from names ${missing.join(', ')}, not set in this environment: export ${missing.length === 1 ? 'it' : 'them'} before starting`,
    );
  }
  return Object.fromEntries(found.map(([variable, value]) => [variable, value ?? '']));
};

/** What is handed over may not appear in a message, whoever wrote it. One that begins like another goes whole. */
export const withoutSecrets = (text: string, handed: Handed): string =>
  Object.values(handed)
    .toSorted((left, right) => right.length - left.length)
    .reduce((safe, secret) => (secret === '' ? safe : safe.replaceAll(secret, '(hidden)')), text);

/** For what the server prints: it may repeat what it was handed. Variables that are not set are passed over. */
export const scrubberFor = ({ envFrom }: ServeSpec, env: Effects['env']): Scrubber =>
  createScrubber(envFrom.map((variable) => env(variable)).filter((value) => value !== undefined));

/** GPUs of a serve: with UUIDs where they could be found out. */
export type ServeGpus = Pick<ResolvedGpus, 'uuids' | 'ids'>;

/** The same for the same declaration, image ids apart. */
export const specDigest = (serve: DockerServe, gpus: ServeGpus, handed: Handed, sha256: Effects['sha256']): string => {
  const digests = Object.fromEntries(Object.entries(handed).map(([name, value]) => [name, sha256(value)]));
  return sha256(identityOf(serve, gpus.ids, digests));
};

/** By UUID where it is known, since Docker Desktop ignores device ids; an index would mean another card to CUDA. */
const gpuVariables = ({ launch }: DockerServe, { uuids }: ServeGpus): Readonly<Record<string, string>> =>
  launch.gpuAccess === 'none' || uuids === undefined ? {} : cudaEnvironment(uuids);

/** All cards where UUIDs confine the server, else those declared. Docker Engine API, `DeviceRequests`. */
const gpuRequests = ({ launch }: DockerServe, { uuids, ids }: ServeGpus): readonly object[] => {
  if (launch.gpuAccess === 'none') return [];
  const which = uuids !== undefined || ids.length === 0 ? { Count: -1 } : { DeviceIDs: ids };
  return [{ ...which, Capabilities: [['gpu']] }];
};

/** Everything that we set in its environment; what is written in the registry wins over what we add. */
export const environmentOf = (
  serve: DockerServe,
  gpus: ServeGpus,
  handed: Handed,
): Readonly<Record<string, string>> => ({ ...gpuVariables(serve, gpus), ...serve.env, ...handed });

const mountOf = ({ source, target, readOnly }: Mount) => ({
  // A bind of this form needs its folder: Docker's older form would make an empty one, owned by root.
  Type: isHostPath(source) ? 'bind' : 'volume',
  Source: source,
  Target: target,
  ReadOnly: readOnly,
});

export interface Made {
  readonly serve: DockerServe;
  readonly gpus: ServeGpus;
  readonly handed: Handed;
  readonly owner: string;
  readonly digest: string;
}

/**
 * Body of `POST /containers/create` (Docker Engine API 1.41).
 * @throws DriverError `failed` for a size that is none
 */
export const createBody = ({ serve, gpus, handed, owner, digest }: Made): Readonly<Record<string, unknown>> => {
  const { launch, name, port } = serve;
  const inside = `${launch.containerPort}/tcp`;
  const shmBytes = launch.shmSize === undefined ? undefined : bytesOf(launch.shmSize, name);
  return {
    Image: launch.image,
    ...(launch.entrypoint === undefined ? {} : { Entrypoint: launch.entrypoint }),
    Cmd: launch.args,
    Env: Object.entries(environmentOf(serve, gpus, handed)).map(([key, value]) => `${key}=${value}`),
    Labels: { [SERVE_LABEL]: name, [OWNER_LABEL]: owner, [SPEC_LABEL]: digest },
    ExposedPorts: { [inside]: {} },
    HostConfig: {
      // Never on all addresses: model servers ask nobody for a token.
      PortBindings: { [inside]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
      Mounts: launch.mounts.map(mountOf),
      // The host's shared memory has a size of its own.
      ...(launch.ipcHost ? { IpcMode: 'host' } : shmBytes === undefined ? {} : { ShmSize: shmBytes }),
      DeviceRequests: gpuRequests(serve, gpus),
      // Whether it is started again is for the multiplexer to decide, and its last lines must outlive it.
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      // As process 1 a server would ignore signals that it does not handle, and keep its dead children.
      Init: true,
      LogConfig: { Type: 'json-file', Config: { 'max-size': LOG_SIZE_MAX, 'max-file': LOG_FILES_MAX } },
    },
  };
};
