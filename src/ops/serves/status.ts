/** How are the serves: as Docker sees them, as they answer, and as they are declared? Looks only. */
import type { DeclaredServe } from '#config/serves';
import { type GpuFacts, listGpus } from '#drivers/gpus';
import { idsOf } from '#drivers/readiness';
import { probe } from '#drivers/readiness-probe';
import { driftOf } from '#ops/serves/drift';
import { type ServeState, stateOf } from '#ops/serves/state';
import type { ServesWorld } from '#ops/serves/world';

export interface ServeReport {
  readonly serve: string;
  readonly container: string | null;
  readonly driver: string;
  readonly modes: readonly string[] | null;
  readonly port: number;
  /** Docker's word, or `absent`, `stranger`, `error`. */
  readonly state: string;
  /** Why the state is `error`, or what the stranger is. */
  readonly detail: string | null;
  /** HTTP status of the health path; null when it does not run or does not answer. */
  readonly health: number | null;
  readonly declared_model: string | null;
  /** Ids that it lists; null when it does not say. */
  readonly models: readonly string[] | null;
  /** Of its last run, once that has ended. */
  readonly exit_code: number | null;
  /** In words; empty when nothing differs as far as it could be compared. */
  readonly drift: readonly string[];
  /** What could not be compared, and why. */
  readonly not_compared: readonly string[];
  readonly uptime_ms: number | null;
  readonly restarts: number | null;
  readonly out_of_memory: boolean;
  /** It runs, its health path answers 2xx, and it does not list other models than the declared one. */
  readonly well: boolean;
}

export interface StatusReport {
  readonly serves: readonly ServeReport[];
  readonly gpus: readonly GpuFacts[];
}

/** One question to a serve, in milliseconds. */
const PROBE_MS = 3_000;
const MODELS_PATH = '/v1/models';
/** States in which the exit code is that of the last run. */
const HAS_ENDED: ReadonlySet<string> = new Set(['exited', 'dead', 'restarting']);

/** Never rejects: what cannot be found out is in the report. */
export const reportStatus = async (serves: readonly DeclaredServe[], world: ServesWorld): Promise<StatusReport> => {
  const [reports, { gpus }] = await Promise.all([
    Promise.all(serves.map((serve) => reportOne(serve, world))),
    listGpus(world.commands, world.signal),
  ]);
  return { serves: reports, gpus };
};

const reportOne = async (serve: DeclaredServe, world: ServesWorld): Promise<ServeReport> => {
  const state = await stateOf(serve, world);
  const { container } = state;
  const runs = state.status === 'running';
  const [answers, drift] = await Promise.all([
    runs ? ask(serve, world) : { health: null, models: null },
    container === undefined ? { found: state.drift ?? [], unknown: [] } : driftOf(serve, container, world),
  ]);
  const { health, models } = answers;
  const { model } = serve;
  const servesOther = model !== undefined && models !== null && !models.includes(model);
  const served = servesOther ? [`lists ${models.join(', ') || 'no model'}, declared is ${model}`] : [];
  return {
    serve: serve.name,
    container: serve.container ?? null,
    driver: serve.driver,
    modes: serve.modes ?? null,
    port: serve.port,
    state: state.status,
    detail: state.detail ?? null,
    health,
    declared_model: model ?? null,
    models,
    drift: [...drift.found, ...served],
    not_compared: drift.unknown,
    uptime_ms: uptimeOf(state, world),
    exit_code: container !== undefined && HAS_ENDED.has(state.status) ? container.exitCode : null,
    restarts: container?.restartCount ?? null,
    out_of_memory: container?.oomKilled === true,
    well: runs && isWell(health) && !servesOther,
  };
};

const isWell = (health: number | null): boolean => health !== null && health >= 200 && health < 300;

const uptimeOf = ({ status, container }: ServeState, { effects }: ServesWorld): number | null =>
  status !== 'running' || container?.startedAt === undefined
    ? null
    : Math.max(0, Math.round(effects.clock.wall() - container.startedAt));

const ask = async (
  { port, health: path }: DeclaredServe,
  { effects, signal }: ServesWorld,
): Promise<Pick<ServeReport, 'health' | 'models'>> => {
  const session = effects.openSession();
  try {
    const get = (where: string) =>
      probe({ fetch: session.fetch, clock: effects.clock }, `http://127.0.0.1:${port}${where}`, {
        timeoutMs: PROBE_MS,
        signal,
      });
    const [health, models] = await Promise.all([get(path), get(MODELS_PATH)]);
    return {
      health: health.kind === 'answer' ? health.status : null,
      models: models.kind === 'answer' && isWell(models.status) ? (idsOf(models.text) ?? null) : null,
    };
  } finally {
    session.close();
  }
};
