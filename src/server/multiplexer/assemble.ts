/** Puts one multiplexer together from a registry: drivers, engine, state, metrics. For its own verb, and for one inside a router. */

import { formatProblems } from '#config/problem';
import type { Registry } from '#core/registry';
import type { DriverName } from '#core/serve-spec';
import { messageOf, stackOf } from '#core/thrown';
import { createHostMemory, tellingMemory } from '#drivers/memory';
import { untilReady } from '#drivers/readiness';
import { createSleeper } from '#drivers/sleep';
import { createMultiplexer } from '#multiplexer/create';
import { createMultiplexerMetrics, type MultiplexerMetrics } from '#multiplexer/metrics';
import type { Multiplexer, MultiplexerEvent } from '#multiplexer/multiplexer';
import type { MultiplexerWorld } from '#multiplexer/world';
import { loadRegistry } from '#ops/load-registry';
import { type ActorWorld, createActors } from '#platform/actors';
import type { Effects, FetchSession } from '#platform/effects';
import type { Log } from '#platform/log';
import { logEvent } from '#server/multiplexer/log-events';
import { type OpenDrivers, openDrivers, openTools, stateOf } from '#server/multiplexer/tools';
import { createMultiplexerState } from '#store/multiplexer-state';

export interface AssembleOptions {
  /** Absolute folder for what outlives a run; `.anvil/multiplexer` beside the registry when absent. */
  readonly stateFolder?: string;
  /** What the command line says over the registry. */
  readonly drainTimeoutSeconds?: number | undefined;
  readonly ramCapGb?: number | undefined;
  /** Whether warnings about the registry are logged; true when absent. */
  readonly tellWarnings?: boolean;
  /** Hears of every event after log and metrics have. Must not throw. */
  readonly onEvent?: (event: MultiplexerEvent) => void;
  /** Asked once per slot, for an inspector of its actor. */
  readonly inspect?: ActorWorld['inspect'];
}

export interface Assembled {
  readonly registry: Registry;
  /** Not started yet. */
  readonly multiplexer: Multiplexer;
  readonly metrics: MultiplexerMetrics;
  /** Values of all variables that servers are handed, for the log to mask. */
  readonly secrets: readonly string[];
  /** Ends the multiplexer, stopping its servers, or leaving them to run on and be taken over. Idempotent. */
  close(keepServes?: boolean): Promise<void>;
}

/** @throws Error that lists everything wrong with the registry, with the remedies */
export const readRegistryFile = async (
  path: string,
  effects: Effects,
  log: Pick<Log, 'warn'>,
  { drainTimeoutSeconds, ramCapGb, tellWarnings = true }: AssembleOptions = {},
): Promise<Registry> => {
  const read = await loadRegistry(path, effects, {
    ...(drainTimeoutSeconds === undefined ? {} : { drainTimeoutSeconds }),
    ...(ramCapGb === undefined ? {} : { ramCapGb }),
  });
  if (!read.ok) throw new Error(formatProblems(read.problems));
  if (!tellWarnings) return read.registry;
  for (const { key, line, message } of read.warnings)
    log.warn(`${line === undefined ? '' : `line ${line}: `}${key}: ${message}`);
  return read.registry;
};

/** Processes first: one may hold the port of a container. An engine that is away must not keep the others from being served. */
const sweeper =
  ({ models }: Registry, { docker, process }: OpenDrivers, log: Log): NonNullable<MultiplexerWorld['sweep']> =>
  async (signal) => {
    const of = (driver: DriverName) => models.filter(({ serve }) => serve.launch.driver === driver);
    try {
      for (const name of await process.sweep(of('process').map(({ serve }) => serve.name)))
        log.info('ended a process that the registry does not name any more', { model: name });
    } catch (error) {
      log.warn('a process of an earlier run was not ended', { reason: messageOf(error) });
    }
    const containers = of('docker').map(({ serve }) => serve.container);
    try {
      for (const container of await docker.sweep(containers, signal))
        log.info('removed a container that the registry does not name any more', { container });
    } catch (error) {
      if (containers.length > 0)
        log.warn('containers of earlier runs were not looked for', { reason: messageOf(error) });
    }
  };

const worldOf = async (
  registry: Registry,
  effects: Effects,
  log: Log,
  options: AssembleOptions,
  session: FetchSession,
): Promise<Omit<MultiplexerWorld, 'onEvent'>> => {
  const { clock } = effects;
  const belongings = stateOf(registry, effects, options.stateFolder);
  const onProblem = (problem: string): void => log.warn(problem);
  const onBug = (where: string, error: unknown): void => log.error('bug', { where, stack: stackOf(error) });
  const state = createMultiplexerState({ path: belongings.file, onProblem });
  const tools = await openTools(effects);
  const drivers = openDrivers(tools, effects, state, belongings, onProblem);
  const probing = { fetch: session.fetch, clock };
  const memory = tellingMemory(createHostMemory(tools.commands), onProblem);
  return {
    actors: createActors({
      clock,
      onError: onBug,
      ...(options.inspect === undefined ? {} : { inspect: options.inspect }),
    }),
    drivers: drivers.all,
    untilReady: (spec, serve, signal) => untilReady(spec, serve, { ...probing, signal }),
    sleeper: createSleeper(probing),
    availableGb: (driver) => memory.availableGb(driver),
    sweep: sweeper(registry, drivers, log),
    state,
    onBug,
  };
};

/**
 * Reads the registry and puts its multiplexer together; nothing runs before `multiplexer.start()`.
 * @throws Error that lists everything wrong with the registry
 */
export const assembleMultiplexer = async (
  registryPath: string,
  effects: Effects,
  log: Log,
  options: AssembleOptions = {},
): Promise<Assembled> => {
  const registry = await readRegistryFile(registryPath, effects, log, options);
  const session = effects.openSession();
  const metrics = createMultiplexerMetrics(() => multiplexer.status());
  const onEvent = (event: MultiplexerEvent): void => {
    metrics.observe(event);
    logEvent(log, event);
    options.onEvent?.(event);
  };
  const world = await worldOf(registry, effects, log, options, session);
  const multiplexer: Multiplexer = createMultiplexer({ registry, ...world, onEvent });
  return {
    registry,
    multiplexer,
    metrics,
    secrets: registry.models.flatMap(({ serve }) => serve.envFrom.map((name) => effects.env(name) ?? '')),
    async close(keepServes = false) {
      await multiplexer.stop(keepServes);
      session.close();
    },
  };
};
