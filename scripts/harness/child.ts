/** How does a child process run to its end: in a group of its own, within a time, with its output bounded and kept? */

/** Kept of each of the two outputs; the rest is dropped. */
const OUTPUT_BYTES_MAX = 2 * 1024 * 1024;
/** For the outputs to end once the group has been killed. */
const DRAIN_MS_MAX = 2_000;

export interface ChildOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** A shorter limit that begins with an event. */
  readonly after?: { readonly event: Promise<void>; readonly limitMs: number };
}

export interface ChildEnd {
  /** Exit code; undefined when the process was killed. */
  readonly exit: number | undefined;
  readonly timedOut: boolean;
  readonly ms: number;
  readonly out: string;
  readonly err: string;
}

const groups = new Set<number>();

/** Keeps a process that leads a group in mind, so that it ends with this one. */
export const watchGroup = (child: Bun.Subprocess): void => {
  groups.add(child.pid);
  void child.exited.then(() => groups.delete(child.pid));
};

/** Ends every process of a group; one that has gone already is no error. */
export const killGroup = (leader: number): void => {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/** Ends what still runs; for the end of this process. */
export const killAllGroups = (): void => {
  for (const leader of groups) killGroup(leader);
};

/** Collects an output until it ends; `text` gives what came so far. */
const collect = (stream: ReadableStream<Uint8Array>): { readonly done: Promise<void>; readonly text: () => string } => {
  const decoder = new TextDecoder();
  let text = '';
  const read = async (): Promise<void> => {
    for await (const chunk of stream) {
      if (text.length < OUTPUT_BYTES_MAX) text += decoder.decode(chunk, { stream: true });
    }
  };
  return { done: read().catch(() => undefined), text: () => text };
};

const later = (ms: number): { readonly reached: Promise<true>; readonly stop: () => void } => {
  const { promise, resolve } = Promise.withResolvers<true>();
  const timer = setTimeout(() => resolve(true), ms);
  return { reached: promise, stop: () => clearTimeout(timer) };
};

/** Runs a command. Its whole group is killed at the first limit, and also after its end: nothing that it started stays. */
export const runChild = async ({ command, cwd, env, limitMs, after }: ChildOptions): Promise<ChildEnd> => {
  const startedAt = performance.now();
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
  });
  groups.add(child.pid);
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const limit = later(limitMs);
  const watch = Promise.withResolvers<true>();
  let watching: ReturnType<typeof later> | undefined;
  let over = false;
  void after?.event.then(() => {
    if (over) return;
    watching = later(after.limitMs);
    void watching.reached.then(watch.resolve);
  });
  const timedOut = (await Promise.race([child.exited.then(() => false), limit.reached, watch.promise])) === true;
  over = true;
  limit.stop();
  watching?.stop();
  const ms = performance.now() - startedAt;
  killGroup(child.pid);
  groups.delete(child.pid);
  // A process that left the group may still hold the pipes.
  const drain = later(DRAIN_MS_MAX);
  await Promise.race([Promise.all([out.done, err.done]), drain.reached]);
  drain.stop();
  return { exit: timedOut ? undefined : (child.exitCode ?? undefined), timedOut, ms, out: out.text(), err: err.text() };
};
