/** How is the server of one model launched: which words, image and mounts, by the engine's builder or as written? */
import { expandHome, pathFrom } from '#config/paths';
import { kindOf } from '#config/registry-drivers';
import { gpusOf } from '#config/registry-rules';
import type { ModelRow, RegistryFile } from '#config/registry-schema';
import type { Engine, Engines, EngineWish, ModelParsers, WeightsReading } from '#core/engine';
import type { ComposeLaunch, DockerLaunch, Mount, ProcessLaunch } from '#core/serve-spec';

export interface LaunchContext {
  /** Folder of the registry; absolute. */
  readonly folder: string;
  readonly env: (name: string) => string | undefined;
  readonly engines: Engines;
  readonly gpus: RegistryFile['gpus'];
}

export interface Launched {
  readonly launch: DockerLaunch | ComposeLaunch | ProcessLaunch;
  /** Variables that the engine needs; those of the row win. */
  readonly env: Readonly<Record<string, string>>;
}

/** A word that keeps the engine from being told about parsers at all. */
const NO_PARSER = 'none';
const BY_NAME = 'auto';

/**
 * Folders of a Windows host, as Linux and Docker see them: mapping weights from there takes the better part of an hour.
 * `/mnt/c/…`, `C:\…`, `\\wsl.localhost\…`.
 */
const SLOW_FOLDER = /^(?:\/mnt\/[a-z]\/|[A-Za-z]:[\\/]|\\\\)/;

/** @param row without complaints of any rule */
export const launchOf = (row: ModelRow, context: LaunchContext): Launched => {
  const { driver, engine: name } = kindOf(row);
  if (driver === 'compose') return { launch: composeOf(row, context), env: {} };
  const engine = context.engines[name];
  return driver === 'docker' ? dockerOf(row, engine, context) : processOf(row, engine, context);
};

const composeOf = (row: ModelRow, { folder, env }: LaunchContext): ComposeLaunch => ({
  driver: 'compose',
  file: pathFrom(folder, expandHome(row.compose_file ?? '', env)),
  service: row.compose_service ?? '',
  ...(row.compose_project === undefined ? {} : { project: row.compose_project }),
});

const dockerOf = (row: ModelRow, engine: Engine, context: LaunchContext): Launched => {
  const containerPort = row.container_port ?? row.port;
  const made = engine.command(wishOf(row, engine, context, { place: 'container', port: containerPort }));
  const entrypoint = row.entrypoint ?? (made.program === undefined ? undefined : [made.program]);
  const ipcHost = row.ipc === undefined ? engine.ipcHost && row.shm_size === undefined : row.ipc === 'host';
  const shmSize = row.shm_size ?? engine.shmSize;
  const launch: DockerLaunch = {
    driver: 'docker',
    image: row.image ?? engine.image ?? '',
    ...(entrypoint === undefined ? {} : { entrypoint }),
    args: made.args,
    containerPort,
    mounts: mountsOf(row, engine, context),
    ...(shmSize === undefined || ipcHost ? {} : { shmSize }),
    ipcHost,
    gpuAccess: row.gpu_access ?? (gpusOf(row, context.gpus).length === 0 ? 'none' : 'nvidia'),
  };
  return { launch, env: made.env };
};

const processOf = (row: ModelRow, engine: Engine, context: LaunchContext): Launched => {
  const { folder, env } = context;
  const cwd = row.cwd === undefined ? folder : pathFrom(folder, expandHome(row.cwd, env));
  const filled = fillWith(row, row.port, context);
  if (row.command !== undefined) {
    const [program = '', ...rest] = [...row.command, ...(row.args ?? [])].map(filled);
    // A program beside the registry is meant from there; a bare name is looked for on PATH.
    const found = /^(?:\.\.?|~)[/\\]/.test(program) ? pathFrom(folder, expandHome(program, env)) : program;
    return { launch: { driver: 'process', argv: [found, ...rest], cwd }, env: {} };
  }
  const made = engine.command(wishOf(row, engine, context, { place: 'machine', port: row.port }));
  return { launch: { driver: 'process', argv: [made.program ?? '', ...made.args], cwd }, env: made.env };
};

/** `{port}`, `{model_path}` and `{name}`; other braces are the server's own, JSON for one. */
const fillWith = (row: ModelRow, port: number, { env }: LaunchContext): ((word: string) => string) => {
  const values: Readonly<Record<string, string>> = {
    port: String(port),
    model_path: expandHome(row.model_path ?? '', env),
    name: row.name,
  };
  return (word) => word.replace(/\{(port|model_path|name)\}/g, (_whole, key: string) => values[key] ?? '');
};

const wishOf = (
  row: ModelRow,
  engine: Engine,
  context: LaunchContext,
  { place, port }: Pick<EngineWish, 'place' | 'port'>,
): EngineWish => ({
  model: place === 'machine' ? expandHome(row.model_path ?? '', context.env) : (row.model_path ?? ''),
  servedName: row.served_name || row.name,
  port,
  place,
  ...(row.context_tokens === undefined ? {} : { contextTokens: row.context_tokens }),
  ...(row.gpu_memory_share === undefined ? {} : { gpuMemoryShare: row.gpu_memory_share }),
  gpuCount: gpusOf(row, context.gpus).length,
  weights: weightsOf(row),
  sleeps: row.sleep_level !== undefined,
  ...(row.thinking === undefined ? {} : { thinking: row.thinking }),
  parsers: parsersOf(row, engine),
  args: (row.args ?? []).map(fillWith(row, port, context)),
});

const weightsOf = (row: ModelRow): WeightsReading => {
  if (row.mmap !== undefined) return row.mmap ? 'mapped' : 'read';
  if (row.volume !== undefined) return 'mapped';
  return SLOW_FOLDER.test(row.host_path || (row.model_path ?? '')) ? 'read' : 'mapped';
};

/** What the engine knows of a model by the name of its folder or repository, else by the model's own. */
export const knownParsers = (row: Pick<ModelRow, 'name' | 'model_path'>, engine: Engine): ModelParsers => {
  const byPath = engine.parsersFor(row.model_path ?? '');
  return Object.keys(byPath).length > 0 ? byPath : engine.parsersFor(row.name);
};

const parsersOf = (row: ModelRow, engine: Engine): ModelParsers => {
  const known = knownParsers(row, engine);
  const chosen = (written: string | undefined, byName: string | undefined): string | undefined => {
    if (written === undefined || written === NO_PARSER) return undefined;
    return written === BY_NAME ? byName : written;
  };
  const reasoning = chosen(row.reasoning_parser, known.reasoning);
  const tools = chosen(row.tool_parser, known.tools);
  return {
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(tools === undefined ? {} : { tools }),
    ...(known.thinkingKey === undefined ? {} : { thinkingKey: known.thinkingKey }),
  };
};

/** v0.9's mounts, except that nothing is writable. */
const mountsOf = (row: ModelRow, engine: Engine, { folder, env }: LaunchContext): readonly Mount[] => {
  const { model_path: model = '', host_path: written, volume, cache_volume: cache } = row;
  const mounts: Mount[] = [];
  if (volume !== undefined) mounts.push({ source: volume, target: parentOf(model), readOnly: true });
  else if (model.startsWith('/') && written !== '' && (written !== undefined || engine.image !== undefined)) {
    const source = pathFrom(folder, expandHome(written ?? model, env));
    mounts.push({ source, target: model, readOnly: true });
  }
  if (cache !== undefined) mounts.push({ source: cache, target: engine.cachePath ?? '/root/.cache', readOnly: false });
  return mounts;
};

/** `/models` for `/models/qwen3`. */
const parentOf = (path: string): string => path.replace(/\/+$/, '').replace(/\/[^/]*$/, '') || '/';
