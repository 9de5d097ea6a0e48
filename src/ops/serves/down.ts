/** How is a serve stopped, or removed? */

import { nearestName } from '#config/nearest';
import type { DeclaredServe, ServesManifest } from '#config/serves';
import { messageOf } from '#core/thrown';
import { type Outcome, outcome } from '#ops/serves/outcome';
import { specOf, stateOf } from '#ops/serves/state';
import type { ServesWorld } from '#ops/serves/world';

/** Those that do not run; everything else is asked to stop. */
const AT_REST: ReadonlySet<string> = new Set(['absent', 'exited', 'created', 'dead']);

/** The engine does what it was asked to, whether anybody waits for it or not. */
const INTERRUPTED = 'interrupted: Docker may go on with it; `serves status` shows how it stands';

/** Stops them, all at once: each may take its whole grace. */
export const takeDown = (
  serves: readonly DeclaredServe[],
  dryRun: boolean,
  world: ServesWorld,
): Promise<readonly Outcome[]> => Promise.all(serves.map((serve) => takeDownOne(serve, dryRun, world)));

const takeDownOne = async (serve: DeclaredServe, dryRun: boolean, world: ServesWorld): Promise<Outcome> => {
  const { status, detail } = await stateOf(serve, world);
  if (status === 'error') return outcome(serve, 'failed', `its state cannot be found out: ${detail}`);
  if (status === 'stranger') return outcome(serve, 'nothing', `not running; in its place is ${detail}, left alone`);
  if (AT_REST.has(status)) return outcome(serve, 'nothing', `not running (${status})`);
  const what = serve.container === undefined ? 'the process' : `container ${serve.container}`;
  if (dryRun) return outcome(serve, 'planned', `would stop ${what}`);
  try {
    if (serve.container === undefined) await world.processes.stop(specOf(serve));
    else await (await world.docker()).stop(serve.container, serve.stopMs, world.signal);
    return outcome(serve, 'stopped', `stopped ${what}`);
  } catch (error) {
    return outcome(serve, 'failed', world.signal.aborted ? INTERRUPTED : messageOf(error));
  }
};

/** What a word of `serves rm` means: one serve, or a container that no serve declares. */
export type RemovalTarget =
  | DeclaredServe
  | {
      readonly container: string;
      /** The name of a serve that looks like it. */
      readonly near?: string;
    };

/** @returns the targets, or why one of the words means none or two */
export const removalTargets = (
  words: readonly string[],
  { serves }: ServesManifest,
): { readonly targets: readonly RemovalTarget[] } | { readonly problem: string } => {
  const targets: RemovalTarget[] = [];
  for (const word of words) {
    const matching = serves.filter(({ name, container }) => name === word || container === word);
    if (matching.length > 1) {
      const names = matching.map(({ name, container }) => `${name} (${container ?? 'a process'})`).join(' and ');
      return { problem: `"${word}" means ${names} — nothing was removed; name the one you mean` };
    }
    targets.push(matching[0] ?? unknownContainer(word, serves));
  }
  return { targets };
};

const unknownContainer = (word: string, serves: ServesManifest['serves']): RemovalTarget => {
  const near = nearestName(
    word,
    serves.map(({ name }) => name),
  );
  return near === undefined ? { container: word } : { container: word, near };
};

/** Removes them by force; one that is not there is no failure. */
export const removeAll = (
  targets: readonly RemovalTarget[],
  dryRun: boolean,
  world: ServesWorld,
): Promise<readonly Outcome[]> => Promise.all(targets.map((target) => removeOne(target, dryRun, world)));

const removeOne = async (target: RemovalTarget, dryRun: boolean, world: ServesWorld): Promise<Outcome> => {
  const named = 'name' in target ? target : { name: target.container };
  const { container } = target;
  try {
    if (container === undefined) return await removeProcess(target as DeclaredServe, dryRun, world);
    const docker = await world.docker();
    if ((await docker.inspect(container, world.signal)) === undefined) {
      const hint = 'near' in target ? ` — did you mean "${target.near}"?` : '';
      return outcome(named, 'nothing', `there is no container ${container}${hint}`);
    }
    if (dryRun) return outcome(named, 'planned', `would remove container ${container}`);
    await docker.remove(container, world.signal);
    return outcome(named, 'removed', `removed container ${container}`);
  } catch (error) {
    return outcome(named, 'failed', world.signal.aborted ? INTERRUPTED : messageOf(error));
  }
};

const removeProcess = async (serve: DeclaredServe, dryRun: boolean, world: ServesWorld): Promise<Outcome> => {
  const { status } = await stateOf(serve, world);
  if (status !== 'running') return outcome(serve, 'nothing', 'there is no such process');
  if (dryRun) return outcome(serve, 'planned', 'would stop the process');
  await world.processes.stop(specOf(serve));
  return outcome(serve, 'removed', 'stopped the process; its log is kept');
};
