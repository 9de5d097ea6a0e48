/** How is a model server run as a plain program of this machine: started, recognised after our own death, and ended? */

import { kindOfName } from '#core/redact';
import type { ProcessLaunch, ServeSpec } from '#core/serve-spec';
import { messageOf } from '#core/thrown';
import { type Handed, handedTo } from '#drivers/docker-spec';
import { type Driver, DriverError, type Found, type RunningServe } from '#drivers/driver';
import { cudaEnvironment, type ResolvedGpus } from '#drivers/gpus';
import { isPortTaken, portTaken } from '#drivers/port';
import { endGroup, type GroupWorld, groupState } from '#drivers/process-group';
import { fileOutput, logFileName, openOutput, type ServeOutput } from '#drivers/process-log';
import {
  changedParts,
  dropNote,
  identityParts,
  keepNote,
  noteOfPort,
  type ProcessNote,
  type ProcessNotes,
  readNote,
  startedNames,
} from '#drivers/process-notes';
import { watchChild, watchStranded } from '#drivers/process-watch';
import { type Child, type ChildEnvironment, CommandMissing } from '#platform/commands';
import type { Effects } from '#platform/effects';
import { tellOnce } from '#platform/tell-once';

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

/** Grace for a process that no entry declares any more, in milliseconds. */
const ORPHAN_STOP_MS = 10_000;

export interface ProcessDriver extends Driver {
  /**
   * Ends the processes that were started under names that no entry declares any more.
   * @param keep names of serves
   * @returns names of those ended
   * @throws DriverError for one that cannot be ended
   */
  sweep(keep: readonly string[]): Promise<readonly string[]>;
}

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

const forget = ({ notes }: ProcessWorld, { name, port }: Pick<ServeSpec, 'name' | 'port'>, pid: number): void =>
  dropNote(notes, name, port, pid);

type PortHolder = 'nobody' | 'ours' | 'stranger';

/** Models that are never loaded together may share a port, so another serve of ours is no stranger. */
const portHolder = async (world: ProcessWorld, port: number): Promise<PortHolder> => {
  if (!(await isPortTaken(world.reach, port))) return 'nobody';
  const note = noteOfPort(world.notes, port);
  return note !== undefined && (await groupState(world, note)) !== 'gone' ? 'ours' : 'stranger';
};

const driftOf = (world: ProcessWorld, serve: ProcessServe, note: ProcessNote): readonly string[] => {
  try {
    return changedParts(note.identity, identityParts(serve, handedTo(serve, world.env), world.sha256));
  } catch (error) {
    // A variable that is not set here: whether the server has the right one cannot be told, but it is ours and runs.
    if (error instanceof DriverError && error.fault === 'missing') return [error.message];
    throw error;
  }
};

const find = async (world: ProcessWorld, spec: ServeSpec): Promise<Found> => {
  const serve = processServe(spec);
  const note = readNote(world.notes.get(serve.name));
  const state = note === undefined ? 'gone' : await groupState(world, note);
  if (note !== undefined && state !== 'gone') {
    const running = state === 'running';
    return {
      kind: 'ours',
      id: String(note.pid),
      running,
      status: running ? 'running' : 'exited',
      drift: driftOf(world, serve, note),
    };
  }
  if (note !== undefined) forget(world, serve, note.pid);
  return (await portHolder(world, serve.port)) === 'stranger'
    ? { kind: 'stranger', what: portTaken(serve.port) }
    : { kind: 'absent' };
};

const stop = async (world: ProcessWorld, spec: Pick<ServeSpec, 'name' | 'port' | 'stopMs'>): Promise<void> => {
  const note = readNote(world.notes.get(spec.name));
  if (note === undefined) return;
  if ((await groupState(world, note)) !== 'gone' && !(await endGroup(world, note.pid, spec.stopMs))) {
    throw new DriverError(
      'failed',
      `serve ${spec.name}: process group ${note.pid} still runs after SIGKILL, so its GPU memory is still taken; ` +
        `it hangs in the system: look at it with "ps -eo pid,pgid,stat,wchan | grep ${note.pid}"`,
    );
  }
  forget(world, spec, note.pid);
};

/** Ends what is left of an earlier run. @throws DriverError when something runs, ours or not */
const makeWay = async (world: ProcessWorld, serve: ProcessServe): Promise<void> => {
  const before = await find(world, serve);
  if (before.kind === 'ours' && before.running) {
    throw new DriverError('failed', `serve ${serve.name}: it runs already as process ${before.id}; stop it first`);
  }
  if (before.kind === 'ours') await stop(world, serve);
  if (before.kind === 'stranger') {
    const remedy = 'end that program, or give the serve another port';
    throw new DriverError('stranger', `serve ${serve.name}: ${before.what}; ${remedy}`);
  }
  if ((await portHolder(world, serve.port)) === 'nobody') return;
  const what = `port ${serve.port} is still held by another serve of ours`;
  throw new DriverError('failed', `serve ${serve.name}: ${what}; stop that one first, or give them different ports`);
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
    const message = messageOf(error);
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
    keepNote(world.notes, name, serve.port, logPath === undefined ? note : { ...note, logPath });
  }
  return watchChild(world, child, output, () => forget(world, serve, child.pid));
};

const adopt = async (world: ProcessWorld, spec: ServeSpec): Promise<RunningServe> => {
  const serve = processServe(spec);
  const note = readNote(world.notes.get(serve.name));
  if (note === undefined || (await groupState(world, note)) !== 'running') {
    throw new DriverError('failed', `serve ${serve.name}: its process is gone, so it cannot be taken over; load it`);
  }
  const secrets = Object.values(handedTo(serve, world.env));
  const output = fileOutput(note.logPath ?? '', note.logFrom, secrets);
  return watchStranded(world, note, output, () => forget(world, serve, note.pid));
};

/** Ends what was started under names that nobody declares any more. @throws DriverError for what cannot be ended */
const sweep = async (world: ProcessWorld, keep: readonly string[]): Promise<readonly string[]> => {
  const ended: string[] = [];
  for (const name of startedNames(world.notes)) {
    const note = keep.includes(name) ? undefined : readNote(world.notes.get(name));
    if (note === undefined) continue;
    const wasThere = (await groupState(world, note)) !== 'gone';
    await stop(world, { name, port: note.port ?? 0, stopMs: ORPHAN_STOP_MS });
    if (wasThere) ended.push(name);
  }
  return ended;
};

/**
 * What was noted counts as noted while we run, even where it could not be kept: a process that runs must not be forgotten
 * for want of disk.
 */
const keptNotes = ({ notes, onWarning }: ProcessWorld): ProcessNotes => {
  const texts = new Map<string, string | undefined>();
  return {
    get: (name) => (texts.has(name) ? texts.get(name) : notes.get(name)),
    set(name, text) {
      texts.set(name, text);
      try {
        notes.set(name, text);
      } catch (error) {
        const reason = messageOf(error);
        onWarning(`${name}: its process cannot be noted (${reason}): it will not be known again after a restart`);
      }
    },
  };
};

/**
 * Serves as programs in process groups of their own. They outlive us, whichever way we end; their notes say which they
 * were, and their output lies in files.
 */
export const createProcessDriver = (world: ProcessWorld): ProcessDriver => {
  const telling: ProcessWorld = { ...world, onWarning: tellOnce(world.onWarning) };
  const own: ProcessWorld = { ...telling, notes: keptNotes(telling) };
  return {
    find: (spec) => find(own, spec),
    start: (spec, signal) => start(own, spec, signal),
    adopt: (spec) => adopt(own, spec),
    stop: (spec) => stop(own, spec),
    sweep: (keep) => sweep(own, keep),
  };
};
