/** How is a serve brought up: the step that its state asks for, performed or only told? */

import { isAbsolutePath } from '#config/paths';
import type { DeclaredServe, ServesManifest, Words } from '#config/serves';
import { inOneLine } from '#core/plain-words';
import { messageOf } from '#core/thrown';
import type { RunningServe } from '#drivers/driver';
import { driftOf } from '#ops/serves/drift';
import { notTried, type Outcome, outcome } from '#ops/serves/outcome';
import { portHolder } from '#ops/serves/ports';
import { type ServeState, specOf, stateOf } from '#ops/serves/state';
import { commandLine, planUp, stepInWords, type UpStep } from '#ops/serves/up-plan';
import type { ServesWorld } from '#ops/serves/world';

export interface UpOptions {
  readonly recreate: boolean;
  readonly dryRun: boolean;
}

/** Bringing one up may pull an image of many gigabytes first. Milliseconds. */
const UP_MS = 3_600_000;
/** An interrupted one may put things in order first, as docker compose does. Milliseconds. */
const GRACE_MS = 10_000;
/** Shown of what a failing command printed. */
const LINES_SHOWN = 20;
/** Shown of a command that succeeded. */
const COMMAND_CHARS_SHOWN = 60;
/** Shown of the log of a container that does not come up. */
const LOG_LINES_SHOWN = 10;

/** What went well needs no more than its beginning. */
const shown = (words: Words | undefined): string => inOneLine(commandLine(words), COMMAND_CHARS_SHOWN);

/** One after the other, as they are declared: a later one may need the network or the volume of an earlier one. */
export const bringUp = async (
  serves: readonly DeclaredServe[],
  manifest: ServesManifest,
  options: UpOptions,
  world: ServesWorld,
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const serve of serves) {
    const { outcome: done, running } = await bringUpOne(serve, manifest, options, world);
    running?.letGo();
    outcomes.push(done);
  }
  return outcomes;
};

/** What became of it, and, of a process that was started just now, the process: only its starter learns its exit code. */
export interface Came {
  readonly outcome: Outcome;
  readonly running?: RunningServe;
}

/** Never rejects: a serve that fails does not keep the next one from being tried. */
export const bringUpOne = async (
  serve: DeclaredServe,
  manifest: ServesManifest,
  options: UpOptions,
  world: ServesWorld,
): Promise<Came> => {
  if (world.signal.aborted) return { outcome: notTried(serve) };
  const state = await stateOf(serve, world);
  const step = planUp(serve, state.status, options.recreate);
  try {
    if (step.do === 'refuse') return { outcome: await refusal(serve, state, step, world) };
    const hindrance = await hindranceTo(serve, state, step, manifest, world);
    if (hindrance !== undefined) return { outcome: outcome(serve, 'refused', hindrance) };
    if (options.dryRun) return { outcome: outcome(serve, 'planned', stepInWords(serve, step)) };
    if (step.do === 'run' && serve.container === undefined) {
      return await startProcess(serve, state, step.removeFirst, world);
    }
    return { outcome: await perform(serve, state, step, world) };
  } catch (error) {
    return { outcome: outcome(serve, 'failed', messageOf(error)) };
  }
};

/** Before anything is touched: what would make the step fail, in words. */
const hindranceTo = async (
  serve: DeclaredServe,
  { status }: ServeState,
  step: UpStep,
  manifest: ServesManifest,
  world: ServesWorld,
): Promise<string | undefined> => {
  if (step.do === 'run') {
    const missing = serve.envFrom.filter((name) => world.effects.env(name) === undefined);
    if (missing.length > 0) return `${missing.join(' and ')} must be set in the environment: env_from names it`;
    const program = step.removeFirst ? missingProgram(serve, world) : undefined;
    if (program !== undefined)
      return `there is no program ${program}, so nothing is removed: install it, or correct up`;
  }
  const comesUp = step.do === 'start' || step.do === 'run';
  // One that runs holds its port itself.
  if (!comesUp || !(status === 'absent' || status === 'exited' || status === 'created')) return undefined;
  const holder = await portHolder(serve, manifest, world);
  return holder === undefined ? undefined : `port ${serve.port} is taken by ${holder} — stop that, or change the port`;
};

/** The program of `up` where it is certain not to be there; a relative path may depend on the folder it is run in. */
const missingProgram = ({ up }: DeclaredServe, { commands }: ServesWorld): string | undefined => {
  const program = up?.[0] ?? '';
  const isRelative = program.includes('/') && !isAbsolutePath(program);
  return isRelative || commands.which(program) !== undefined ? undefined : program;
};

const refusal = async (
  serve: DeclaredServe,
  state: ServeState,
  step: UpStep & { readonly do: 'refuse' },
  world: ServesWorld,
): Promise<Outcome> => {
  const detail = state.detail === undefined ? '' : ` (${state.detail})`;
  const { container } = state;
  const exit = container === undefined ? '' : `, last exit code ${container.exitCode}`;
  const lines = container === undefined ? [] : await lastLines(container.id, world);
  return outcome(serve, 'refused', `${step.why}${exit}${detail} — ${step.remedy}`, { lines });
};

const perform = async (
  serve: DeclaredServe,
  state: ServeState,
  step: Exclude<UpStep, { readonly do: 'refuse' }>,
  world: ServesWorld,
): Promise<Outcome> => {
  const name = serve.container ?? '';
  if (step.do === 'run') return runUp(serve, name, step.removeFirst, world);
  const warnings = await driftWarnings(serve, state, world);
  if (step.do === 'nothing') return outcome(serve, 'running', 'already running', { warnings });
  const docker = await world.docker();
  if (step.do === 'start') {
    await docker.start(name, world.signal);
    return outcome(serve, 'started', `started container ${name} as it was made`, { warnings });
  }
  await docker.unpause(name, world.signal);
  return outcome(serve, 'unpaused', `unpaused container ${name}`, { warnings });
};

const runUp = async (
  serve: DeclaredServe,
  container: string,
  removeFirst: boolean,
  world: ServesWorld,
): Promise<Outcome> => {
  const { up, cwd } = serve;
  if (up === undefined) return outcome(serve, 'failed', 'nothing is declared that makes it');
  if (!removeFirst) return runWords(serve, up, cwd, world);
  await (await world.docker()).remove(container, world.signal);
  const ran = await runWords(serve, up, cwd, world);
  const message = `removed its container, then ${ran.message}`;
  return { ...ran, did: ran.did === 'started' ? 'recreated' : ran.did, message };
};

/** Runs what brings one up, to its end; what it prints is shown when it fails only. @throws CommandMissing */
export const runWords = async (
  named: Pick<DeclaredServe, 'name'>,
  words: Words,
  cwd: string | undefined,
  { commands, signal, tell }: Pick<ServesWorld, 'commands' | 'signal' | 'tell'>,
): Promise<Outcome> => {
  tell(`${named.name}: ${commandLine(words)}`);
  const result = await commands.run(words, {
    timeoutMs: UP_MS,
    graceMs: GRACE_MS,
    signal,
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (result.code === 0) return outcome(named, 'started', `ran ${shown(words)}`);
  const how = signal.aborted
    ? 'was interrupted'
    : result.timedOut
      ? `did not end within ${UP_MS / 60_000} minutes`
      : `ended with ${result.endedBy ?? `exit code ${result.code}`}`;
  const lines = `${result.out}\n${result.err}`.split('\n').filter((line) => line.trim() !== '');
  return outcome(named, 'failed', `${commandLine(words)} ${how}`, { lines: lines.slice(-LINES_SHOWN) });
};

const startProcess = async (
  serve: DeclaredServe,
  { status }: ServeState,
  removeFirst: boolean,
  world: ServesWorld,
): Promise<Came> => {
  const { processes } = world;
  const spec = specOf(serve);
  if (removeFirst && status === 'running') await processes.stop(spec);
  const running = await processes.start(spec, world.signal);
  const message = `started ${shown(serve.up)} as process ${running.id}`;
  return { outcome: outcome(serve, removeFirst ? 'recreated' : 'started', message), running };
};

const driftWarnings = async (
  serve: DeclaredServe,
  { container, drift }: ServeState,
  world: ServesWorld,
): Promise<readonly string[]> => {
  const found = container === undefined ? (drift ?? []) : (await driftOf(serve, container, world)).found;
  return found.map((what) => `${what} — \`serves up --recreate ${serve.name}\` makes it as declared`);
};

/** What a container said last; nothing where that cannot be read. */
const lastLines = async (container: string, world: ServesWorld): Promise<readonly string[]> => {
  const lines: string[] = [];
  try {
    const docker = await world.docker();
    for await (const { text } of docker.logs(container, { tail: LOG_LINES_SHOWN, follow: false }, world.signal)) {
      lines.push(text);
    }
  } catch {
    // It is only for people; the refusal itself stands.
  }
  return lines.slice(-LOG_LINES_SHOWN);
};
