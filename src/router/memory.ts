/** What outlives a request: sessions with their affinity and spending, and each tier's tokens-per-character ratio. */
import { capReached, capText } from '#core/budget';
import { type Amount, chargeOf, isMetered, NOTHING } from '#core/cost';
import type { AttemptRecord, DecisionRecord } from '#core/decision';
import { workClassOf } from '#core/decision-facts';
import { expectedCharge } from '#core/estimate';
import type { ModelRequest, RequestFacts, Usage } from '#core/message';
import type { World } from '#core/readiness';
import type { RequestClass } from '#core/request-class';
import { type SessionMark, sessionOf } from '#core/session';
import type { BudgetSettings, Settings } from '#core/settings';
import type { Tier } from '#core/tier';
import type { WorkClass } from '#core/work-class';
import type { Effects } from '#platform/effects';
import { createAnswerLengths } from '#router/answer-lengths';
import { createEstimator, type Estimator } from '#router/estimator';
import { createLatency, type Latency, type Timed } from '#router/latency';
import { createPrefixMemory, type PrefixMemory } from '#router/prefix';
import { createSessions } from '#router/sessions';
import { createSpeed } from '#router/speed';
import { createSpend } from '#router/spend';

/** The part of a request that tells which session it belongs to. */
export interface SessionClues {
  readonly request: ModelRequest;
  readonly headers: Pick<Headers, 'get'>;
  readonly token: string | undefined;
}

/** Closes a reservation with what the attempt really used; nothing when it used nothing. */
export type SettleCharge = (usage: Usage | undefined) => void;

export interface Memory {
  readonly estimator: Estimator;
  readonly prefix: PrefixMemory;
  /** How long a tier's answers took to begin lately, in milliseconds; undefined before any was seen. */
  firstByteMs(tier: Timed): number | undefined;
  /** How long a tier's finished answers of a class are on average, in tokens; undefined before any was seen. */
  answerTokens(tier: Timed, workClass: WorkClass | undefined): number | undefined;
  /** The same over all tiers. */
  answerTokensOfAny(workClass: WorkClass | undefined): number | undefined;
  /** How fast a tier's answers came lately, in tokens per second; undefined before any was long enough to tell. */
  tokensPerSecond(tier: Timed): number | undefined;
  sessionOf(clues: SessionClues, requestClass?: RequestClass): SessionMark;
  /** What a decision may know of the session: who holds its prefix, and what is spent. */
  view(session: SessionMark): Pick<World, 'affinity' | 'spent'>;
  /** Sets aside what an attempt will probably cost; undefined on a tier that is free. */
  reserve(session: SessionMark, tier: Tier, facts: RequestFacts): SettleCharge | undefined;
  /** The spending limit that an attempt on this tier would pass now; undefined when there is none. */
  capReached(
    session: SessionMark,
    tier: Tier,
    facts: RequestFacts,
    budgets: BudgetSettings,
    spentByRequest?: Amount,
  ): string | undefined;
  /** Learns from a request that has ended. */
  learn(record: DecisionRecord, session: SessionMark, facts: RequestFacts, settings: Settings): void;
  reconfigure(settings: Settings): void;
}

/** Ends that say nothing against the tier: it may still hold the session's prefix. */
const KEEPS_PREFIX: ReadonlySet<AttemptRecord['outcome']> = new Set([
  'cancelled',
  'skipped-busy',
  'skipped-budget',
  'skipped-translation',
]);

const keepsPrefix = ({ outcome, failure }: AttemptRecord): boolean =>
  KEEPS_PREFIX.has(outcome) || failure === 'caller-error';

/** Longer than that may have been a load that a multiplexer elsewhere did not tell of: its head left before the model was there. */
const UNTOLD_MS = 10_000;

/** What of the time before its first part was the tier's own; undefined where nobody knows. */
const ownMs = (tookMs: number, { swapGroup }: Tier, { slot }: AttemptRecord): number | undefined => {
  if (slot !== undefined) return slot.elsewhere ? Math.max(0, tookMs - slot.waitedMs) : tookMs;
  return swapGroup !== undefined && tookMs >= UNTOLD_MS ? undefined : tookMs;
};

/** A tier that had not begun when its time for that was up is slower than it, by nobody knows how much. */
const learnLatency = (latency: Latency, tier: Tier, attempt: AttemptRecord): void => {
  const { firstPartMs, startedMs, endedMs, failure } = attempt;
  const ms = ownMs((firstPartMs ?? endedMs) - startedMs, tier, attempt);
  if (ms === undefined) return;
  if (firstPartMs !== undefined) latency.learn(tier, ms);
  else if (failure === 'timeout') latency.learnAtLeast(tier, ms);
};

/** @param spentToday charges since midnight UTC that an earlier process recorded */
export const createMemory = (
  settings: Settings,
  { clock, hash64 }: Pick<Effects, 'clock' | 'hash64'>,
  spentToday: Amount,
): Memory => {
  const sessions = createSessions(clock, settings.limits.sessionsMax);
  const spend = createSpend(clock, sessions, spentToday);
  const estimator = createEstimator();
  const latency = createLatency();
  const lengths = createAnswerLengths();
  const speed = createSpeed();
  const prefix = createPrefixMemory(settings.limits.sessionsMax);
  return {
    estimator,
    prefix,
    firstByteMs: latency.of,
    answerTokens: lengths.of,
    answerTokensOfAny: lengths.ofAny,
    tokensPerSecond: speed.of,
    sessionOf: ({ request, headers, token }, requestClass) =>
      sessionOf({
        header: (name) => headers.get(name),
        raw: request.raw,
        model: request.model,
        facts: request.facts,
        tokenName: token,
        requestClass,
        hash: hash64,
      }),
    view(session) {
      const affinity = sessions.affinity(session.id, session.lane);
      return { spent: spend.state(session.id), ...(affinity === undefined ? {} : { affinity }) };
    },
    reserve(session, tier, facts) {
      if (!isMetered(tier)) return undefined;
      const settle = spend.reserve(session.id, expectedCharge(tier, estimator.estimate(tier, facts), facts));
      return (usage) => settle(usage ? chargeOf(tier, usage) : NOTHING);
    },
    capReached(session, tier, facts, budgets, spentByRequest = NOTHING) {
      if (!isMetered(tier)) return undefined;
      const expected = expectedCharge(tier, estimator.estimate(tier, facts), facts);
      const reached = capReached(budgets, { ...spend.state(session.id), request: spentByRequest }, expected);
      return reached && capText(reached);
    },
    learn(record, session, facts, { tierById }) {
      const workClass = workClassOf(record);
      for (const attempt of record.attempts) {
        const tier = tierById.get(attempt.tier);
        // A call for one block, or for the rest of an answer, is sent more than the request and says less than an answer.
        if (tier && attempt.role === undefined) {
          if (attempt.usage && !attempt.usage.estimated) estimator.learn(tier, facts, attempt.usage);
          if (attempt.outcome === 'served') lengths.learn(tier, workClass, attempt.usage?.output ?? 0);
          learnLatency(latency, tier, attempt);
          speed.learn(tier, attempt);
        }
        if (attempt.outcome === 'served') sessions.served(session.id, session.lane, attempt.tier);
        else if (!keepsPrefix(attempt)) sessions.failed(session.id, session.lane, attempt.tier);
      }
    },
    reconfigure({ limits }) {
      sessions.resize(limits.sessionsMax);
      prefix.resize(limits.sessionsMax);
    },
  };
};
