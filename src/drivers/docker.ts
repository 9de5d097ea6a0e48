/** How does a model server run in a container of our own? Found by its labels, started, taken over, stopped. */
import type { ServeSpec } from '#core/serve-spec';
import { driftOf } from '#drivers/docker-drift';
import {
  createBody,
  dockerServe,
  type Handed,
  handedTo,
  type Made,
  OWNER_LABEL,
  SERVE_LABEL,
  type ServeGpus,
  scrubberFor,
  specDigest,
  volumesOf,
  withoutSecrets,
} from '#drivers/docker-spec';
import { watchContainer } from '#drivers/docker-watch';
import { type Driver, DriverError, type DriverFault, type Found, type RunningServe } from '#drivers/driver';
import { isPortTaken, portTaken } from '#drivers/port';
import { type ContainerFacts, type DockerEngine, DockerError, type DockerFault } from '#platform/docker-engine';
import type { Effects } from '#platform/effects';

const REMEDY = 'stop it or choose another port';
/** Grace for a container that no entry declares any more, in milliseconds. */
const ORPHAN_STOP_MS = 10_000;

export interface DockerDriverOptions {
  readonly engine: DockerEngine;
  readonly effects: Pick<Effects, 'clock' | 'env' | 'reach' | 'sha256'>;
  /** Tells our containers from those of another registry: a digest of the registry's path. */
  readonly owner: string;
  /** UUIDs of GPUs as declared. */
  readonly resolveGpus: (declared: readonly string[], signal: AbortSignal) => Promise<ServeGpus>;
}

export interface DockerDriver extends Driver {
  /**
   * Removes the containers of this registry that no entry declares any more.
   * @param keep names of containers
   * @returns names of those removed
   * @throws DriverError
   */
  sweep(keep: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
}

const FAULTS: Readonly<Record<DockerFault, DriverFault>> = {
  unreachable: 'unavailable',
  timeout: 'unavailable',
  conflict: 'stranger',
  missing: 'missing',
  refused: 'failed',
};

/** In the words of drivers; what was handed over is blotted out, should the engine have repeated it. */
const translated = (error: unknown, where: string, handed: Handed): unknown =>
  error instanceof DockerError
    ? new DriverError(FAULTS[error.fault], withoutSecrets(`${where}${error.message}`, handed))
    : error;

const stranger = (what: string): Found => ({ kind: 'stranger', what });

/** Undefined when the container is ours. */
const strangeness = (facts: ContainerFacts, serve: string, owner: string): string | undefined => {
  const { name, labels } = facts;
  const remedy = `remove it (docker rm -f ${name}) or choose another name`;
  if (labels[SERVE_LABEL] === undefined) return `container ${name} was not made by anvil-serving: ${remedy}`;
  if (labels[OWNER_LABEL] !== owner)
    return `container ${name} belongs to another registry, or to one with another state folder: ${remedy}`;
  return labels[SERVE_LABEL] === serve ? undefined : `container ${name} is serve ${labels[SERVE_LABEL]}: ${remedy}`;
};

/** Who else listens on the port of a serve that does not run; undefined when nobody does, or one of our own. */
const portStranger = async (
  { engine, effects, owner }: DockerDriverOptions,
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (!(await isPortTaken(effects.reach, port))) return undefined;
  const holder = await engine.portHolder(port, signal);
  if (holder === undefined) return `${portTaken(port)}: ${REMEDY}`;
  const facts = await engine.inspect(holder, signal);
  // Models that are never loaded together may share a port.
  if (facts?.labels[OWNER_LABEL] === owner) return undefined;
  return `port ${port} is taken by container ${holder}, which is not ours: ${REMEDY}`;
};

/** Everything about a serve that has to be looked up in this machine. */
const prepare = async (options: DockerDriverOptions, spec: ServeSpec, signal: AbortSignal): Promise<Made> => {
  const serve = dockerServe(spec);
  const handed = handedTo(serve, options.effects.env);
  const gpus = await options.resolveGpus(serve.gpus, signal);
  const digest = specDigest(serve, gpus, handed, options.effects.sha256);
  return { serve, gpus, handed, owner: options.owner, digest };
};

/** Missing weights are told now; the engine would make an empty volume, and the server fail much later. */
const checkParts = async (engine: DockerEngine, { serve }: Made, signal: AbortSignal): Promise<void> => {
  const { image } = serve.launch;
  if ((await engine.imageId(image, signal)) === undefined) {
    throw new DriverError(
      'missing',
      `serve ${serve.name}: image ${image} is not on this machine: fetch it with docker pull ${image}, or build it`,
    );
  }
  for (const { source, readOnly } of volumesOf(serve.launch)) {
    // A volume that is written to, such as a cache, begins empty.
    if (!readOnly || (await engine.hasVolume(source, signal))) continue;
    throw new DriverError(
      'missing',
      `serve ${serve.name}: there is no volume ${source} to read weights from: create and fill it (docker volume create ${source}), or correct its name`,
    );
  }
};

/**
 * Containers of a serve: by name, and by label those that somebody has renamed; they hold its port and its GPU. An engine
 * that finds no container of a name looks for an id that begins with it, which is another container.
 */
const containersOf = async (
  { engine, owner }: DockerDriverOptions,
  spec: ServeSpec,
  signal?: AbortSignal,
): Promise<{ readonly stranger: ContainerFacts | undefined; readonly ours: readonly ContainerFacts[] }> => {
  const found = await engine.inspect(spec.container, signal);
  const named = found?.name === spec.container ? found : undefined;
  if (named !== undefined && strangeness(named, spec.name, owner) === undefined)
    return { stranger: undefined, ours: [named] };
  const labelled = await engine.list(`${SERVE_LABEL}=${spec.name}`, signal);
  return { stranger: named, ours: labelled.filter((facts) => strangeness(facts, spec.name, owner) === undefined) };
};

const removeOurs = async (engine: DockerEngine, facts: ContainerFacts, graceMs: number): Promise<void> => {
  const { id, name } = facts;
  // Whatever comes of it: removing kills what did not stop.
  await engine.stop(id, graceMs).catch(() => undefined);
  await engine.remove(id);
  if ((await engine.inspect(id)) === undefined) return;
  throw new DriverError(
    'failed',
    `container ${name} is still there after it was stopped and removed: docker rm -f ${name}`,
  );
};

/** Made and started, or gone again. Resolves with its id. */
const launch = async (engine: DockerEngine, made: Made, signal: AbortSignal): Promise<string> => {
  const { container } = made.serve;
  const body = createBody(made);
  try {
    // Waited for, whoever gives up meanwhile: the engine would make it all the same, and nobody would know.
    const id = await engine.create(container, body);
    signal.throwIfAborted();
    await engine.start(id, signal);
    return id;
  } catch (error) {
    // The engine may have made it though it did not say so. A stranger of that name bears other labels.
    const left = await engine.inspect(container).catch(() => undefined);
    const isOurs = left !== undefined && strangeness(left, made.serve.name, made.owner) === undefined;
    if (isOurs) await engine.remove(left.id).catch(() => undefined);
    throw error;
  }
};

/** Errors of the engine leave as those of a driver. @param where stands before them */
const guarded = async <Result>(where: string, handed: Handed, work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    throw translated(error, where, handed);
  }
};

const NOTHING_HANDED: Handed = {};

/** `options.owner` is written on each container: whatever lacks it is never touched. */
export const createDockerDriver = (options: DockerDriverOptions): DockerDriver => {
  const { engine, owner, effects } = options;
  const watch = (id: string, spec: ServeSpec): RunningServe =>
    watchContainer(engine, id, effects.clock, scrubberFor(spec, effects.env));

  const drift = async (facts: ContainerFacts, spec: ServeSpec, signal: AbortSignal): Promise<readonly string[]> => {
    try {
      const made = await prepare(options, spec, signal);
      return driftOf(facts, made, await engine.imageId(made.serve.launch.image, signal));
    } catch (error) {
      // A variable that is not set here: whether the server has the right one cannot be told, but it is ours and runs.
      if (error instanceof DriverError && error.fault === 'missing') return [error.message];
      throw error;
    }
  };

  const find: Driver['find'] = (spec, signal) =>
    guarded(`serve ${spec.name}: `, NOTHING_HANDED, async () => {
      const { stranger: named, ours } = await containersOf(options, spec, signal);
      if (named !== undefined) return stranger(strangeness(named, spec.name, owner) ?? '');
      const facts = ours.find(({ status }) => status === 'running') ?? ours[0];
      const running = facts?.status === 'running';
      const onPort = running ? undefined : await portStranger(options, spec.port, signal);
      if (onPort !== undefined) return stranger(onPort);
      if (facts === undefined) return { kind: 'absent' };
      return { kind: 'ours', id: facts.id, running, status: facts.status, drift: await drift(facts, spec, signal) };
    });

  const start: Driver['start'] = async (spec, signal) => {
    const made = await prepare(options, spec, signal);
    return guarded(`serve ${spec.name}: `, made.handed, async () => {
      const { stranger: named, ours } = await containersOf(options, spec, signal);
      const strange = named === undefined ? undefined : strangeness(named, spec.name, owner);
      if (strange !== undefined) throw new DriverError('stranger', `serve ${spec.name}: ${strange}`);
      await checkParts(engine, made, signal);
      await Promise.all(ours.map((facts) => removeOurs(engine, facts, spec.stopMs)));
      const onPort = await portStranger(options, spec.port, signal);
      if (onPort !== undefined) throw new DriverError('stranger', `serve ${spec.name}: ${onPort}`);
      return watch(await launch(engine, made, signal), spec);
    });
  };

  const adopt: Driver['adopt'] = (spec, signal) =>
    guarded(`serve ${spec.name}: `, NOTHING_HANDED, async () => {
      const { ours } = await containersOf(options, spec, signal);
      const running = ours.find(({ status }) => status === 'running');
      if (running !== undefined) return watch(running.id, spec);
      const status = ours[0]?.status ?? 'gone';
      throw new DriverError('failed', `serve ${spec.name}: its container ${spec.container} is ${status}, not running`);
    });

  const stop: Driver['stop'] = (spec) =>
    guarded(`serve ${spec.name}: `, NOTHING_HANDED, async () => {
      const { ours } = await containersOf(options, spec);
      await Promise.all(ours.map((facts) => removeOurs(engine, facts, spec.stopMs)));
    });

  const sweep: DockerDriver['sweep'] = (keep, signal) =>
    guarded('', NOTHING_HANDED, async () => {
      const declared = new Set(keep);
      const found = await engine.list(`${OWNER_LABEL}=${owner}`, signal);
      const orphans = found.filter(({ name }) => !declared.has(name));
      await Promise.all(orphans.map((facts) => removeOurs(engine, facts, ORPHAN_STOP_MS)));
      return orphans.map(({ name }) => name);
    });

  return { find, start, adopt, stop, sweep };
};
