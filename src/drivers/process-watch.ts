/** When has a started program ended, what did it leave behind, and is its log still within its size? */
import type { RunningServe, ServeExit } from '#drivers/driver';
import { endGroup, type GroupWorld, groupState } from '#drivers/process-group';
import type { ServeOutput } from '#drivers/process-log';
import type { ProcessNote } from '#drivers/process-notes';
import type { Child, ChildExit } from '#platform/commands';
import { pause } from '#platform/pause';

/** Between two looks at a process that is not our child. */
const WATCH_MS = 1_000;
/** Behind the words for an end. */
const STUCK = '; processes that it started hang in the system and cannot be ended';
/** Between two looks at the size of a log: a program that prints without end writes a hundred megabytes a second. */
const TRIM_MS = 1_000;

const exitDetail = ({ code, endedBy }: ChildExit): string => {
  if (endedBy === 'SIGKILL') return 'was killed (SIGKILL): by somebody, or by the system when memory ran out';
  return endedBy === undefined ? `exited with ${code ?? 'an unknown code'}` : `was ended by ${endedBy}`;
};

/** Looks at the size of the log from time to time, until it is over. */
const keepLog = async ({ clock }: GroupWorld, output: ServeOutput, over: AbortSignal): Promise<void> => {
  while (await pause(clock, TRIM_MS, over)) await output.trim();
};

/** Our own child: its end is told by the system. What it leaves of its group is killed before the end is told. */
export const watchChild = (world: GroupWorld, child: Child, output: ServeOutput, onEnd: () => void): RunningServe => {
  const over = new AbortController();
  const exited = child.exited.then(async (exit): Promise<ServeExit> => {
    over.abort();
    const left = (await world.commands.groupLives(child.pid)) && !(await endGroup(world, child.pid, 0));
    // What cannot be ended is not forgotten: it holds the GPU, and the next stop says so.
    if (!left) onEnd();
    return { code: exit.code, detail: `${exitDetail(exit)}${left ? STUCK : ''}` };
  });
  void keepLog(world, output, over.signal);
  return { id: String(child.pid), exited, tail: output.tail, letGo: () => over.abort() };
};

/** One that was started by an earlier run of ours, whose end nobody tells us: it is looked at. */
export const watchStranded = (
  world: GroupWorld,
  note: ProcessNote,
  output: ServeOutput,
  onEnd: () => void,
): RunningServe => {
  const over = new AbortController();
  const { promise: exited, resolve } = Promise.withResolvers<ServeExit>();
  const watch = async (): Promise<void> => {
    while (await pause(world.clock, WATCH_MS, over.signal)) {
      const state = await groupState(world, note);
      if (state === 'running') continue;
      const left = state === 'leftovers' && !(await endGroup(world, note.pid, 0));
      if (over.signal.aborted) return;
      over.abort();
      if (!left) onEnd();
      resolve({ code: undefined, detail: `is gone; its exit code went to its first starter${left ? STUCK : ''}` });
    }
  };
  void watch();
  void keepLog(world, output, over.signal);
  return { id: String(note.pid), exited, tail: output.tail, letGo: () => over.abort() };
};
