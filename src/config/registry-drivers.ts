/** Which keys of a model mean anything with its driver and engine, and which does it need? */
import type { KeyPath, Report } from '#config/problem';
import type { ModelRow } from '#config/registry-schema';
import type { Engine, Engines } from '#core/engine';
import type { DriverName, EngineName } from '#core/serve-spec';

/** A model's driver and engine, said or implied. */
export interface Kind {
  readonly driver: DriverName;
  readonly engine: EngineName;
}

export const kindOf = (
  row: Pick<ModelRow, 'driver' | 'engine' | 'command' | 'compose_file' | 'compose_service'>,
): Kind => {
  const driver = row.driver ?? impliedDriver(row);
  const isOwnWords = driver === 'compose' || row.command !== undefined;
  return { driver, engine: row.engine ?? (isOwnWords ? 'custom' : 'sglang') };
};

const impliedDriver = (row: Pick<ModelRow, 'command' | 'compose_file' | 'compose_service'>): DriverName => {
  if (row.compose_service !== undefined || row.compose_file !== undefined) return 'compose';
  return row.command === undefined ? 'docker' : 'process';
};

type Key = keyof ModelRow;

/** Keys that only some drivers know; the others are for all of them. */
const DRIVERS_OF: Readonly<Partial<Record<Key, readonly DriverName[]>>> = {
  image: ['docker'],
  entrypoint: ['docker'],
  container_port: ['docker'],
  volume: ['docker'],
  host_path: ['docker'],
  cache_volume: ['docker'],
  shm_size: ['docker'],
  ipc: ['docker'],
  container: ['docker', 'compose'],
  compose_file: ['compose'],
  compose_service: ['compose'],
  compose_project: ['compose'],
  command: ['process'],
  cwd: ['process'],
  args: ['docker', 'process'],
};

/** Keys that say how an engine is launched, and what of a wish they become. */
const WISHES: readonly (readonly [key: Key, wish: Engine['ignores'][number]])[] = [
  ['context_tokens', 'contextTokens'],
  ['gpu_memory_share', 'gpuMemoryShare'],
  ['reasoning_parser', 'parsers'],
  ['tool_parser', 'parsers'],
  ['thinking', 'thinking'],
  ['mmap', 'weights'],
];

/** Reports keys that contradict the driver or that it lacks. */
export const checkDriver = (row: ModelRow, path: KeyPath, report: Report): void => {
  const { driver, engine } = kindOf(row);
  for (const [key, drivers] of Object.entries(DRIVERS_OF)) {
    if (row[key as Key] === undefined || drivers.includes(driver)) continue;
    const message = `is for driver ${drivers.join(' or ')}, and this model has ${driver}`;
    report({ path: [...path, key], message, remedy: `remove it, or write driver = "${drivers[0]}"` });
  }
  const lacks = (keys: readonly Key[], remedy: string): void => {
    const missing = keys.filter((key) => row[key] === undefined);
    if (missing.length === 0) return;
    const noun = missing.length === 1 ? 'required key is missing' : 'required keys are missing';
    report({ path, message: `${noun}: ${missing.join(', ')}`, remedy });
  };
  if (driver === 'compose') {
    lacks(['compose_file', 'compose_service'], 'name the compose file and its service');
  } else if (driver === 'process' && row.command === undefined) {
    if (row.engine === undefined || engine === 'custom') {
      lacks(['command'], 'add command = ["llama-server", "--port", "{port}", …], or the engine and model_path');
    } else lacks(['model_path'], 'add model_path: what the engine is to load');
  } else if (driver === 'docker' && engine === 'custom') {
    lacks(['image'], 'add image: the server that is to run');
  } else if (driver === 'docker') lacks(['model_path'], 'add model_path: what the engine is to load');
  const { model_path: model, volume } = row;
  if (driver === 'docker' && isOnRoot(row, engine)) {
    const message = "would be mounted on the container's root folder, which Docker refuses";
    report({ path: [...path, 'model_path'], message, remedy: 'put it into a folder of its own, as in /models/qwen3' });
  }
  if (driver === 'docker' && volume !== undefined && model !== undefined && !model.startsWith('/')) {
    const remedy = 'write model_path as it is inside the container, such as /models/qwen3';
    report({
      path: [...path, 'model_path'],
      message: 'must be an absolute path for a volume to be mounted there',
      remedy,
    });
  }
};

/** A volume is mounted on the folder of the model, a folder of this machine on the model itself: never on the root. */
const isOnRoot = ({ model_path: model, volume, host_path: source }: ModelRow, engine: EngineName): boolean => {
  if (model === undefined) return false;
  if (volume !== undefined) return /^\/+[^/]*\/*$/.test(model);
  return /^\/+$/.test(model) && source !== '' && (source !== undefined || engine !== 'custom');
};

/** Keys without effect: the engine has no word for them, or we do not launch it. */
export const idleKeys = (row: ModelRow, engines: Engines): readonly { readonly key: Key; readonly why: string }[] => {
  const { driver, engine } = kindOf(row);
  const isOurs = driver !== 'compose' && row.command === undefined;
  const found = WISHES.filter(
    ([key, wish]) => row[key] !== undefined && (!isOurs || engines[engine].ignores.includes(wish)),
  );
  const why = isOurs
    ? `${engine} has no such setting`
    : `the server is launched by ${driver === 'compose' ? 'its compose file' : 'its command'}`;
  const idle = found.map(([key]) => ({ key, why }));
  if (row.volume !== undefined && row.host_path !== undefined && row.host_path !== '') {
    idle.push({ key: 'host_path', why: 'volume is mounted instead' });
  }
  if (row.ipc === 'host' && row.shm_size !== undefined) {
    idle.push({ key: 'shm_size', why: "the container uses the host's shared memory" });
  }
  return idle;
};
