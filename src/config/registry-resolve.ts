/** What does a sound registry mean once every default is applied? */
import { toMs } from '#config/durations';
import { MODEL, POLICY } from '#config/registry-defaults';
import { kindOf } from '#config/registry-drivers';
import { type LaunchContext, launchOf } from '#config/registry-launch';
import { containerOf, gpusOf, groupsOf } from '#config/registry-rules';
import type { ModelRow, PolicyTable, RegistryFile } from '#config/registry-schema';
import type { RegistryModel, RegistrySettings } from '#core/registry';
import type { ServeSpec } from '#core/serve-spec';
import type { SwapGpu, SwapModel } from '#core/swap';

/** What a command line says over the file. */
export interface RegistryOverrides {
  readonly drainTimeoutSeconds?: number;
  readonly ramCapGb?: number;
}

/** A duration that may be 0, unlike those of timers. */
const wholeMs = (seconds: number): number => Math.round(seconds * 1000);

export const resolvePolicy = (table: PolicyTable = {}, overrides: RegistryOverrides = {}): RegistrySettings => {
  const policy = { ...POLICY, ...table };
  const ramCapGb = overrides.ramCapGb ?? table.ram_cap_gb;
  return {
    waitBoundMs: toMs(policy.wait_bound_seconds),
    drainMs: wholeMs(overrides.drainTimeoutSeconds ?? policy.drain_timeout_seconds),
    worth: policy.swap_worth,
    queueMax: policy.queue_max,
    retryMs: toMs(policy.retry_seconds),
    retryMsMax: Math.max(toMs(policy.retry_seconds), toMs(policy.retry_max_seconds)),
    ...(table.linger_seconds === undefined ? {} : { lingerMs: wholeMs(table.linger_seconds) }),
    ...(ramCapGb === undefined ? {} : { ramCapGb }),
  };
};

/** Those declared, then those that models name besides; the order of the file. */
export const resolveGpus = ({ gpus: declared, models }: RegistryFile): readonly SwapGpu[] => {
  const known = new Map<string, SwapGpu>();
  for (const { id, vram_mib: vramMib } of declared ?? []) {
    known.set(id, { id, ...(vramMib === undefined ? {} : { vramMib }) });
  }
  for (const id of models.flatMap((row) => gpusOf(row, declared))) {
    if (!known.has(id)) known.set(id, { id });
  }
  return [...known.values()];
};

/** @param file without complaints of any rule */
export const resolveModels = (file: RegistryFile, context: LaunchContext): readonly RegistryModel[] =>
  file.models.map((row) => ({
    swap: swapOf(row, file),
    serve: serveOf(row, context),
    ...(row.est_weight_gb === undefined ? {} : { weightGb: row.est_weight_gb }),
    times: {
      loadMs: toMs(row.load_seconds ?? MODEL.load_seconds),
      wakeMs: toMs(row.wake_seconds ?? MODEL.wake_seconds),
      unloadMs: toMs(MODEL.unload_seconds),
      sleepMs: toMs(MODEL.sleep_seconds),
    },
    preload: row.preload ?? false,
    priority: row.priority ?? MODEL.priority,
    ...(row.sleep_level === undefined ? {} : { sleepLevel: row.sleep_level === 1 ? 1 : 2 }),
  }));

const stayOf = (seconds: number | undefined): Pick<SwapModel, 'minResidentMs'> =>
  seconds === undefined ? {} : { minResidentMs: wholeMs(seconds) };

const swapOf = (row: ModelRow, { models, gpus, multiplexer }: RegistryFile): SwapModel => ({
  name: row.name,
  gpus: gpusOf(row, gpus),
  ...(row.vram_mib === undefined ? {} : { vramMib: row.vram_mib }),
  ...(row.sleep_level === undefined ? {} : { asleepMib: asleepMib(row) }),
  exclusive: groupsOf(row, models),
  pinned: row.pinned ?? false,
  ...stayOf(row.min_resident_seconds ?? multiplexer?.min_resident_seconds),
  ...(row.idle_seconds === undefined ? {} : { idleMs: toMs(row.idle_seconds) }),
  ...(row.max_concurrency === undefined ? {} : { maxConcurrency: row.max_concurrency }),
});

/** Never as much as it takes awake, or the guess would make sleeping useless. */
const asleepMib = ({ sleep_vram_mib: asleep, vram_mib: awake }: ModelRow): number =>
  asleep ?? Math.min(MODEL.sleep_vram_mib, awake === undefined ? MODEL.sleep_vram_mib : Math.ceil(awake / 2));

const serveOf = (row: ModelRow, context: LaunchContext): ServeSpec => {
  const { engine } = kindOf(row);
  const { launch, env } = launchOf(row, context);
  const servedModel = row.served_name ?? row.name;
  // A card nobody named is for counting only: which one the server really gets is not ours to say.
  const isNamed = row.gpu !== undefined || row.gpus !== undefined || (context.gpus ?? []).length > 0;
  const isGiven = row.gpu_access !== 'none' && launch.driver !== 'compose' && isNamed;
  return {
    name: row.name,
    engine,
    launch,
    container: containerOf(row),
    ...(servedModel === '' ? {} : { servedModel }),
    port: row.port,
    health: row.health ?? context.engines[engine].health,
    gpus: isGiven ? gpusOf(row, context.gpus) : [],
    env: { ...env, ...row.env },
    envFrom: row.env_from ?? [],
    loadTimeoutMs: toMs(row.load_timeout_seconds ?? MODEL.load_timeout_seconds),
    stopMs: toMs(row.stop_seconds ?? MODEL.stop_seconds),
  };
};
