/** The hands of one request: performs what its machine decides, and answers the caller exactly once. */
import type { AttemptRecord, RequestOutcome, SlotRecord } from '#core/decision';
import { chargedBy, wasSent } from '#core/decision-facts';
import { type AttemptFailure, type Failure, failure } from '#core/failure';
import type { Conversation } from '#core/message';
import type { Candidate, Plan } from '#core/plan';
import {
  type Approach,
  type RequestEnding,
  type RequestEvent,
  type RequestPort,
  requestLogic,
} from '#machines/request.machine';
import type { Lease, Refusal } from '#router/admission';
import { Attempt } from '#router/attempt';
import { attemptInput } from '#router/attempt-input';
import { attemptOutcomeOf, breakerOutcomeOf, EVICTED, notePresence } from '#router/attempt-outcome';
import { type Rescue, savingRole } from '#router/continuation';
import { tellIn } from '#router/error-response';
import type { Exchange, Generation, Runtime } from '#router/exchange';
import { Ledger } from '#router/ledger';
import { machineInput } from '#router/machine-input';
import type { SettleCharge } from '#router/memory';
import { closingComment, decisionHeaders, servedHeaders } from '#router/receipt';
import { answerClassOf, attemptRecord, billOf, type EndedAttempt, skipRecord } from '#router/record';
import { Reply } from '#router/reply';
import { isUnseated, NO_PLACE, type Seat, type Seating, type Sitter, takeSeat } from '#router/seat';

/** The attempt that holds the floor. */
interface Current extends EndedAttempt {
  readonly lease: Lease;
  readonly settleCharge: SettleCharge | undefined;
}

/** One request under way: create it, `start` it, await the response. The record follows when everything has ended. */
export class RequestRun implements RequestPort {
  readonly #exchange: Exchange;
  readonly #plan: Plan;
  readonly #generation: Generation;
  readonly #runtime: Runtime;
  readonly #reply: Reply;
  readonly #ledger: Ledger;
  readonly #onCallerGone = (): void => this.#callerGone();
  readonly #onCrash = (error: unknown): void => this.#crash(error);
  #send: (event: RequestEvent) => void = () => undefined;
  #conversation: Conversation | undefined;
  #current: Current | undefined;
  /** Gives up a tier whose model is waited for, or that is being looked for; idempotent. */
  #stopWaiting: (() => void) | undefined;
  #served: Current | undefined;
  /** How the attempt that has just failed can be saved. */
  #rescue: Rescue | undefined;
  /** An attempt reads until the first piece of it leaves; the caller's pull must not read beside it. */
  #opening = false;
  #committed = false;
  #delivered = false;
  #settled = false;
  #firstByteAt: number | undefined;

  constructor(exchange: Exchange, plan: Plan, generation: Generation, runtime: Runtime) {
    this.#exchange = exchange;
    this.#plan = plan;
    this.#generation = generation;
    this.#runtime = runtime;
    this.#ledger = new Ledger(exchange, plan, generation, runtime.clock.now());
    const { hold } = generation.settings;
    this.#reply = new Reply(
      {
        told: tellIn(exchange.caller, exchange.id, exchange.token, generation.settings),
        clock: runtime.clock,
        keepaliveEveryMs: hold.keepaliveEveryMs,
        keepsAlive: hold.keepaliveAfterMs !== undefined,
      },
      {
        pump: () =>
          this.#committed && !this.#opening ? this.#current?.attempt.pump().catch(this.#onCrash) : undefined,
        gone: this.#onCallerGone,
      },
    );
  }

  /** Starts the machine. Resolves with the one response; never rejects. */
  start(): Promise<Response> {
    const { request, signal, id } = this.#exchange;
    if (signal.aborted) {
      this.settle({ outcome: 'cancelled', headCommitted: false, deadlinePassed: false });
      return this.#reply.response;
    }
    signal.addEventListener('abort', this.#onCallerGone, { once: true });
    this.#runtime.actors.start(requestLogic, {
      id,
      input: machineInput(this.#plan, this.#generation.settings, request.stream, this),
      onError: this.#onCrash,
    });
    return this.#reply.response;
  }

  // ---- what the machine asks for -------------------------------------------------------------------------------

  openAttempt(index: number, approach: Approach, send: (event: RequestEvent) => void): void {
    this.#send = send;
    if (approach === 'fresh') this.#rescue = undefined;
    else this.#reply.keepAlive();
    const candidate = this.#plan.candidates[index];
    if (!candidate) throw new Error(`candidate ${index} of ${this.#plan.candidates.length}`);
    const { tier } = candidate;
    if (tier.contextLimit <= this.#ledger.windowTooSmall) {
      this.#skip(candidate, 'skipped-window', `its window of ${tier.contextLimit} tokens is too small as well`);
      return;
    }
    const unaffordable = this.#unaffordable(candidate);
    if (unaffordable !== undefined) {
      this.#skip(candidate, 'skipped-budget', unaffordable);
      return;
    }
    const admission = this.#runtime.breakers.admit(tier.id, this.#gate(candidate), this.#exchange.id);
    if (!admission.ok) {
      this.#skip(candidate, 'skipped-breaker', `its ${admission.breaker} breaker is open`);
      return;
    }
    const place = this.#runtime.admission.acquire(tier.id, tier.maxConcurrency, this.#exchange.signal);
    if (place instanceof Promise) void place.then((given) => this.#seat(candidate, given));
    else this.#seat(candidate, place);
  }

  cancelAttempt(): void {
    this.#stopWaiting?.();
    const current = this.#current;
    if (!current) return;
    current.attempt.cancel();
    this.#report(current.candidate, 'neutral');
    this.#close(current, 'cancelled', undefined);
  }

  commitHead(): void {
    this.#reply.beginEarly(this.#headers());
    this.#reply.keepAlive();
  }

  settle(ending: RequestEnding): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#send = () => undefined;
    this.#exchange.signal.removeEventListener('abort', this.#onCallerGone);
    this.#reply.stop();
    const failed = this.#ledger.failureOf(ending);
    const status = failed ? this.#reply.refuse(failed, this.#headers()) : this.#conclude(ending.outcome);
    this.#record(ending.outcome, status, failed);
  }

  // ---- one attempt ---------------------------------------------------------------------------------------------

  #gate(candidate: Candidate) {
    const { intent } = this.#plan;
    return intent.exact || candidate.checks === 'none' ? undefined : (candidate.workClass ?? intent.workClass);
  }

  #report(candidate: Candidate, outcome: Parameters<Runtime['breakers']['report']>[3], retryAfterMs?: number): void {
    const gate = this.#gate(candidate);
    this.#runtime.breakers.report(candidate.tier.id, gate, this.#exchange.id, outcome, retryAfterMs);
  }

  #skip(candidate: Candidate, outcome: Parameters<typeof skipRecord>[1], detail: string, slot?: SlotRecord): void {
    const at = this.#runtime.clock.now() - this.#exchange.arrivedAt;
    this.#ledger.attempts.push(skipRecord(candidate, outcome, detail, at, slot));
    this.#send({ type: 'attempt.skipped' });
  }

  #seat(candidate: Candidate, place: Lease | Refusal): void {
    if (typeof place !== 'string' && !this.#settled) {
      void this.#attempt(candidate, place);
      return;
    }
    this.#report(candidate, 'neutral');
    if (typeof place !== 'string') place.release();
    else if (!this.#settled) this.#skip(candidate, 'skipped-busy', NO_PLACE[place]);
  }

  async #attempt(candidate: Candidate, place: Lease): Promise<void> {
    let lease = place;
    try {
      const seating = takeSeat(candidate.tier, place, this.#runtime, () => this.#sitter());
      const seat = 'done' in seating ? await this.#awaitSeat(candidate, seating) : seating;
      if (!seat) return;
      lease = seat.lease;
      await this.#ask(candidate, seat);
    } catch (error) {
      lease.release();
      if (!this.#current) this.#report(candidate, 'neutral');
      this.#crash(error);
    }
  }

  #sitter(): Sitter {
    return {
      id: this.#exchange.id,
      request: this.#exchange.request,
      swapGroups: this.#generation.settings.swapGroups,
      onLongWait: () => this.#send({ type: 'wait.lasted' }),
    };
  }

  /** Undefined when the tier was passed over, or the request has ended. */
  async #awaitSeat(candidate: Candidate, seating: Seating): Promise<Seat | undefined> {
    this.#stopWaiting = () => {
      seating.giveUp();
      this.#report(candidate, 'neutral');
    };
    const seat = await seating.done;
    this.#stopWaiting = undefined;
    if (!isUnseated(seat) && !this.#settled) return seat;
    if (!isUnseated(seat)) seat.lease.release();
    else if (!this.#settled) {
      this.#report(candidate, 'neutral');
      this.#ledger.note(seat.failure, candidate);
      this.#skip(candidate, seat.unseated, seat.failure.detail, seat.slot);
    }
    return undefined;
  }

  async #ask(candidate: Candidate, { lease, slot, cut }: Seat): Promise<void> {
    const runtime = this.#runtime;
    const unaffordable = this.#unaffordable(candidate);
    if (unaffordable !== undefined) return this.#decline(candidate, lease, 'skipped-budget', unaffordable);
    const startedAt = runtime.clock.now();
    const { upstream, input } = attemptInput(
      this.#exchange,
      this.#plan,
      candidate,
      this.#generation,
      runtime,
      () => this.#typed(),
      this.#rescue,
    );
    if (upstream.uncarried !== undefined) {
      this.#ledger.uncarried ??= upstream.uncarried;
      const detail = `its dialect cannot carry \`${upstream.uncarried}\``;
      return this.#decline(candidate, lease, 'skipped-translation', detail);
    }
    if (upstream.unsaved)
      return this.#decline(candidate, lease, 'skipped-rescue', 'its engine cannot go on with the answer that stands');
    const attempt = new Attempt(input, {
      release: (pieces) => this.#release(pieces),
      completed: () => this.#completed(),
      failed: (failed, rescue) => this.#failed(failed, rescue),
    });
    this.#current = {
      candidate,
      model: upstream.model,
      losses: upstream.losses,
      prefix: upstream.prefix,
      startedAt,
      attempt,
      lease,
      settleCharge: this.#reserve(candidate),
      slot,
      ...savingRole(this.#rescue),
    };
    cut?.addEventListener('abort', () => attempt.breakOff(EVICTED), { once: true });
    this.#opening = true;
    await attempt.pump();
    this.#opening = false;
  }

  /** Passes over a tier that holds a place already. */
  #decline(candidate: Candidate, lease: Lease, outcome: Parameters<typeof skipRecord>[1], detail: string): void {
    lease.release();
    this.#report(candidate, 'neutral');
    this.#skip(candidate, outcome, detail);
  }

  /**
   * Budgets are checked again at the turn of each tier, and once more when the money is set aside: other requests may
   * have spent it since the plan, and during the wait for a place.
   */
  #unaffordable({ tier }: Candidate): string | undefined {
    const { session, request } = this.#exchange;
    const { budgets } = this.#generation.settings;
    return (
      session &&
      this.#runtime.memory.capReached(session, tier, request.facts, budgets, chargedBy(this.#ledger.attempts))
    );
  }

  #reserve({ tier }: Candidate): SettleCharge | undefined {
    const { session, request } = this.#exchange;
    const { memory } = this.#runtime;
    return session && memory.reserve(session, tier, request.facts);
  }

  #typed(): Conversation {
    this.#conversation ??= this.#exchange.caller.conversation(this.#exchange.request);
    return this.#conversation;
  }

  #release(pieces: readonly Uint8Array[]): void {
    this.#opening = false;
    if (!this.#exchange.request.stream) {
      this.#reply.collect(pieces);
      return;
    }
    if (!this.#committed) this.#commit();
    this.#reply.push(pieces);
  }

  #commit(): void {
    this.#committed = true;
    this.#firstByteAt = this.#runtime.clock.now();
    this.#send({ type: 'attempt.committed' });
    this.#reply.begin(this.#headers());
  }

  #completed(): void {
    const current = this.#current;
    if (!current) return;
    this.#report(current.candidate, 'success');
    this.#close(current, 'served', undefined);
    this.#served = current;
    this.#delivered = true;
    if (this.#exchange.request.stream) {
      if (!this.#committed) this.#commit();
      this.#reply.say(closingComment(this.#exchange.id, billOf(this.#ledger.attempts)));
      this.#reply.end();
    }
    this.#send({ type: 'attempt.completed' });
  }

  #failed(failed: AttemptFailure, rescue: Rescue | undefined): void {
    const current = this.#current;
    if (!current) return;
    this.#ledger.note(failed, current.candidate);
    this.#report(current.candidate, breakerOutcomeOf(failed), failed.retryAfterMs);
    if (failed.kind === 'unauthorized') this.#runtime.onUnauthorized(current.candidate.tier.id);
    this.#close(current, attemptOutcomeOf(failed, this.#committed), failed);
    this.#rescue = rescue;
    this.#send({ type: 'attempt.failed', failure: failed, ...(rescue ? { rescue: rescue.kind } : {}) });
  }

  /** Ends the floor of an attempt: its place is given back and its record written. */
  #close(current: Current, outcome: AttemptRecord['outcome'], failed: AttemptFailure | undefined): void {
    this.#current = undefined;
    current.lease.release();
    notePresence(this.#runtime.presence, current, failed);
    const record = attemptRecord(current, outcome, failed, {
      arrivedAt: this.#exchange.arrivedAt,
      now: this.#runtime.clock.now(),
      promptTokens: this.#plan.promptTokens.best,
      answerTokensMean: this.#runtime.memory.answerTokens(current.candidate.tier, answerClassOf(this.#plan)),
    });
    current.settleCharge?.(record.usage);
    this.#ledger.attempts.push(record);
  }

  // ---- the caller ----------------------------------------------------------------------------------------------

  #callerGone(): void {
    if (!this.#delivered) this.#send({ type: 'caller.gone' });
  }

  /** The receipt so far: who serves is known once an attempt holds the floor or has delivered. */
  #headers(): Record<string, string> {
    const base = decisionHeaders(this.#exchange.id, this.#plan, this.#generation.settings);
    const { attempts } = this.#ledger;
    const serving = this.#served ?? (this.#committed ? this.#current : undefined);
    if (!serving) return { ...base, 'x-anvil-attempts': String(attempts.filter(wasSent).length) };
    return servedHeaders(base, serving, attempts, serving === this.#served);
  }

  /** Returns the status the caller saw. */
  #conclude(outcome: RequestOutcome): number {
    if (outcome !== 'finished') return this.#reply.abandon();
    if (this.#exchange.request.stream) return 200;
    this.#firstByteAt = this.#runtime.clock.now();
    this.#reply.sendWhole(this.#headers());
    return 200;
  }

  #record(outcome: RequestOutcome, status: number, failed: Failure | undefined): void {
    const now = this.#runtime.clock.now();
    const record = this.#ledger.record({ outcome, status, failure: failed, firstByteAt: this.#firstByteAt, now });
    this.#runtime.onRecord(record, this.#exchange, this.#generation);
  }

  /** A bug of ours: the caller gets an internal error, the operator the cause. */
  #crash(error: unknown): void {
    if (this.#settled) return;
    this.#runtime.onBug(this.#exchange.id, error);
    this.cancelAttempt();
    this.#settled = true;
    // The machine, if it still runs, ends as well: nobody may speak after this.
    this.#send({ type: 'caller.gone' });
    this.#exchange.signal.removeEventListener('abort', this.#onCallerGone);
    const failed = failure('internal', 'internal error', { detail: 'a bug in the router; see the log' });
    const status = this.#reply.refuse(failed, this.#headers());
    const outcome = this.#committed ? 'broken' : 'exhausted';
    this.#record(outcome, status, failed);
  }
}
