/** One multiplexer process from its options to its exit code: registry, address, servers, and an orderly end. */
import { messageOf, stackOf } from '#core/thrown';
import { bunEffects } from '#platform/bun-effects';
import type { Effects } from '#platform/effects';
import { createLog, type Log, type LogLevel } from '#platform/log';
import { openLogOutput } from '#platform/log-output';
import { onSignals } from '#platform/signals';
import { createGuard, type GrantedToken } from '#server/guard';
import { type Listening, listen } from '#server/listen';
import { type AccessOptions, readTokens } from '#server/multiplexer/access';
import { createMultiplexerApp } from '#server/multiplexer/app';
import { type Assembled, assembleMultiplexer } from '#server/multiplexer/assemble';
import { findRegistry } from '#server/multiplexer/find-registry';
import { createSessions, type Front, limitsFor } from '#server/multiplexer/front';
import { createSlotFeed } from '#server/multiplexer/slot-feed';
import { createVisits } from '#server/multiplexer/visit';
import { type RunningServer, StartError, stopListening } from '#server/start';

export interface MultiplexerServeOptions extends AccessOptions {
  /** Path of the registry; looked for when absent. */
  readonly registry?: string | undefined;
  readonly port: number;
  readonly drainTimeoutSeconds?: number | undefined;
  readonly ramCapGb?: number | undefined;
  /** Servers run on after the end, to be taken over by the next start. */
  readonly keepServes: boolean;
  /** Absolute. */
  readonly stateFolder?: string | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'pretty';
}

const STDERR = 2;
const EXIT = { clean: 0, cut: 1 } as const;

/** @throws StartError when others could use it although nobody has to say who he is */
const tokensFor = (options: MultiplexerServeOptions, env: Effects['env']): readonly GrantedToken[] => {
  try {
    return readTokens(options, env);
  } catch (error) {
    throw new StartError(messageOf(error));
  }
};

const given = <Value>(name: string, value: Value | undefined): Readonly<Record<string, Value>> =>
  value === undefined ? {} : { [name]: value };

/** The front door over a multiplexer that is not started yet. */
const createFront = (
  { multiplexer, metrics, registry }: Assembled,
  sessions: Front['sessions'],
  tokens: readonly GrantedToken[],
  effects: Effects,
  log: Log,
): Front => {
  const limits = limitsFor(registry.settings.queueMax);
  return {
    multiplexer,
    effects,
    sessions,
    guard: createGuard(tokens),
    limits,
    visits: createVisits(limits.visitsMax),
    feed: createSlotFeed(multiplexer, effects.clock, limits),
    metrics,
    onBug: (where, error) => log.error('bug', { where, stack: stackOf(error) }),
  };
};

interface Leaving {
  /** First call: in order. Second: running answers are cut. Third: at once, whatever is left behind. */
  leave(why: string, failed?: boolean): void;
  readonly done: Promise<number>;
}

/** Leaves in order: no new requests, answers that run, servers, then the sockets. */
const createLeaving = (
  { multiplexer, close }: Assembled,
  front: Front,
  listening: Listening,
  keepServes: boolean,
  effects: Effects,
  log: Log,
  cleanUp: () => Promise<void>,
): Leaving => {
  const done = Promise.withResolvers<number>();
  let calls = 0;
  const leave = async (why: string, failed: boolean): Promise<void> => {
    const cutBefore = multiplexer.status().swaps.cut;
    log.info('leaving', { why, inFlight: front.visits.count, keepServes });
    await close(keepServes);
    const { swaps, slots } = multiplexer.status();
    const cut = front.visits.cuts + swaps.cut - cutBefore;
    // Those that could not be stopped are still looked after to the end.
    const leftBehind = slots.filter(({ serve }) => serve !== undefined).map(({ model }) => model);
    if (leftBehind.length > 0)
      log.error('model servers are left behind; the next start takes them over or removes them', { leftBehind });
    front.feed.close();
    await stopListening(listening, cut > 0, effects.clock);
    front.sessions.close();
    log.info('stopped', { cut });
    await cleanUp();
    done.resolve(cut > 0 || failed || leftBehind.length > 0 ? EXIT.cut : EXIT.clean);
  };
  return {
    leave(why, failed = false) {
      calls++;
      if (calls === 1)
        leave(why, failed).catch((error) => {
          log.error('leaving failed', { stack: stackOf(error) });
          done.resolve(EXIT.cut);
        });
      else if (calls === 2) {
        log.warn('running answers are cut; once more leaves at once', { inFlight: front.visits.count });
        front.visits.cutAll();
      } else {
        log.warn('left at once; the next start finds what still runs');
        // Whatever cannot be tidied up any more: nobody waits for it.
        cleanUp().then(
          () => done.resolve(EXIT.cut),
          () => done.resolve(EXIT.cut),
        );
      }
    },
    done: done.promise,
  };
};

/** @throws StartError with everything that is wrong with the registry */
const assembleFor = async (
  options: MultiplexerServeOptions,
  effects: Effects,
  log: Log,
  sessions: Front['sessions'],
): Promise<Assembled> => {
  try {
    return await assembleMultiplexer(await findRegistry(options.registry, effects), effects, log, {
      ...given('stateFolder', options.stateFolder),
      ...given('drainTimeoutSeconds', options.drainTimeoutSeconds),
      ...given('ramCapGb', options.ramCapGb),
      onEvent: ({ kind, model }) => {
        if (kind === 'vacated' || kind === 'crashed') sessions.drop(model);
      },
    });
  } catch (error) {
    throw new StartError(messageOf(error));
  }
};

/**
 * Starts a multiplexer; returns when it serves.
 * @throws StartError when the registry is refused or held by another one, or the address cannot be had
 */
export const startMultiplexer = async (
  options: MultiplexerServeOptions,
  effects: Effects = bunEffects(),
): Promise<RunningServer> => {
  const tokens = tokensFor(options, effects.env);
  const output = openLogOutput(effects.clock, STDERR);
  const log = createLog({
    level: options.logLevel,
    clock: effects.clock,
    format: options.logFormat,
    write: output.write,
  });
  const sessions = createSessions(effects.openSession);
  const assembled = await assembleFor(options, effects, log, sessions);
  log.setSecrets([...assembled.secrets, ...tokens.map(({ secret }) => secret)]);
  const front = createFront(assembled, sessions, tokens, effects, log);
  let listening: Listening;
  try {
    listening = listen(options, (idle) => createMultiplexerApp(front, idle));
  } catch (error) {
    throw new StartError(messageOf(error));
  }
  const leaving = createLeaving(assembled, front, listening, options.keepServes, effects, log, async () => {
    removeSignals();
    log.flush();
    await output.close();
  });
  const removeSignals = onSignals({
    leave: (signal) => leaving.leave(signal),
    reload: () => log.warn('a registry is read at the start only: restart to change it'),
    uncaught: (error) => {
      log.error('an error that nobody caught', { stack: stackOf(error) });
      leaving.leave('an error that nobody caught', true);
    },
  });
  const { registry, multiplexer } = assembled;
  log.info('starting', { registry: registry.path, models: multiplexer.models });
  try {
    await multiplexer.start();
  } catch (error) {
    removeSignals();
    await listening.stop(true);
    throw new StartError(messageOf(error).replace(/^multiplexer: /, ''));
  }
  // It may have been told to leave meanwhile.
  if (multiplexer.status().state === 'serving') log.info('listening', { url: listening.url });
  return { url: listening.url, done: leaving.done };
};
