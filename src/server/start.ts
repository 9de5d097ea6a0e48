/** One server process from its options to its exit code: configure, listen, reload, drain. */
import { messageOf, stackOf } from '#core/thrown';
import type { MultiplexerEvent } from '#multiplexer/multiplexer';
import { bunEffects } from '#platform/bun-effects';
import type { Clock, Effects } from '#platform/effects';
import { createLog, type Log, type LogLevel } from '#platform/log';
import { type LogOutput, openLogOutput } from '#platform/log-output';
import { onSignals } from '#platform/signals';
import { watchFile } from '#platform/watch';
import { type Feed, publishTransition } from '#router/events';
import { type Assembly, assemble } from '#server/assembly';
import { type ConfigOrigin, type Configured, configure } from '#server/configuration';
import { isLoopback, type Listening, listen } from '#server/listen';
import { opener, type SlotWatch } from '#server/open-multiplexer';
import { findOrigin } from '#server/origin';
import { openSlots, type Slots } from '#server/slots';

export interface ServeOptions {
  readonly config?: string | undefined;
  readonly mode?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly demo: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'pretty';
  /** Colours in pretty logs. */
  readonly colour?: boolean;
}

export interface RunningServer {
  readonly url: string;
  /** Resolves with the exit code once the server has stopped. */
  readonly done: Promise<number>;
}

/** The server cannot start; the message says what is wrong and what to do, ready for people. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const STDERR = 2;

const EXIT = { clean: 0, cut: 1 } as const;

/** Why an address may not be used: others can reach it while anybody could use the router. */
const bindProblem = (host: string, { generation }: Configured): string | undefined => {
  const { server } = generation.settings;
  return isLoopback(host) || server.tokens.length > 0 || server.allowPublicWithoutAuth
    ? undefined
    : `${host} can be reached from other machines and no token is set: add [server] auth_env = "ANVIL_ROUTER_TOKEN", ` +
        'bind 127.0.0.1, or say [server] allow_public_without_auth = true';
};

/** A registry is read when its multiplexer opens; what its file says afterwards waits for the next one. */
const registryNews = ({ registry, generation }: Configured, { source }: Slots): string | undefined => {
  if (registry === undefined) return undefined;
  const all = source.groups();
  const ours = generation.settings.swapGroups.find((group) => group.source.kind === 'registry');
  const inForce = ours && all[ours.name]?.registry;
  if (inForce === undefined) return undefined;
  const stays = `registry ${registry.path}: the one in force (digest ${inForce}) stays`;
  if ('problem' in registry) return `${stays}; the file as it is now would be refused: ${registry.problem}`;
  if (registry.digest === inForce) return undefined;
  return `${stays} although the file has changed (digest ${registry.digest}): restart to take it over`;
};

/** `changed`: only if the file says something else. `asked`: always, since a profile or price may have changed. */
type ReloadCause = 'changed' | 'asked';

/** Reloads on demand, one at a time; what comes during a reload causes one more. */
const reloader = (
  origin: ConfigOrigin,
  host: string,
  assembly: Assembly,
  slots: Slots,
  effects: Effects,
  log: Log,
): ((cause: ReloadCause) => void) => {
  let running = false;
  let next: ReloadCause | undefined;
  const refuse = (reason: string): void => {
    log.warn('configuration refused; the one in force stays', { reason });
    assembly.refuse(reason);
  };
  const reloadOnce = async (cause: ReloadCause): Promise<void> => {
    const configured = await configure(origin, effects, assembly.router.generation);
    if (!configured.ok) return refuse(configured.reason);
    const problem = bindProblem(host, configured);
    if (problem !== undefined) return refuse(problem);
    const { digest } = configured.generation.settings;
    if (cause === 'changed' && digest === assembly.router.generation.settings.digest) return;
    const trouble = await slots.replace(configured.generation.settings.swapGroups).then(() => undefined, messageOf);
    if (trouble !== undefined) return refuse(trouble);
    assembly.replace(configured);
    for (const warning of configured.warnings) log.warn(warning);
    const news = registryNews(configured, slots);
    if (news !== undefined) log.warn(news);
    log.info('configuration reloaded', { digest });
  };
  const reload = async (): Promise<void> => {
    running = true;
    while (next !== undefined) {
      const cause = next;
      next = undefined;
      await reloadOnce(cause).catch((error) => refuse(stackOf(error)));
    }
    running = false;
  };
  return (cause) => {
    next = next === 'asked' ? next : cause;
    if (!running) void reload();
  };
};

/** Time for answers that have ended, but not yet arrived, once nothing is in flight any more; then connections are cut. */
const LAST_BYTES_MS = 5_000;

/** A half-sent request or a reader that stopped reading would keep a polite stop waiting for ever. */
export const stopListening = async (listening: Listening, cut: boolean, clock: Clock): Promise<void> => {
  const late = Promise.withResolvers<void>();
  const timer = clock.setTimeout(late.resolve, LAST_BYTES_MS);
  await Promise.race([listening.stop(cut), late.promise]);
  clock.clearTimeout(timer);
  await listening.stop(true);
};

/** Leaves in order: readiness first, then what is in flight, then the sockets, then the evidence. */
const leaver = (
  assembly: Assembly,
  listening: Listening,
  log: Log,
  output: LogOutput,
  clock: Clock,
  cleanUp: () => Promise<void>,
) => {
  const done = Promise.withResolvers<number>();
  let leaving = false;
  const leave = async (why: string, failed: boolean): Promise<void> => {
    const drained = assembly.router.drain();
    if (leaving) return;
    leaving = true;
    log.info('leaving', { why, inFlight: assembly.router.admission.inFlight() });
    const reason = await drained;
    const clean = reason === 'drained';
    if (!clean) log.warn('requests were cut', { reason, inFlight: assembly.router.admission.inFlight() });
    assembly.endFeeds();
    await stopListening(listening, !clean, clock);
    await cleanUp();
    assembly.router.stop();
    await assembly.decisions.close();
    log.info('stopped', { reason });
    log.flush();
    await output.close();
    done.resolve(clean && !failed ? EXIT.clean : EXIT.cut);
  };
  return {
    leave: (why: string, failed = false) =>
      void leave(why, failed).catch((error) => {
        log.error('leaving failed', { stack: stackOf(error) });
        log.flush();
        done.resolve(EXIT.cut);
      }),
    done: done.promise,
  };
};

/** Models are loaded before there is a feed; whoever watches later sees what happens from then on. */
const slotWatch = (feed: () => Feed | undefined): SlotWatch => ({
  onEvent: (event) => feed()?.publish('slot', withoutLines(event)),
  inspect: (actorId) => (event) => {
    const open = feed();
    if (open?.watched) publishTransition(open, actorId, event);
  },
});

/** What a model's server has printed may say anything; it stays in the log and in the status. */
const withoutLines = (event: MultiplexerEvent): Record<string, unknown> => {
  const { kind: what, ...rest } = event;
  return { what, ...Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'lines')) };
};

/**
 * Starts a server and returns as soon as it listens.
 * @throws StartError when the configuration is refused, nothing can be served, or the address cannot be had
 */
export const startServer = async (options: ServeOptions, effects: Effects = bunEffects()): Promise<RunningServer> => {
  const output = openLogOutput(effects.clock, STDERR);
  const log = createLog({
    level: options.logLevel,
    clock: effects.clock,
    format: options.logFormat,
    colour: options.colour ?? false,
    write: output.write,
  });
  const found = await findOrigin(options, effects);
  if (!found.ok) throw new StartError(found.reason);
  for (const line of found.story) log.info(line);
  const configured = await configure(found.origin, effects);
  if (!configured.ok) throw new StartError(configured.reason);
  for (const warning of configured.warnings) log.warn(warning);
  const problem = bindProblem(options.host, configured);
  if (problem !== undefined) throw new StartError(problem);
  let feed: Feed | undefined;
  const slots = await openSlots(
    configured.generation.settings.swapGroups,
    opener(
      effects,
      log,
      slotWatch(() => feed),
    ),
  ).catch((error) => {
    throw new StartError(messageOf(error));
  });
  const assembly = assemble(configured, effects, log, slots);
  feed = assembly.feed;
  let listening: Listening;
  try {
    listening = listen(options, assembly.app);
  } catch (error) {
    await Promise.all([assembly.decisions.close(), slots.close()]);
    throw new StartError(messageOf(error));
  }
  const { origin } = found;
  const reload = reloader(origin, options.host, assembly, slots, effects, log);
  const unwatch = origin.kind === 'file' ? watchFile(origin.path, () => reload('changed')) : undefined;
  const leaver_ = leaver(assembly, listening, log, output, effects.clock, async () => {
    unwatch?.();
    removeSignals();
    await Promise.all([found.stop(), slots.close()]);
  });
  const removeSignals = onSignals({
    leave: (signal) => leaver_.leave(signal),
    reload: () => reload('asked'),
    uncaught: (error) => {
      log.error('an error that nobody caught', { stack: stackOf(error) });
      leaver_.leave('an error that nobody caught', true);
    },
  });
  log.info('listening', { url: listening.url });
  return { url: listening.url, done: leaver_.done };
};
