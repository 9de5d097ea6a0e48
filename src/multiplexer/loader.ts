/** How does one model come up: woken, taken over, or started afresh, and when is it ready? One load, without a rest. */

import type { RegistryModel } from '#core/registry';
import { messageOf } from '#core/thrown';
import type { Driver, Found, RunningServe } from '#drivers/driver';
import type { Sleeper, SleepLevel } from '#drivers/sleep';
import type { UntilReady } from '#multiplexer/world';

export interface LoadJob {
  readonly model: RegistryModel;
  readonly driver: Driver;
  readonly untilReady: UntilReady;
  readonly sleeper: Sleeper;
  /** The server that sleeps, when it is to be woken. */
  readonly asleep: RunningServe | undefined;
  /** The level at which an earlier life has left it asleep, so that one taken over has to be woken first. */
  readonly leftAsleep: SleepLevel | undefined;
  readonly signal: AbortSignal;
  /** Told as soon as there is a server, so that its lines can be seen while it loads. */
  readonly onServe: (serve: RunningServe) => void;
}

export type LoadOutcome =
  | { readonly ok: true; readonly serve: RunningServe; readonly woken: boolean; readonly adopted: boolean }
  /** `begun`: something may be left of the server; whoever asked removes it. Else it could not even be looked for. */
  | { readonly ok: false; readonly begun: boolean; readonly detail: string; readonly lines: readonly string[] };

/** Wakes a sleeping server; false when it has to be started afresh. */
const wakes = async (
  { model, sleeper, untilReady, signal }: LoadJob,
  asleep: RunningServe,
  level: SleepLevel | undefined,
): Promise<boolean> => {
  if (level === undefined) return false;
  if ((await sleeper.wake(model.serve, level, signal)) !== undefined) return false;
  return (await untilReady(model.serve, asleep, signal)) === 'ready';
};

const discard = async ({ model, driver, signal }: LoadJob, serve: RunningServe): Promise<void> => {
  signal.throwIfAborted();
  serve.letGo();
  await driver.stop(model.serve);
};

/** Takes over what is ours, runs, and is as declared; removes what is ours otherwise. Undefined: to be started. */
const takeOver = async (job: LoadJob, found: Found): Promise<RunningServe | undefined> => {
  const { model, driver, signal, leftAsleep } = job;
  // It is never talked to.
  if (found.kind === 'stranger') throw new Error(found.what);
  if (found.kind === 'absent') return undefined;
  if (!found.running || found.drift.length > 0) {
    await driver.stop(model.serve);
    return undefined;
  }
  const serve = await driver.adopt(model.serve, signal);
  if (leftAsleep === undefined || (await wakes(job, serve, leftAsleep))) return serve;
  await discard(job, serve);
  return undefined;
};

/** Never rejects. */
export const loadServe = async (job: LoadJob): Promise<LoadOutcome> => {
  const { model, driver, asleep, signal } = job;
  let begun = asleep !== undefined;
  try {
    if (asleep !== undefined) {
      if (await wakes(job, asleep, model.sleepLevel)) return { ok: true, serve: asleep, woken: true, adopted: false };
      await discard(job, asleep);
    }
    const found = await driver.find(model.serve, signal);
    begun = true;
    const taken = await takeOver(job, found);
    signal.throwIfAborted();
    const serve = taken ?? (await driver.start(model.serve, signal));
    job.onServe(serve);
    const readiness = await job.untilReady(model.serve, serve, signal);
    if (readiness === 'ready') return { ok: true, serve, woken: false, adopted: taken !== undefined };
    return { ok: false, begun, detail: readiness.detail, lines: readiness.lines };
  } catch (error) {
    return { ok: false, begun, detail: messageOf(error), lines: [] };
  }
};
