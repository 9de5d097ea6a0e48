/** Does a noted process still run, or anything that it started, and how is all of it ended? */

import type { ProcessNote } from '#drivers/process-notes';
import type { Commands } from '#platform/commands';
import type { Clock } from '#platform/effects';
import { pause } from '#platform/pause';

/**
 * `running`; `leftovers`: it has ended, and children of its group have not (a server killed for want of memory leaves
 * workers that hold the GPU); `gone`.
 */
export type GroupState = 'running' | 'leftovers' | 'gone';

export interface GroupWorld {
  readonly commands: Commands;
  readonly clock: Clock;
}

/** From SIGKILL to the end: a GPU driver may take seconds to give a process back. */
const KILLED_MS = 10_000;
/** Between two looks at a group that ends; it doubles. */
const GAP_MS = 25;
const GAP_MS_MAX = 400;
/** What stands before the colon tells one start of the system from another. */
const bootOf = (startedAt: string): string => startedAt.split(':')[0] ?? '';

/**
 * While any member lives its group's number goes to no other process. So a number that now belongs to a process of
 * another age says that the whole group is gone, and one that belongs to none may still be that of the group; not after
 * the system was started anew, though, and where that cannot be told the group is left alone.
 */
export const groupState = async ({ commands }: GroupWorld, note: ProcessNote): Promise<GroupState> => {
  const startedAt = await commands.startedAt(note.pid);
  if (startedAt === note.startedAt) return 'running';
  if (startedAt !== undefined) return 'gone';
  const boot = await commands.bootId();
  if (boot === '' || boot !== bootOf(note.startedAt)) return 'gone';
  return (await commands.groupLives(note.pid)) ? 'leftovers' : 'gone';
};

/** False when it still lives after that time. */
const goneWithin = async ({ commands, clock }: GroupWorld, pid: number, ms: number): Promise<boolean> => {
  const due = clock.now() + ms;
  const never = new AbortController().signal;
  for (let gapMs = GAP_MS; ; gapMs = Math.min(GAP_MS_MAX, gapMs * 2)) {
    if (!(await commands.groupLives(pid))) return true;
    const left = due - clock.now();
    if (left <= 0) return false;
    await pause(clock, Math.min(gapMs, left), never);
  }
};

/**
 * SIGTERM to the whole group, SIGKILL to what is left of it after `graceMs`.
 * @returns false when some of it survives even that: it hangs in the system
 */
export const endGroup = async (world: GroupWorld, pid: number, graceMs: number): Promise<boolean> => {
  const { commands } = world;
  if (graceMs > 0 && commands.signalGroup(pid, 'SIGTERM') && (await goneWithin(world, pid, graceMs))) return true;
  commands.signalGroup(pid, 'SIGKILL');
  return goneWithin(world, pid, KILLED_MS);
};
