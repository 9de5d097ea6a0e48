/** What in a sound registry will surprise its operator? */
import type { KeyPath } from '#config/problem';
import { idleKeys, kindOf } from '#config/registry-drivers';
import { knownParsers } from '#config/registry-launch';
import type { ModelRow, RegistryFile } from '#config/registry-schema';
import type { Warning } from '#config/warnings';
import type { Engines } from '#core/engine';
import { createScrubber } from '#core/redact';
import type { RegistryModel, RegistrySettings } from '#core/registry';

export interface Resolved {
  readonly models: readonly RegistryModel[];
  readonly settings: RegistrySettings;
}

export const registryWarnings = (file: RegistryFile, resolved: Resolved, engines: Engines): readonly Warning[] => [
  ...file.models.flatMap((row, index) => [...modelWarnings(row, ['models', index], engines)]),
  ...gpuWarnings(file),
  ...boundWarnings(resolved),
];

/** Their value is shown by `ps` and `docker inspect`. */
const SECRET_FLAGS = ['--api-key', '--admin-api-key', '--hf-token', '-hft'];

function* modelWarnings(row: ModelRow, path: KeyPath, engines: Engines): Iterable<Warning> {
  const of = `model "${row.name}"`;
  for (const { key, why } of idleKeys(row, engines)) {
    yield { path: [...path, key], message: `${of}: ${key} is without effect: ${why}` };
  }
  if (row.served_name !== undefined && row.served_name !== '' && row.served_name !== row.name) {
    const message = `${of}: requests carry "${row.name}" unchanged, and its server knows itself as "${row.served_name}" only`;
    yield { path: [...path, 'served_name'], message };
  }
  if (row.mmap === false && row.volume !== undefined) {
    yield {
      path: [...path, 'mmap'],
      message: `${of}: reading weights whole from a volume takes longer than mapping them`,
    };
  }
  const flag = [...(row.command ?? []), ...(row.args ?? [])].find((word) =>
    SECRET_FLAGS.some((secret) => word === secret || word.startsWith(`${secret}=`)),
  );
  if (flag !== undefined) {
    const message = `${of}: the value of ${flag.split('=')[0]} can be read by everyone on this machine: hand it on with env_from`;
    yield { path: [...path, row.args === undefined ? 'command' : 'args'], message };
  }
  yield* secretWarnings(row, path);
  const [load, limit] = [row.load_seconds, row.load_timeout_seconds];
  if (load !== undefined && limit !== undefined && limit < load) {
    yield { path: [...path, 'load_timeout_seconds'], message: `${of}: is shorter than load_seconds (${load})` };
  }
  if (row.sleep_vram_mib !== undefined && row.sleep_level === undefined) {
    yield { path: [...path, 'sleep_vram_mib'], message: `${of}: it never sleeps: sleep_level is not set` };
  }
  yield* parserWarnings(row, path, engines);
}

const scrub = createScrubber();
const looksSecret = (text: string): boolean => scrub(text) !== text;

/** Values that have the shape of a key, whatever they are called. The value itself is told to nobody. */
function* secretWarnings(row: ModelRow, path: KeyPath): Iterable<Warning> {
  const remedy = 'looks like a secret, which everyone on this machine can read: hand it on with env_from';
  for (const [name, value] of Object.entries(row.env ?? {})) {
    if (looksSecret(value)) yield { path: [...path, 'env', name], message: `model "${row.name}": its value ${remedy}` };
  }
  for (const key of ['command', 'args'] as const) {
    const index = (row[key] ?? []).findIndex(looksSecret);
    if (index < 0) continue;
    yield { path: [...path, key], message: `model "${row.name}": word ${index + 1} of ${key} ${remedy}` };
  }
}

/** A family that is known may do without one of the two. */
function* parserWarnings(row: ModelRow, path: KeyPath, engines: Engines): Iterable<Warning> {
  const known = knownParsers(row, engines[kindOf(row).engine]);
  if (known.reasoning !== undefined || known.tools !== undefined) return;
  for (const key of ['reasoning_parser', 'tool_parser'] as const) {
    if (row[key] !== 'auto' || idleKeys(row, engines).some((idle) => idle.key === key)) continue;
    const message = `model "${row.name}": no parser is known for a model of this name, so none is named`;
    yield { path: [...path, key], message };
  }
}

const isIndex = (id: string): boolean => /^\d+$/.test(id);

/** One card under two names would be filled twice. */
function* gpuWarnings({ gpus = [], models }: RegistryFile): Iterable<Warning> {
  const ids = [
    ...gpus.map(({ id }) => id),
    ...models.flatMap((row) => row.gpus ?? (row.gpu === undefined ? [] : [row.gpu])),
  ];
  if (!ids.some(isIndex) || ids.every(isIndex)) return;
  const message = 'some GPUs are named by index and some by UUID: two names of one card would count as two cards';
  yield { path: gpus.length > 0 ? ['gpus'] : ['models'], message };
}

/** Whoever comes while another model loads has to wait at least for that. */
function* boundWarnings({ models, settings }: Resolved): Iterable<Warning> {
  const rivals = models.filter(({ swap }) =>
    models.some((other) => other.swap !== swap && other.swap.gpus.some((id) => swap.gpus.includes(id))),
  );
  const slowest = rivals.toSorted((left, right) => right.times.loadMs - left.times.loadMs)[0];
  if (slowest === undefined) return;
  const needMs = slowest.times.loadMs + settings.drainMs + slowest.times.unloadMs;
  if (settings.waitBoundMs >= needMs) return;
  const [bound, need] = [settings.waitBoundMs / 1000, Math.ceil(needMs / 1000)];
  const message = `a request may wait ${bound} s for its turn, but loading "${slowest.swap.name}" and draining it again takes ${need} s: requests for other models will be refused meanwhile`;
  yield { path: ['multiplexer', 'wait_bound_seconds'], message };
}
