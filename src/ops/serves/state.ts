/** What stands under the name of a serve at this moment? Looks only. */

import type { DeclaredServe } from '#config/serves';
import type { ServeSpec } from '#core/serve-spec';
import { messageOf } from '#core/thrown';
import type { ServeStatus } from '#ops/serves/up-plan';
import type { ServesWorld } from '#ops/serves/world';
import type { ContainerFacts } from '#platform/docker-engine';

export interface ServeState {
  readonly status: ServeStatus;
  /** Of a container that exists. */
  readonly container?: ContainerFacts;
  /** Of a process: what differs from the declaration, in words. */
  readonly drift?: readonly string[];
  /** Process id. */
  readonly id?: string;
  /** Why the status is `error`, or what the stranger is. */
  readonly detail?: string;
}

/** Never rejects: what cannot be found out is a state as well. */
export const stateOf = async (serve: DeclaredServe, world: ServesWorld): Promise<ServeState> => {
  try {
    return serve.container === undefined
      ? await processState(serve, world)
      : await containerState(serve.container, world);
  } catch (error) {
    return { status: 'error', detail: messageOf(error) };
  }
};

const containerState = async (name: string, world: ServesWorld): Promise<ServeState> => {
  const docker = await world.docker();
  const container = await docker.inspect(name, world.signal);
  return container === undefined ? { status: 'absent' } : { status: container.status, container };
};

const processState = async (serve: DeclaredServe, world: ServesWorld): Promise<ServeState> => {
  const found = await world.processes.find(knownSpecOf(serve, world), world.signal);
  if (found.kind === 'absent') return { status: 'absent' };
  if (found.kind === 'stranger') return { status: 'stranger', detail: found.what };
  const known = serve.envFrom.every((name) => world.effects.env(name) !== undefined);
  // Without its variables nobody can tell whether they changed.
  const drift = known ? found.drift : found.drift.filter((what) => !/secrets/.test(what));
  return { status: found.running ? 'running' : 'exited', drift, id: found.id };
};

/** Its spec with those variables only that are set here: looking at it, or ending it, takes no secret. */
export const knownSpecOf = (serve: DeclaredServe, { effects }: ServesWorld): ServeSpec =>
  specOf({ ...serve, envFrom: serve.envFrom.filter((name) => effects.env(name) !== undefined) });

/** Its container cannot be told from its declaration alone, so only a process has a launch that means something. */
export const specOf = (serve: DeclaredServe): ServeSpec => ({
  name: serve.name,
  engine: 'custom',
  launch: {
    driver: 'process',
    argv: serve.up ?? ['true'],
    ...(serve.cwd === undefined ? {} : { cwd: serve.cwd }),
  },
  container: serve.container ?? '',
  ...(serve.model === undefined ? {} : { servedModel: serve.model }),
  port: serve.port,
  health: serve.health,
  gpus: serve.gpus,
  env: {},
  envFrom: serve.envFrom,
  loadTimeoutMs: serve.waitMs,
  stopMs: serve.stopMs,
});
