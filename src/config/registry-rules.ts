/** Do the models of a registry go together? Rules that a schema cannot say; all of them are always tried. */
import { isTable } from '#config/check';
import { nearestName } from '#config/nearest';
import type { KeyPath, Report } from '#config/problem';
import { ONLY_GPU } from '#config/registry-defaults';
import { checkDriver, kindOf } from '#config/registry-drivers';
import type { ModelRow, RegistryFile } from '#config/registry-schema';
import type { Engines } from '#core/engine';

/** Values of such variables are secrets, whoever named them. */
const SECRET_NAME = /(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reports what contradicts itself in rows whose shape is sound.
 * @param rows `undefined` for a row with complaints of its own
 */
export const checkRegistry = (
  file: Pick<RegistryFile, 'gpus' | 'multiplexer'>,
  rows: readonly (ModelRow | undefined)[],
  engines: Engines,
  report: Report,
): void => {
  const gpuIds = (file.gpus ?? []).map(({ id }) => id);
  uniqueValues(gpuIds, (index) => ['gpus', index, 'id'], 'a second GPU is called', 'list each GPU once', report);
  rows.forEach((row, index) => {
    if (row === undefined) return;
    const path = ['models', index];
    checkDriver(row, path, report);
    checkEnvironment(row, path, report);
    checkGpus(row, file, path, report);
    checkSleep(row, path, rows, engines, report);
  });
  const names = rows.map((row) => row?.name);
  uniqueValues(
    names,
    (index) => ['models', index, 'name'],
    'a second model is called',
    'give every model its own name',
    report,
  );
  const containers = rows.map((row) => (row === undefined ? undefined : containerOf(row)));
  const remedy = 'give one of the models a container of its own';
  const firstOf = (index: number) => names.indexOf(names[index]) === index;
  // Two models of one name have one container too; saying that as well would not help.
  uniqueValues(
    containers.map((container, index) => (firstOf(index) ? container : undefined)),
    (index) => ['models', index, rows[index]?.container === undefined ? 'name' : 'container'],
    'a second model has the container',
    remedy,
    report,
  );
  const services = rows.map((row) =>
    row?.compose_service === undefined
      ? undefined
      : [row.compose_file, row.compose_project, row.compose_service].join(' '),
  );
  services.forEach((service, index) => {
    if (service === undefined || services.indexOf(service) === index) return;
    const message = `"${names[services.indexOf(service)]}" is the same service: stopping one would stop both`;
    report({ path: ['models', index, 'compose_service'], message, remedy: 'give each model a service of its own' });
  });
  checkPins(file, rows, report);
  const { retry_seconds: retry, retry_max_seconds: longest } = file.multiplexer ?? {};
  if (retry !== undefined && longest !== undefined && retry > longest) {
    report({
      path: ['multiplexer', 'retry_seconds'],
      message: `is longer than retry_max_seconds (${longest})`,
      remedy: 'shorten it',
    });
  }
};

/** Docker allows no other characters. */
const asContainerName = (name: string): string => name.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/-+$/, '');

export const containerOf = (row: Pick<ModelRow, 'name' | 'container'>): string =>
  row.container ?? `anvil-${asContainerName(row.name)}`;

const uniqueValues = (
  values: readonly (string | undefined)[],
  pathOf: (index: number) => KeyPath,
  message: string,
  remedy: string,
  report: Report,
): void => {
  values.forEach((value, index) => {
    if (value === undefined || values.indexOf(value) === index) return;
    report({ path: pathOf(index), message: `${message} "${value}"`, remedy });
  });
};

const checkEnvironment = (row: ModelRow, path: KeyPath, report: Report): void => {
  for (const name of Object.keys(row.env ?? {})) {
    const at = [...path, 'env', name];
    if (!VARIABLE.test(name)) {
      report({ path: at, message: 'is no name of a variable', remedy: 'use letters, digits and _ only' });
    } else if (SECRET_NAME.test(name)) {
      const message = 'a secret has no place in this file';
      report({
        path: at,
        message,
        remedy: `remove it, set ${name} in the environment and write env_from = ["${name}"]`,
      });
    } else if (row.env_from?.includes(name)) {
      report({ path: at, message: 'is in env_from as well', remedy: 'keep one of them' });
    }
  }
};

/** The GPUs that a model takes, as written; none for a server on the CPU. */
export const gpusOf = (row: ModelRow, declared: RegistryFile['gpus']): readonly string[] => {
  const named = row.gpus ?? (row.gpu === undefined ? undefined : [row.gpu]);
  if (named !== undefined) return named;
  const { driver, engine } = kindOf(row);
  if ((row.gpu_access ?? (driver === 'docker' && engine === 'custom' ? 'none' : 'nvidia')) === 'none') return [];
  return [declared?.[0]?.id ?? ONLY_GPU];
};

const checkGpus = (row: ModelRow, { gpus }: Pick<RegistryFile, 'gpus'>, path: KeyPath, report: Report): void => {
  const declared = gpus ?? [];
  const key = row.gpus === undefined ? 'gpu' : 'gpus';
  if (row.gpu !== undefined && row.gpus !== undefined) {
    report({ path: [...path, 'gpus'], message: 'gpu and gpus exclude each other', remedy: 'keep one of them' });
  }
  const wanted = gpusOf(row, gpus);
  if (row.gpu === undefined && row.gpus === undefined && wanted.length > 0 && declared.length > 1) {
    const remedy = `add gpu = "${declared[0]?.id ?? ''}" or another of ${declared.map(({ id }) => id).join(', ')}`;
    report({ path, message: 'required key is missing: gpu, since there are several', remedy });
    return;
  }
  for (const id of wanted) {
    const found = declared.find((gpu) => gpu.id === id);
    if (found === undefined && declared.length > 0) {
      const ids = declared.map((gpu) => gpu.id);
      const near = nearestName(id, ids);
      const remedy = near === undefined ? `GPUs of this file: ${ids.join(', ')}` : `did you mean "${near}"?`;
      report({ path: [...path, key], message: `no [[gpus]] has the id "${id}"`, remedy });
    }
    const [need, has] = [row.vram_mib, found?.vram_mib];
    if (need !== undefined && has !== undefined && need > has) {
      const remedy = 'use a smaller model or context, more GPUs, or correct the numbers';
      report({
        path: [...path, 'vram_mib'],
        message: `is more than GPU ${id} has (${has} MiB): it can never be loaded`,
        remedy,
      });
    }
  }
};

const checkSleep = (
  row: ModelRow,
  path: KeyPath,
  rows: readonly (ModelRow | undefined)[],
  engines: Engines,
  report: Report,
): void => {
  const { sleep_level: level, sleep_vram_mib: asleep, vram_mib: awake } = row;
  if (level !== undefined) {
    const other = rows.find((one) => one !== undefined && one !== row && one.port === row.port);
    if (other !== undefined) {
      const message = `asleep it keeps its port ${row.port}, which "${other.name}" needs to be loaded`;
      report({ path: [...path, 'sleep_level'], message, remedy: 'give it a port of its own, or remove sleep_level' });
    }
    const { engine } = kindOf(row);
    const levels = engines[engine].sleepLevels;
    if (levels.every((known) => known !== level)) {
      const known = levels.length === 0 ? 'none' : levels.join(' and ');
      const message = `${engine} has no sleep of level ${level} (it has ${known})`;
      report({ path: [...path, 'sleep_level'], message, remedy: 'remove it, or use vLLM (1 and 2) or SGLang (1)' });
    }
  }
  if (asleep !== undefined && awake !== undefined && asleep >= awake) {
    const message = `is not less than vram_mib (${awake}): sleeping would free nothing`;
    report({ path: [...path, 'sleep_vram_mib'], message, remedy: 'correct it, or remove sleep_level' });
  }
};

/** Groups that a model is in, those of its port included. */
export const groupsOf = (row: ModelRow, rows: readonly (ModelRow | undefined)[]): readonly string[] => {
  const shares = rows.some((other) => other !== undefined && other !== row && other.port === row.port);
  return [...new Set([...(row.exclusive ?? []), ...(shares ? [`port:${row.port}`] : [])])];
};

/** A pinned model never leaves, so what does not fit beside it would never be loaded once it is. */
const checkPins = (
  { gpus }: Pick<RegistryFile, 'gpus'>,
  rows: readonly (ModelRow | undefined)[],
  report: Report,
): void => {
  rows.forEach((row, index) => {
    if (row === undefined) return;
    const pinned = rows.find(
      (other, at) => other?.pinned === true && at !== index && !fitTogether(row, other, gpus, rows),
    );
    if (pinned === undefined || (row.pinned === true && rows.indexOf(pinned) > index)) return;
    const message = `does not fit beside "${pinned.name}", which is pinned: it could never be loaded`;
    report({
      path: ['models', index],
      message,
      remedy: `remove pinned of "${pinned.name}", or give both a vram_mib that fits`,
    });
  });
};

const fitTogether = (
  left: ModelRow,
  right: ModelRow,
  gpus: RegistryFile['gpus'],
  rows: readonly (ModelRow | undefined)[],
): boolean => {
  const groups = groupsOf(right, rows);
  if (groupsOf(left, rows).some((group) => groups.includes(group))) return false;
  const others = gpusOf(right, gpus);
  return gpusOf(left, gpus).every((id) => {
    if (!others.includes(id)) return true;
    const has = gpus?.find((gpu) => gpu.id === id)?.vram_mib;
    const [one, two] = [left.vram_mib, right.vram_mib];
    return has !== undefined && one !== undefined && two !== undefined && one + two <= has;
  });
};

/** Name of the model that a path lies in: an index alone makes people count. */
export const modelNamed = (path: KeyPath, document: unknown): string | undefined => {
  const [list, index] = path;
  if (list !== 'models' || typeof index !== 'number') return undefined;
  const models = isTable(document) && Array.isArray(document.models) ? document.models : [];
  const row: unknown = models[index];
  return isTable(row) && typeof row.name === 'string' && row.name !== '' ? row.name : undefined;
};
