/** The router as one object: takes requests, decides, runs them, and keeps what must outlive a request. */
import type { Amount } from '#core/cost';
import type { DecisionRecord } from '#core/decision';
import type { Dialect } from '#core/dialect';
import { type Failure, isFailure } from '#core/failure';
import type { HarnessSignals } from '#core/harness-signals';
import { BUILT_IN_KEYWORDS } from '#core/keywords';
import type { DialectName, ModelRequest } from '#core/message';
import type { Hint, Plan } from '#core/plan';
import type { World } from '#core/readiness';
import type { SlotSource } from '#core/residency';
import type { SessionMark } from '#core/session';
import type { VerifyContext } from '#core/verifier';
import type { WorkClass } from '#core/work-class';
import { READY, routerMachine, type StopReason } from '#machines/router.machine';
import { type Actors, createActors } from '#platform/actors';
import type { Effects } from '#platform/effects';
import { type Admission, createAdmission, type Lease } from '#router/admission';
import { type Asked, readAsked } from '#router/asked';
import type { BreakerStatus } from '#router/breaker';
import { type Breakers, createBreakers } from '#router/breakers';
import { decide } from '#router/decide';
import { failureResponse, tellIn } from '#router/error-response';
import { type Feed, publishTransition } from '#router/events';
import type { Exchange, Generation, Runtime } from '#router/exchange';
import { createMemory, type Memory, type SessionClues } from '#router/memory';
import { decisionHeaders } from '#router/receipt';
import { decisionRecord, type RecordedExchange } from '#router/record';
import { RequestRun } from '#router/request-run';
import { createPresence, type Presence } from '#upstream/presence';

export interface RouterOptions {
  readonly effects: Effects;
  readonly generation: Generation;
  readonly dialects: Readonly<Record<DialectName, Dialect>>;
  readonly compileSchema: VerifyContext['compileSchema'];
  /** Lends models that share a GPU; absent: nothing is known of any. */
  readonly slots?: SlotSource | undefined;
  /** Absent: no opinion about code. */
  readonly syntax?: VerifyContext['syntax'];
  readonly feed: Feed;
  /** What metered tiers have cost since midnight UTC, as recorded. */
  readonly spentToday: Amount;
  /** Takes every finished record: store, metrics, log. Must not throw. */
  readonly onRecord: (record: DecisionRecord) => void;
  /** A tier refused its key. */
  readonly onUnauthorized: (tierId: string) => void;
  /** A bug of ours ended a request or an actor. */
  readonly onBug: (where: string, error: unknown) => void;
}

/** A request as the server hands it over. */
export interface Incoming {
  readonly id: string;
  readonly route: string;
  readonly caller: Dialect;
  readonly request: ModelRequest;
  readonly headers: Pick<Headers, 'get'>;
  readonly signal: AbortSignal;
  /** Clock and epoch milliseconds of arrival. */
  readonly arrivedAt: number;
  readonly arrivedWall: number;
  readonly token: string | undefined;
  /** The place in the router, given back when the request has ended. */
  readonly lease: Lease;
}

export type RefusedIncoming = Omit<Incoming, 'request' | 'headers' | 'signal'>;

/** A decision that nobody acts on. */
export interface Routed {
  readonly plan: Plan;
  readonly signals: HarnessSignals;
  readonly hints: readonly Hint[];
}

export interface RouterStatus {
  readonly ready: boolean;
  readonly state: string;
  readonly inFlight: number;
  readonly breakers: readonly BreakerStatus[];
}

/** One router process; the server feeds it, the entry layer starts and stops it. */
export class Router {
  readonly admission: Admission;
  readonly breakers: Breakers;
  readonly memory: Memory;
  readonly presence: Presence;
  /** Who lends models that share a GPU. */
  readonly slots: SlotSource | undefined;
  readonly #options: RouterOptions;
  readonly #runtime: Runtime;
  readonly #life;
  readonly #stopped = Promise.withResolvers<StopReason>();
  readonly #leases = new Map<string, Lease>();
  #generation: Generation;

  constructor(options: RouterOptions) {
    const { effects, generation, feed } = options;
    this.#options = options;
    this.slots = options.slots;
    this.#generation = generation;
    const actors: Actors = createActors({
      clock: effects.clock,
      onError: options.onBug,
      inspect: (actorId) => (feed.watched ? (event) => publishTransition(feed, actorId, event) : undefined),
    });
    const admission = createAdmission({ limits: generation.settings.limits, clock: effects.clock });
    this.admission = { ...admission, enter: () => this.#entered(admission.enter()) };
    this.breakers = createBreakers({
      settings: generation.settings,
      actors,
      onChange: ({ id, from, state, retryAfterMs }) => feed.publish('breaker', { id, from, state, retryAfterMs }),
    });
    this.memory = createMemory(generation.settings, effects, options.spentToday);
    this.presence = createPresence(effects);
    this.#runtime = {
      clock: effects.clock,
      actors,
      breakers: this.breakers,
      admission: this.admission,
      dialects: options.dialects,
      compileSchema: options.compileSchema,
      syntax: options.syntax,
      memory: this.memory,
      presence: this.presence,
      slots: options.slots,
      onUnauthorized: options.onUnauthorized,
      onBug: options.onBug,
      onRecord: (record, { session, request }, { settings }) => {
        if (session) this.memory.learn(record, session, request.facts, settings);
        this.#finished(record);
      },
    };
    this.#life = actors.start(routerMachine, {
      id: 'router',
      input: undefined,
      onEnd: () => this.#stopped.resolve(this.#life.getSnapshot().output?.reason ?? 'forced'),
    });
    this.#announce(generation);
  }

  /** The configuration that new requests start with. */
  get generation(): Generation {
    return this.#generation;
  }

  get ready(): boolean {
    return this.#life.getSnapshot().hasTag(READY);
  }

  status(): RouterStatus {
    return {
      ready: this.ready,
      state: String(this.#life.getSnapshot().value),
      inFlight: this.admission.inFlight(),
      breakers: this.breakers.snapshot(),
    };
  }

  /** Serves one request. Never rejects; the record follows when everything has ended. */
  async serve(incoming: Incoming): Promise<Response> {
    this.#leases.set(incoming.id, incoming.lease);
    const asked = readAsked(incoming.request, incoming.headers, this.#generation);
    if (isFailure(asked)) return this.#refuse(incoming, this.#generation, undefined, asked);
    const { signals, hints, generation } = asked;
    const session = this.memory.sessionOf(incoming, signals.requestClass);
    const exchange: Exchange = { ...incoming, session, signals, hints };
    const plan = this.#decide(incoming.request, session, asked, undefined);
    if (plan.refusal) return this.#refuse(exchange, generation, plan, plan.refusal);
    return new RequestRun(exchange, plan, generation, this.#runtime).start();
  }

  /** What would happen to this request, without doing any of it; a failure when its headers ask for nonsense. */
  route(clues: SessionClues, workClassHint: WorkClass | undefined): Routed | Failure {
    const asked = readAsked(clues.request, clues.headers, this.#generation);
    if (isFailure(asked)) return asked;
    const session = this.memory.sessionOf(clues, asked.signals.requestClass);
    const plan = this.#decide(clues.request, session, asked, workClassHint);
    return { plan, signals: asked.signals, hints: [...(plan.intent.hints ?? []), ...asked.hints] };
  }

  /** Answers and records a request that could not even be read. */
  refuseUnread(incoming: RefusedIncoming, refused: Failure): Response {
    this.#leases.set(incoming.id, incoming.lease);
    return this.#refuse(incoming, this.#generation, undefined, refused);
  }

  /** Puts a new configuration in force; requests under way keep theirs. */
  replace(generation: Generation): void {
    const before = this.#generation;
    this.#generation = generation;
    this.admission.reconfigure(generation.settings.limits);
    this.breakers.reconfigure(generation.settings);
    this.memory.reconfigure(generation.settings);
    for (const [tierId, session] of before.sessions) if (generation.sessions.get(tierId) !== session) session.close();
    this.#announce(generation);
  }

  /** Tells that a new configuration was refused; the one in force stays. */
  refused(reason: string): void {
    this.#life.send({ type: 'config.refused', reason });
    this.#options.feed.publish('config', { refused: reason });
  }

  /** Asks to leave: readiness goes at once; resolves when the last request ended, at the deadline, or asked again. */
  drain(): Promise<StopReason> {
    this.#life.send({ type: 'drain.request' });
    this.#options.feed.publish('lifecycle', { state: 'draining', inFlight: this.admission.inFlight() });
    this.#checkDrained();
    return this.#stopped.promise;
  }

  /** Ends every actor. Call it after `drain` has resolved. */
  stop(): void {
    this.breakers.stop();
    for (const session of this.#generation.sessions.values()) session.close();
  }

  #announce({ settings }: Generation): void {
    this.#life.send({ type: 'config.loaded', digest: settings.digest, drainMs: settings.limits.drainMs });
    this.#options.feed.publish('config', { digest: settings.digest, mapping: settings.mappingVersion });
  }

  #decide(
    { model, facts }: ModelRequest,
    session: SessionMark,
    { generation, signals, ask }: Asked,
    hint: WorkClass | undefined,
  ): Plan {
    return decide(
      { model, facts, signals, ask, ...(hint === undefined ? {} : { workClassHint: hint }) },
      generation,
      BUILT_IN_KEYWORDS,
      this.memory.estimator,
      this.#world(session, generation, ask?.firstByteMaxMs),
    );
  }

  #world(session: SessionMark, generation: Generation, firstByteMaxMs: number | undefined): World {
    return {
      ...(firstByteMaxMs === undefined
        ? {}
        : { firstByte: { maxMs: firstByteMaxMs, measuredMs: this.memory.firstByteMs } }),
      hasCredential: (tierId) => generation.keys.has(tierId),
      breaker: (tierId, workClass) => this.breakers.peek(tierId, workClass),
      unavailable: (tierId) => this.presence.absence(tierId),
      residency: (tier) => this.slots?.residency(tier),
      pace: (tier, workClass) => ({
        firstByteMs: this.memory.firstByteMs(tier),
        tokensPerSecond: this.memory.tokensPerSecond(tier),
        // Of a tier that is new to the class no other length may be assumed, or models were swapped for that alone.
        answerTokens: this.memory.answerTokens(tier, workClass) ?? this.memory.answerTokensOfAny(workClass),
      }),
      loadOf: (tierId) => {
        const { inFlight, waiting } = this.admission.loadOf(tierId);
        return { inFlight, queued: waiting };
      },
      ...this.memory.view(session),
    };
  }

  #refuse(exchange: RecordedExchange, generation: Generation, plan: Plan | undefined, refused: Failure): Response {
    const now = this.#options.effects.clock.now();
    const { settings } = generation;
    const told = tellIn(exchange.caller, exchange.id, exchange.token, settings);
    const response = failureResponse(told, refused, decisionHeaders(exchange.id, plan, settings));
    const record = decisionRecord({
      exchange,
      generation,
      plan,
      attempts: [],
      outcome: 'refused',
      status: response.status,
      failure: refused,
      decidedAt: plan ? now : undefined,
      firstByteAt: undefined,
      now,
    });
    this.#finished(record);
    return response;
  }

  #finished(record: DecisionRecord): void {
    this.#leases.get(record.id)?.release();
    this.#leases.delete(record.id);
    try {
      this.#options.onRecord(record);
    } catch (error) {
      this.#options.onBug(record.id, error);
    }
  }

  /** Whoever gives back the last place ends a drain, a request of an operator included. */
  #entered(place: Lease | 'overloaded'): Lease | 'overloaded' {
    if (place === 'overloaded') return place;
    const release = (): void => {
      place.release();
      this.#checkDrained();
    };
    return { release };
  }

  #checkDrained(): void {
    if (this.admission.inFlight() === 0 && this.#life.getSnapshot().matches('draining'))
      this.#life.send({ type: 'requests.drained' });
  }
}
