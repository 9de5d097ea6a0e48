/** When is a serve that was brought up ready, and what does it say where it never is? */
import type { DeclaredServe } from '#config/serves';
import { inOneLine, inTime } from '#core/plain-words';
import { watchContainer } from '#drivers/docker-watch';
import type { RunningServe } from '#drivers/driver';
import { untilReady } from '#drivers/readiness';
import { hasFailed, type Outcome, outcome } from '#ops/serves/outcome';
import { specOf } from '#ops/serves/state';
import { messageOf, type ServesWorld } from '#ops/serves/world';

/** Shown of what a server printed before it failed. */
const LINES_SHOWN = 20;
/** Shown of a line while waiting. */
const PROGRESS_CHARS_MAX = 100;

/**
 * Waits for all that came up, side by side; those that failed stay as they are.
 * @param waitMs for each; absent: as it declares
 */
export const waitForAll = (
  serves: readonly DeclaredServe[],
  outcomes: readonly Outcome[],
  waitMs: number | undefined,
  world: ServesWorld,
): Promise<readonly Outcome[]> =>
  Promise.all(
    outcomes.map((came, index) => {
      const serve = serves[index];
      return serve === undefined || hasFailed(came) || came.did === 'planned'
        ? came
        : waitForOne(serve, came, waitMs ?? serve.waitMs, world);
    }),
  );

const waitForOne = async (
  serve: DeclaredServe,
  came: Outcome,
  waitMs: number,
  world: ServesWorld,
): Promise<Outcome> => {
  const { clock } = world.effects;
  const session = world.effects.openSession();
  const began = clock.now();
  let running: RunningServe | undefined;
  try {
    running = await watching(serve, world);
    const ready = await untilReady({ ...specOf(serve), loadTimeoutMs: waitMs }, running, {
      clock,
      fetch: session.fetch,
      signal: world.signal,
      onProgress: (line) => world.tell(`${serve.name}: ${inOneLine(line, PROGRESS_CHARS_MAX)}`),
    });
    const { warnings } = came;
    if (ready !== 'ready') {
      const message = `${came.message}, but ${ready.detail}`;
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

/** @throws Error when there is nothing to watch */
const watching = async (serve: DeclaredServe, world: ServesWorld): Promise<RunningServe> => {
  if (serve.container === undefined) return world.processes.adopt(specOf(serve), world.signal);
  const docker = await world.docker();
  const facts = await docker.inspect(serve.container, world.signal);
  if (facts !== undefined) return watchContainer(docker, facts.id, world.effects.clock);
  throw new Error(`no container ${serve.container} came of it — see what up makes, or correct container`);
};
