/** One server process from its options to its exit code: configure, listen, reload, drain. */
import { bunEffects } from '#platform/bun-effects';
import type { Effects } from '#platform/effects';
import { createLog, type Log, type LogLevel } from '#platform/log';
import { type LogOutput, openLogOutput } from '#platform/log-output';
import { onSignals } from '#platform/signals';
import { watchFile } from '#platform/watch';
import { type Assembly, assemble } from '#server/assembly';
import { type ConfigOrigin, configure } from '#server/configuration';
import { isLoopback, type Listening, listen } from '#server/listen';
import { findOrigin } from '#server/origin';

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

const messageOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

const STDERR = 2;

const EXIT = { clean: 0, cut: 1 } as const;

/** Refuses an address that others can reach while anybody could use it. */
const checkBind = (host: string, assembly: Assembly): void => {
  const { server } = assembly.router.generation.settings;
  if (isLoopback(host) || server.tokens.length > 0 || server.allowPublicWithoutAuth) return;
  throw new StartError(
    `${host} can be reached from other machines and no token is set: add [server] auth_env = "ANVIL_ROUTER_TOKEN", ` +
      'bind 127.0.0.1, or say [server] allow_public_without_auth = true',
  );
};

/** Reloads on demand, one at a time; a change during a reload causes one more. */
const reloader = (origin: ConfigOrigin, assembly: Assembly, effects: Effects, log: Log): (() => void) => {
  let running = false;
  let again = false;
  const reload = async (): Promise<void> => {
    running = true;
    do {
      again = false;
      const next = await configure(origin, effects, assembly.router.generation);
      if (!next.ok) {
        log.warn('configuration refused; the one in force stays', { reason: next.reason });
        assembly.router.refused(next.reason);
      } else if (next.generation.settings.digest !== assembly.router.generation.settings.digest || again) {
        assembly.replace(next);
        for (const warning of next.warnings) log.warn(warning);
        log.info('configuration reloaded', { digest: next.generation.settings.digest });
      }
    } while (again);
    running = false;
  };
  return () => {
    if (running) again = true;
    else void reload().catch((error) => log.error('reload failed', { reason: messageOf(error) }));
  };
};

/** Leaves in order: readiness first, then what is in flight, then the sockets, then the evidence. */
const leaver = (
  assembly: Assembly,
  listening: Listening,
  log: Log,
  output: LogOutput,
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
    await listening.stop(!clean);
    await cleanUp();
    assembly.router.stop();
    await assembly.decisions.close();
    log.info('stopped', { reason });
    await output.close();
    done.resolve(clean && !failed ? EXIT.clean : EXIT.cut);
  };
  return {
    leave: (why: string, failed = false) => void leave(why, failed).catch(() => done.resolve(EXIT.cut)),
    done: done.promise,
  };
};

/**
 * Starts a server and returns as soon as it listens.
 * @throws StartError when the configuration is refused, nothing can be served, or the address cannot be had
 */
export const startServer = async (options: ServeOptions, effects: Effects = bunEffects()): Promise<RunningServer> => {
  const output = openLogOutput(effects.clock, STDERR);
  const log = createLog({
    level: options.logLevel,
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
  const assembly = assemble(configured, effects, log);
  checkBind(options.host, assembly);
  let listening: Listening;
  try {
    listening = listen(options, assembly.app);
  } catch (error) {
    await assembly.decisions.close();
    throw new StartError(error instanceof Error ? error.message : String(error));
  }
  const { origin } = found;
  const reload = reloader(origin, assembly, effects, log);
  const unwatch = origin.kind === 'file' ? watchFile(origin.path, reload) : undefined;
  const leaver_ = leaver(assembly, listening, log, output, async () => {
    unwatch?.();
    removeSignals();
    await found.stop();
  });
  const removeSignals = onSignals({
    leave: (signal) => leaver_.leave(signal),
    reload,
    uncaught: (error) => {
      log.error('an error that nobody caught', { stack: messageOf(error) });
      leaver_.leave('an error that nobody caught', true);
    },
  });
  log.info('listening', { url: listening.url });
  return { url: listening.url, done: leaver_.done };
};
