/** How is a model server run as a service of a compose file: by `docker compose` itself, and watched through the engine? */
import type { ServeSpec } from '#core/serve-spec';
import {
  type ComposeServe,
  type ComposeTools,
  compose,
  composeDrift,
  composeIsThere,
  composeServe,
  containerIds,
  containerOf,
  engineError,
} from '#drivers/compose-command';
import { scrubberFor } from '#drivers/docker-spec';
import { watchContainer } from '#drivers/docker-watch';
import { type Driver, DriverError, type Found, type RunningServe } from '#drivers/driver';
import { isPortTaken, portTaken } from '#drivers/port';
import { type ContainerFacts, DockerError } from '#platform/docker-engine';
import type { Effects } from '#platform/effects';

export interface ComposeWorld extends ComposeTools, Pick<Effects, 'clock' | 'reach'> {}

/** Beyond the time that the container itself is given to stop. */
const SLACK_MS = 30_000;
/** States that `up` does not lead out of. */
const STUCK = new Set(['paused', 'restarting', 'dead']);

/** One that publishes other ports only is not what answers on that of the serve. On the host's network it publishes none. */
const checkPort = ({ name, port, launch }: ComposeServe, { ports }: ContainerFacts): void => {
  const published = [...new Set(ports.map(({ host }) => host))].filter((host) => host > 0);
  if (published.length === 0 || published.includes(port)) return;
  const what = `service ${launch.service} publishes port ${published.join(', ')}, not ${port}`;
  throw new DriverError('failed', `serve ${name}: ${what}: correct the port, or that in ${launch.file}`);
};

const watchOf = async (world: ComposeWorld, serve: ComposeServe, signal: AbortSignal): Promise<RunningServe> => {
  const facts = await containerOf(world, serve, signal);
  if (facts !== undefined) {
    checkPort(serve, facts);
    return watchContainer(world.engine, facts.id, world.clock, scrubberFor(serve, world.env));
  }
  const { service } = serve.launch;
  throw new DriverError('failed', `serve ${serve.name}: service ${service} has no container any more; load it again`);
};

const find = async (world: ComposeWorld, serve: ComposeServe, signal: AbortSignal): Promise<Found> => {
  const facts = await containerOf(world, serve, signal);
  try {
    if (facts !== undefined) {
      const { id, status } = facts;
      const drift = await composeDrift(world, serve, facts, signal);
      return { kind: 'ours', id, running: status === 'running', status, drift };
    }
    const named = await world.engine.inspect(serve.container, signal);
    if (named !== undefined) {
      const { service } = serve.launch;
      return { kind: 'stranger', what: `container ${named.name} exists and is not of compose service ${service}` };
    }
  } catch (error) {
    throw engineError(serve, error);
  }
  return (await isPortTaken(world.reach, serve.port))
    ? { kind: 'stranger', what: portTaken(serve.port) }
    : { kind: 'absent' };
};

const start = async (world: ComposeWorld, serve: ComposeServe, signal: AbortSignal): Promise<RunningServe> => {
  const facts = await containerOf(world, serve, signal);
  if (facts !== undefined && STUCK.has(facts.status)) {
    await world.engine.remove(facts.id, signal).catch((error: unknown) => {
      throw engineError(serve, error);
    });
  }
  // It recreates what differs from the file and starts what has stopped. It may pull an image, so it has the whole time.
  const words = ['up', '--detach', '--no-deps', serve.launch.service];
  await compose(world, serve, words, { timeoutMs: serve.loadTimeoutMs, signal });
  return watchOf(world, serve, signal);
};

const stop = async (world: ComposeWorld, serve: ComposeServe): Promise<void> => {
  const { service } = serve.launch;
  const seconds = String(Math.ceil(serve.stopMs / 1_000));
  await compose(world, serve, ['stop', '--timeout', seconds, service], { timeoutMs: serve.stopMs + SLACK_MS });
  await compose(world, serve, ['rm', '--force', service], { timeoutMs: SLACK_MS });
  const [left] = await containerIds(world, serve);
  if (left === undefined) return;
  const remedy = `remove it with "docker rm -f ${left.slice(0, 12)}"`;
  throw new DriverError('failed', `serve ${serve.name}: a container of service ${service} is still there; ${remedy}`);
};

/** Without compose, when its file is gone or broken: what runs must not keep its GPU for that. */
const removeKnown = async ({ engine }: ComposeWorld, serve: ComposeServe, id: string): Promise<void> => {
  try {
    await engine.stop(id, serve.stopMs);
    await engine.remove(id);
  } catch (error) {
    if (error instanceof DockerError && error.fault === 'missing') return;
    throw engineError(serve, error);
  }
};

/**
 * Serves as services of compose files. Whatever compose calls a container of the service is ours, whoever made it: the
 * file is the declaration.
 */
export const createComposeDriver = (world: ComposeWorld): Driver => {
  /** Containers that were started or taken over, by serve. */
  const known = new Map<string, string>();
  let isThere = false;
  const prepared = async (spec: ServeSpec, signal?: AbortSignal): Promise<ComposeServe> => {
    const serve = composeServe(spec);
    if (!isThere) await composeIsThere(world, serve, signal);
    isThere = true;
    return serve;
  };
  const noted = (serve: ComposeServe, running: RunningServe): RunningServe => {
    known.set(serve.name, running.id);
    return running;
  };
  return {
    find: async (spec, signal) => find(world, await prepared(spec, signal), signal),

    async start(spec, signal) {
      const serve = await prepared(spec, signal);
      return noted(serve, await start(world, serve, signal));
    },

    async adopt(spec, signal) {
      const serve = await prepared(spec, signal);
      return noted(serve, await watchOf(world, serve, signal));
    },

    async stop(spec) {
      const serve = await prepared(spec);
      try {
        await stop(world, serve);
      } catch (error) {
        const id = known.get(serve.name);
        if (id === undefined || !(error instanceof DriverError)) throw error;
        await removeKnown(world, serve, id);
      }
      known.delete(serve.name);
    },
  };
};
