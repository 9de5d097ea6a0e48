/** When is a serve that was brought up ready, and what does it say where it never is? */

import type { DeclaredServe, ServesManifest } from '#config/serves';
import { inOneLine, inTime } from '#core/plain-words';
import { messageOf } from '#core/thrown';
import { watchContainer } from '#drivers/docker-watch';
import type { RunningServe } from '#drivers/driver';
import { type NotReady, untilReady } from '#drivers/readiness';
import { hasFailed, type Outcome, outcome } from '#ops/serves/outcome';
import { knownSpecOf, specOf } from '#ops/serves/state';
import { bringUpOne, type Came, type UpOptions } from '#ops/serves/up';
import type { ServesWorld } from '#ops/serves/world';

/** Shown of what a server printed before it failed. */
const LINES_SHOWN = 20;
/** Shown of a line while waiting. */
const PROGRESS_CHARS_MAX = 100;

/**
 * Brings them up in the order of the file and waits for each. They load side by side, except on a GPU that both name: an
 * engine measures what is free while it loads, and another one that takes memory at that moment makes it fail.
 * @param waitMs for each; absent: as it declares
 */
export const bringUpReady = async (
  serves: readonly DeclaredServe[],
  manifest: ServesManifest,
  options: UpOptions & { readonly waitMs: number | undefined },
  world: ServesWorld,
): Promise<readonly Outcome[]> => {
  const loading: { readonly serve: DeclaredServe; readonly ready: Promise<Outcome> }[] = [];
  for (const serve of serves) {
    await Promise.all(loading.filter((other) => shareGpu(other.serve, serve)).map(({ ready }) => ready));
    const came = await bringUpOne(serve, manifest, options, world);
    const isThere = !hasFailed(came.outcome) && came.outcome.did !== 'planned';
    const waitMs = options.waitMs ?? serve.waitMs;
    const ready = isThere ? waitForOne(serve, came, waitMs, world) : Promise.resolve(came.outcome);
    loading.push({ serve, ready });
  }
  return Promise.all(loading.map(({ ready }) => ready));
};

const shareGpu = (one: DeclaredServe, other: DeclaredServe): boolean =>
  one.gpus.some((gpu) => other.gpus.includes(gpu));

/** Never rejects. */
const waitForOne = async (
  serve: DeclaredServe,
  { outcome: came, running: started }: Came,
  waitMs: number,
  world: ServesWorld,
): Promise<Outcome> => {
  const { clock } = world.effects;
  const session = world.effects.openSession();
  const began = clock.now();
  let running: RunningServe | undefined;
  try {
    running = started ?? (await watching(serve, world));
    const ready = await untilReady({ ...specOf(serve), loadTimeoutMs: waitMs }, running, {
      clock,
      fetch: session.fetch,
      signal: world.signal,
      onProgress: (line) => world.tell(`${serve.name}: ${inOneLine(line, PROGRESS_CHARS_MAX)}`),
    });
    const { warnings } = came;
    if (ready !== 'ready') {
      const message = `${came.message}, but ${await reasonOf(serve, ready, world)}`;
      return outcome(serve, 'failed', message, { warnings, lines: ready.lines.slice(-LINES_SHOWN) });
    }
    return outcome(serve, 'ready', `${came.message}; ready after ${inTime(clock.now() - began)}`, { warnings });
  } catch (error) {
    return outcome(serve, 'failed', `${came.message}, but it cannot be watched: ${messageOf(error)}`);
  } finally {
    running?.letGo();
    session.close();
  }
};

/** Of a container that Docker has started anew meanwhile, the engine no longer tells the exit code: it would say 0. */
const reasonOf = async (serve: DeclaredServe, { kind, detail }: NotReady, world: ServesWorld): Promise<string> => {
  if (kind === 'aborted') return 'the wait was interrupted: it goes on loading';
  if (kind !== 'exited' || serve.container === undefined) return detail;
  const facts = await (await world.docker()).inspect(serve.container, world.signal).catch(() => undefined);
  if (facts === undefined || (facts.restartCount === 0 && facts.status !== 'restarting')) return detail;
  const code = facts.status === 'restarting' ? `, last exit code ${facts.exitCode}` : '';
  return `${serve.name} on port ${serve.port} ended while loading, and Docker starts it again and again${code}`;
};

/** @throws Error when there is nothing to watch */
const watching = async (serve: DeclaredServe, world: ServesWorld): Promise<RunningServe> => {
  if (serve.container === undefined) return world.processes.adopt(knownSpecOf(serve, world), world.signal);
  const docker = await world.docker();
  const facts = await docker.inspect(serve.container, world.signal);
  if (facts !== undefined) return watchContainer(docker, facts.id, world.effects.clock);
  throw new Error(`no container ${serve.container} came of it — see what up makes, or correct container`);
};
