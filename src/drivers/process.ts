/** How is a model server run as a plain program of this machine: started, recognised after our own death, and ended? */
import { kindOfName } from '#core/redact';
import type { ProcessLaunch, ServeSpec } from '#core/serve-spec';
import { type Handed, handedTo } from '#drivers/docker-spec';
import { type Driver, DriverError, type Found, type RunningServe, type ServeExit } from '#drivers/driver';
import { cudaEnvironment, type ResolvedGpus } from '#drivers/gpus';
import { isPortTaken, portTaken } from '#drivers/port';
import { endGroup, type GroupWorld, groupState } from '#drivers/process-group';
import { fileOutput, logFileName, openOutput, type ServeOutput } from '#drivers/process-log';
import {
  changedParts,
  identityParts,
  type ProcessNote,
  type ProcessNotes,
  readNote,
  writeNote,
} from '#drivers/process-notes';
import { pause } from '#drivers/readiness-probe';
import { type Child, type ChildEnvironment, type ChildExit, CommandMissing } from '#platform/commands';
import type { Effects } from '#platform/effects';

export interface ProcessWorld extends GroupWorld, Pick<Effects, 'env' | 'reach' | 'sha256'> {
  readonly notes: ProcessNotes;
  /** Absolute; made when it is missing. */
  readonly logFolder: string;
  readonly gpus: (declared: readonly string[], signal: AbortSignal) => Promise<ResolvedGpus>;
  /** For the operator. Each message once. Must not throw. */
  readonly onWarning: (message: string) => void;
  /** Names of the variables of our own environment: of these a child inherits all that name no secret. */
  readonly variables: readonly string[];
}

/** Between two looks at a process that is not our child. */
const WATCH_MS = 1_000;
/** Behind the words for an end. */
const STUCK = '; processes that it started hang in the system and cannot be ended';
/** Between two looks at the size of a log. */
const TRIM_MS = 60_000;

/** Warnings remembered, so that each is told once. */
const WARNINGS_MAX = 200;

interface ProcessServe extends ServeSpec {
  readonly launch: ProcessLaunch;
}

/** @throws Error for a spec of another driver: the caller has mixed up its drivers */
const processServe = (spec: ServeSpec): ProcessServe => {
  const { launch } = spec;
  if (launch.driver !== 'process')
    throw new Error(`serve ${spec.name}: the process driver was given a ${launch.driver} serve`);
  return { ...spec, launch };
};

/** Names like `OPENAI_API_KEY`, `HF_TOKEN` or `FAST_KEY`. */
const namesSecret = (name: string): boolean => kindOfName(name) === 'secret' || /(?:^|_)KEY(?:_|$)/i.test(name);

/** What the child gets: keys of ours that its entry does not hand on are none of its business. */
const environmentFor = (
  serve: ProcessServe,
  variables: readonly string[],
  gpuIds: readonly string[],
  handed: Handed,
): ChildEnvironment => ({
  ...Object.fromEntries(variables.filter(namesSecret).map((name) => [name, undefined])),
  ...cudaEnvironment(gpuIds),
  ...serve.env,
  ...handed,
});

const exitDetail = ({ code, endedBy }: ChildExit): string => {
  if (endedBy === 'SIGKILL') return 'was killed (SIGKILL): by somebody, or by the system when memory ran out';
  return endedBy === undefined ? `exited with ${code ?? 'an unknown code'}` : `was ended by ${endedBy}`;
};

/** Looks at the size of the log from time to time, until it is over. */
const keepLog = async ({ clock }: ProcessWorld, output: ServeOutput, over: AbortSignal): Promise<void> => {
  while (await pause(clock, TRIM_MS, over)) output.trim();
};

/** Our own child: its end is told by the system. What it leaves of its group is killed before the end is told. */
const watchChild = (world: ProcessWorld, child: Child, output: ServeOutput, onEnd: () => void): RunningServe => {
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
const watchStranded = (
  world: ProcessWorld,
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

/** Forgets a process, unless the note is of a later one by now. */
const forget = ({ notes }: ProcessWorld, name: string, pid: number): void => {
  if (readNote(notes.get(name))?.pid === pid) notes.set(name, undefined);
};

const find = async (world: ProcessWorld, spec: ServeSpec): Promise<Found> => {
  const serve = processServe(spec);
  const note = readNote(world.notes.get(serve.name));
  const state = note === undefined ? 'gone' : await groupState(world, note);
  if (note !== undefined && state !== 'gone') {
    const declared = identityParts(serve, handedTo(serve, world.env), world.sha256);
    const running = state === 'running';
    return {
      kind: 'ours',
      id: String(note.pid),
      running,
      status: running ? 'running' : 'exited',
      drift: changedParts(note.identity, declared),
    };
  }
  if (note !== undefined) forget(world, serve.name, note.pid);
  return (await isPortTaken(world.reach, serve.port))
    ? { kind: 'stranger', what: portTaken(serve.port) }
    : { kind: 'absent' };
};

const stop = async (world: ProcessWorld, spec: ServeSpec): Promise<void> => {
  const note = readNote(world.notes.get(spec.name));
  if (note === undefined) return;
  if ((await groupState(world, note)) !== 'gone' && !(await endGroup(world, note.pid, spec.stopMs))) {
    throw new DriverError(
      'failed',
      `serve ${spec.name}: process group ${note.pid} still runs after SIGKILL, so its GPU memory is still taken; ` +
        `it hangs in the system: look at it with "ps -eo pid,pgid,stat,wchan | grep ${note.pid}"`,
    );
  }
  forget(world, spec.name, note.pid);
};

/** Ends what is left of an earlier run. @throws DriverError when something runs, ours or not */
const makeWay = async (world: ProcessWorld, serve: ProcessServe): Promise<void> => {
  const before = await find(world, serve);
  if (before.kind === 'ours' && before.running) {
    throw new DriverError('failed', `serve ${serve.name}: it runs already as process ${before.id}; stop it first`);
  }
  if (before.kind === 'ours') await stop(world, serve);
  if (before.kind !== 'stranger') return;
  const remedy = 'end that program, or give the serve another port';
  throw new DriverError('stranger', `serve ${serve.name}: ${before.what}; ${remedy}`);
};

/** @throws DriverError `missing` for the program, `failed` for its folder */
const launch = ({ commands }: ProcessWorld, serve: ProcessServe, env: ChildEnvironment, output: ServeOutput): Child => {
  const { argv, cwd } = serve.launch;
  try {
    return commands.start(argv, {
      env,
      ...(cwd === undefined ? {} : { cwd }),
      ...(output.logPath === undefined ? { onLine: output.push } : { logPath: output.logPath }),
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DriverError(error instanceof CommandMissing ? 'missing' : 'failed', `serve ${serve.name}: ${message}`);
  }
};

const start = async (world: ProcessWorld, spec: ServeSpec, signal: AbortSignal): Promise<RunningServe> => {
  const serve = processServe(spec);
  const { name } = serve;
  const { commands, clock, onWarning, sha256 } = world;
  await makeWay(world, serve);
  const handed = handedTo(serve, world.env);
  const { ids, warnings } = await world.gpus(serve.gpus, signal);
  for (const warning of warnings) onWarning(`serve ${name}: ${warning}`);
  if (signal.aborted) throw new DriverError('failed', `serve ${name}: its start was given up`);
  const output = openOutput({
    serve: name,
    logPath: `${world.logFolder}/${logFileName(name, sha256)}`,
    firstLine: `--- ${name} starts at ${new Date(clock.wall()).toISOString()}`,
    secrets: Object.values(handed),
    onWarning,
  });
  const child = launch(world, serve, environmentFor(serve, world.variables, ids, handed), output);
  const startedAt = await commands.startedAt(child.pid);
  // Ended already: there is nothing to be recognised later.
  if (startedAt !== undefined) {
    const identity = identityParts(serve, handed, sha256);
    const note = { pid: child.pid, startedAt, identity, logFrom: output.from };
    const { logPath } = output;
    world.notes.set(name, writeNote(logPath === undefined ? note : { ...note, logPath }));
  }
  return watchChild(world, child, output, () => forget(world, name, child.pid));
};

const adopt = async (world: ProcessWorld, spec: ServeSpec): Promise<RunningServe> => {
  const serve = processServe(spec);
  const note = readNote(world.notes.get(serve.name));
  if (note === undefined || (await groupState(world, note)) !== 'running') {
    throw new DriverError('failed', `serve ${serve.name}: its process is gone, so it cannot be taken over; load it`);
  }
  const secrets = Object.values(handedTo(serve, world.env));
  const output = fileOutput(note.logPath ?? '', note.logFrom, secrets);
  return watchStranded(world, note, output, () => forget(world, serve.name, note.pid));
};

/**
 * Serves as programs in process groups of their own. They outlive us, whichever way we end; their notes say which they
 * were, and their output lies in files.
 */
export const createProcessDriver = (world: ProcessWorld): Driver => {
  const told = new Set<string>();
  const once = (message: string): void => {
    if (told.has(message)) return;
    if (told.size >= WARNINGS_MAX) told.clear();
    told.add(message);
    world.onWarning(message);
  };
  const own: ProcessWorld = { ...world, onWarning: once };
  return {
    find: (spec) => find(own, spec),
    start: (spec, signal) => start(own, spec, signal),
    adopt: (spec) => adopt(own, spec),
    stop: (spec) => stop(own, spec),
  };
};
