/** Would a multiplexer with this registry work here? Everything is looked at, and nothing is started, stopped or changed. */

import type { Registry, RegistryModel } from '#core/registry';
import { messageOf } from '#core/thrown';
import { composeIsThere, composeServe } from '#drivers/compose-command';
import { volumesOf } from '#drivers/docker-spec';
import type { Driver, Found } from '#drivers/driver';
import { isPortTaken } from '#drivers/port';
import type { Effects } from '#platform/effects';
import { whyNotWritable } from '#platform/writable';
import { isLoopback } from '#server/listen';
import { type AccessOptions, readTokens } from '#server/multiplexer/access';
import { type AssembleOptions, readRegistryFile } from '#server/multiplexer/assemble';
import { openDrivers, openTools, stateOf, type Tools } from '#server/multiplexer/tools';
import { createMultiplexerState, type MultiplexerState } from '#store/multiplexer-state';

export interface CheckLine {
  /** `registry`, `docker`, or `model NAME`. */
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface SelfCheckOptions extends AccessOptions, Pick<AssembleOptions, 'drainTimeoutSeconds' | 'ramCapGb'> {
  readonly registryPath: string;
  readonly port: number;
  readonly stateFolder?: string | undefined;
}

/** All questions about one part, together. */
const PART_MS = 30_000;

/** A check that throws has found a problem. */
const check = async (what: string, look: () => Promise<string>): Promise<CheckLine> => {
  try {
    return { what, ok: true, detail: await look() };
  } catch (error) {
    return { what, ok: false, detail: messageOf(error) };
  }
};

const foundText = (found: Found): string => {
  switch (found.kind) {
    case 'absent':
      return 'can be started';
    case 'stranger':
      throw new Error(found.what);
    case 'ours':
      if (!found.running) return `${found.status}; will be started afresh`;
      return found.drift.length === 0
        ? 'runs already; will be taken over'
        : `runs already; will be replaced: ${found.drift.join(', ')}`;
    default:
      return found satisfies never;
  }
};

/** What a driver asks for only when it starts something. @throws Error with a remedy */
const checkParts = async (
  { serve }: RegistryModel,
  { commands, engine }: Tools,
  { env, files }: Effects,
  signal: AbortSignal,
): Promise<void> => {
  const missing = serve.envFrom.filter((name) => env(name) === undefined);
  if (missing.length > 0) throw new Error(`env_from names ${missing.join(', ')}, not set in this environment: set it`);
  const { launch } = serve;
  if (launch.driver === 'docker') {
    if ((await engine.imageId(launch.image, signal)) === undefined)
      throw new Error(`image ${launch.image} is not on this machine: docker pull ${launch.image}, or build it`);
    for (const { source, readOnly } of volumesOf(launch))
      if (readOnly && !(await engine.hasVolume(source, signal)))
        throw new Error(`there is no volume ${source}: create and fill it, or correct its name`);
  } else if (launch.driver === 'compose') {
    if (!(await files.exists(launch.file))) throw new Error(`there is no compose file ${launch.file}`);
    await composeIsThere({ commands }, composeServe(serve), signal);
  } else if (commands.which(launch.argv[0]) === undefined)
    throw new Error(`there is no program ${launch.argv[0]} on PATH: install it, or write its whole path`);
};

const checkModel = (model: RegistryModel, tools: Tools, driver: Driver, effects: Effects): Promise<CheckLine> =>
  check(`model ${model.swap.name}`, async () => {
    const signal = AbortSignal.timeout(PART_MS);
    const { launch, port } = model.serve;
    const found = foundText(await driver.find(model.serve, signal));
    await checkParts(model, tools, effects, signal);
    return `${launch.driver}, port ${port}: ${found}`;
  });

const needsEngine = ({ models }: Registry): boolean => models.some(({ serve }) => serve.launch.driver !== 'process');

const checkGpus = ({ models }: Registry, { gpus }: Tools): Promise<CheckLine> =>
  check('gpus', async () => {
    const declared = [...new Set(models.flatMap(({ serve }) => serve.gpus))];
    if (declared.length === 0) return 'none are used';
    const { uuids, warnings } = await gpus(declared, AbortSignal.timeout(PART_MS));
    // A container gets its card from the NVIDIA runtime; any other server is only told which one to take.
    const certain = models.some(({ serve: { launch } }) => launch.driver === 'docker' && launch.gpuAccess === 'nvidia');
    if (uuids === undefined && certain) throw new Error(warnings.join('; '));
    if (uuids === undefined) return `warning: ${warnings.join('; ')}`;
    return declared.map((name, index) => `${name} is ${uuids[index]}`).join(', ');
  });

/** The state as an earlier run left it, so that its processes are known; nothing is made where there is none. */
const openState = async (folder: string, path: string, { files }: Effects): Promise<MultiplexerState> => {
  const state = createMultiplexerState({ path, onProblem: () => undefined });
  if (await files.exists(path)) state.open();
  else {
    const why = await whyNotWritable(folder);
    if (why !== undefined) throw new Error(`cannot be written (${why}): name another folder with --state-dir`);
  }
  return state;
};

const checkAccess = (options: SelfCheckOptions, { env }: Effects): Promise<CheckLine> =>
  check('access', async () => {
    if (readTokens(options, env).length > 0) return `callers send the token of ${options.authEnv}`;
    return isLoopback(options.host) ? 'this machine only, without a token' : 'everybody, without a token';
  });

/** Zero means any free one. */
const checkPort = (port: number, { reach }: Effects): Promise<CheckLine> =>
  check(`port ${port}`, async () => {
    if (port === 0) return 'any free one';
    if (!(await isPortTaken(reach, port))) return 'free';
    throw new Error('something listens there: stop it, or choose another one with --port');
  });

const checkMachine = async (
  registry: Registry,
  options: SelfCheckOptions,
  effects: Effects,
): Promise<readonly CheckLine[]> => {
  const tools = await openTools(effects);
  const belongings = stateOf(registry, effects, options.stateFolder);
  const { folder, file } = belongings;
  const lines: CheckLine[] = [await checkAccess(options, effects), await checkPort(options.port, effects)];
  let state: MultiplexerState | undefined;
  lines.push(
    await check('state', async () => {
      state = await openState(folder, file, effects);
      return file;
    }),
  );
  const notes = state ?? { get: () => undefined, set: () => undefined };
  try {
    if (needsEngine(registry))
      lines.push(
        await check('docker', async () => {
          const version = await tools.engine.version(AbortSignal.timeout(PART_MS));
          return `engine ${version} at ${tools.engine.address}`;
        }),
      );
    lines.push(await checkGpus(registry, tools));
    const readOnly = { get: notes.get, set: () => undefined };
    const { all } = openDrivers(tools, effects, readOnly, belongings, () => undefined);
    for (const model of registry.models)
      lines.push(await checkModel(model, tools, all[model.serve.launch.driver], effects));
  } finally {
    state?.close();
  }
  return lines;
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** One line per part; all `ok` when a multiplexer could be started now. Never rejects. */
export const selfCheck = async (options: SelfCheckOptions, effects: Effects): Promise<readonly CheckLine[]> => {
  const warnings: string[] = [];
  let registry: Registry | undefined;
  const read = await check('registry', async () => {
    const { drainTimeoutSeconds, ramCapGb } = options;
    const given = { drainTimeoutSeconds, ramCapGb };
    const log = { warn: (text: string) => void warnings.push(text) };
    registry = await readRegistryFile(options.registryPath, effects, log, given);
    const { models, gpus } = registry;
    return `${counted(models.length, 'model')} on ${counted(gpus.length, 'GPU')}${warnings.map((text) => `; warning: ${text}`).join('')}`;
  });
  return registry === undefined ? [read] : [read, ...(await checkMachine(registry, options, effects))];
};
