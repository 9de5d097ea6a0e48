/** What is written down about an attempt and about a request, once each has ended. */
import { costOf } from '#core/cost';
import type {
  AttemptOutcome,
  AttemptRecord,
  DecisionRecord,
  PrefixRecord,
  RequestOutcome,
  SlotRecord,
  StoppedRecord,
} from '#core/decision';
import { servingAttempt } from '#core/decision-facts';
import type { AttemptFailure, Failure } from '#core/failure';
import type { Usage } from '#core/message';
import { type Candidate, isUnproven, type Plan } from '#core/plan';
import { soundUsage } from '#core/usage';
import type { WorkClass } from '#core/work-class';
import type { Attempt, AttemptProgress } from '#router/attempt';
import type { Exchange, Generation } from '#router/exchange';

/** Characters per token assumed for a tier's answer that came without usage. */
const CHARS_PER_TOKEN = 3.6;

/**
 * The tier's own numbers, or an estimate marked as one; undefined when nothing was generated. Some tiers open a stream
 * with a count that holds for its first moment only, so an answer that broke off counts for what came of it.
 */
export const usageOf = (progress: AttemptProgress, promptTokens: number): Usage | undefined => {
  const { usage, finished, firstPartAt } = progress;
  const output = Math.ceil(progress.outputChars / CHARS_PER_TOKEN) + progress.skimmedEvents;
  const estimate: Usage = { input: promptTokens, output, estimated: true };
  if (usage && (finished || usage.output >= output)) return soundUsage(usage, estimate);
  return firstPartAt === undefined
    ? undefined
    : { ...soundUsage(usage ?? estimate, estimate), output, estimated: true };
};

export interface EndedAttempt {
  readonly candidate: Candidate;
  readonly model: string;
  readonly losses: readonly string[];
  readonly prefix: PrefixRecord | undefined;
  readonly startedAt: number;
  readonly attempt: Attempt;
  /** It went on behind an answer before it. */
  readonly role?: NonNullable<AttemptRecord['role']> | undefined;
  /** With a role: characters of that answer that stand. */
  readonly keptChars?: number | undefined;
  /** How it came by its model. */
  readonly slot?: SlotRecord | undefined;
}

/** What an attempt is measured against. */
export interface AttemptFrame {
  /** Clock milliseconds. */
  readonly arrivedAt: number;
  readonly now: number;
  readonly promptTokens: number;
  /** Mean output tokens of the tier's finished answers of this class; undefined before any was seen. */
  readonly answerTokensMean?: number | undefined;
}

const since = (arrivedAt: number, at: number): number => Math.round((at - arrivedAt) * 1000) / 1000;

/** The class whose answers an answer is compared with: the same that `workClassOf` finds in the record. */
export const answerClassOf = ({ intent }: Plan): WorkClass =>
  intent.gateClass ?? intent.workClass ?? intent.inferred.workClass;

/**
 * Undefined unless proof stopped the answer while it was being generated. What a finished answer has beyond it on average
 * is less than what this one probably had left: it had already come so far.
 */
const stoppedRecord = (
  { finished, saidAll, outputChars }: AttemptProgress,
  failure: AttemptFailure | undefined,
  usage: Usage | undefined,
  answerTokensMean: number | undefined,
): StoppedRecord | undefined => {
  if (failure?.kind !== 'rejected' || finished || saidAll) return undefined;
  const spentTokens = usage?.output ?? 0;
  return {
    atChars: outputChars,
    spentTokens,
    ...(answerTokensMean === undefined
      ? {}
      : { savedTokensEstimated: Math.max(0, Math.round(answerTokensMean) - spentTokens) }),
  };
};

/** Record of an attempt that reached its tier. */
export const attemptRecord = (
  ended: EndedAttempt,
  outcome: AttemptOutcome,
  failure: AttemptFailure | undefined,
  frame: AttemptFrame,
): AttemptRecord => {
  const { candidate, attempt } = ended;
  const { progress } = attempt;
  const usage = usageOf(progress, frame.promptTokens);
  const losses = [...ended.losses, ...attempt.answerLosses()];
  const mends = attempt.mends();
  const stopped = stoppedRecord(progress, failure, usage, frame.answerTokensMean);
  const status = failure?.upstreamStatus ?? progress.status;
  const slot = ended.slot ?? progress.slot;
  return {
    tier: candidate.tier.id,
    model: ended.model,
    privacy: candidate.tier.privacy,
    verdict: candidate.verdict,
    hold: candidate.hold,
    outcome,
    ...(failure ? { failure: failure.kind, detail: failure.detail } : {}),
    ...(status === undefined ? {} : { upstreamStatus: status }),
    verifiers: attempt.verifierResults(),
    startedMs: since(frame.arrivedAt, ended.startedAt),
    ...(progress.headersAt === undefined ? {} : { headersMs: since(frame.arrivedAt, progress.headersAt) }),
    ...(progress.firstPartAt === undefined ? {} : { firstPartMs: since(frame.arrivedAt, progress.firstPartAt) }),
    endedMs: since(frame.arrivedAt, frame.now),
    ...(usage ? { usage } : {}),
    costUsd: usage ? costOf(usage, candidate.tier.prices) : 0,
    ...(losses.length > 0 ? { losses } : {}),
    ...(ended.prefix ? { prefix: ended.prefix } : {}),
    bytesHeldMax: attempt.heldBytesMax(),
    ...(mends.length > 0 ? { mends } : {}),
    ...(ended.role ? { role: ended.role } : {}),
    ...(ended.keptChars === undefined ? {} : { keptChars: ended.keptChars }),
    ...(slot ? { slot: failure?.evicted ? { ...slot, cut: true } : slot } : {}),
    ...(stopped ? { stopped } : {}),
  };
};

/** Record of a candidate that was passed over at its turn. */
export const skipRecord = (
  candidate: Candidate,
  outcome: Extract<AttemptOutcome, `skipped-${string}`>,
  detail: string,
  atMs: number,
  slot?: SlotRecord,
): AttemptRecord => ({
  tier: candidate.tier.id,
  model: candidate.tier.model ?? '',
  privacy: candidate.tier.privacy,
  verdict: candidate.verdict,
  hold: candidate.hold,
  outcome,
  detail,
  verifiers: [],
  startedMs: atMs,
  endedMs: atMs,
  costUsd: 0,
  bytesHeldMax: 0,
  ...(slot ? { slot } : {}),
});

/** As much of an exchange as a record needs; a request that could not be read has no `request`. */
export type RecordedExchange = Omit<Exchange, 'request' | 'signal' | 'session'> &
  Partial<Pick<Exchange, 'request' | 'session'>>;

export interface RecordInput {
  readonly exchange: RecordedExchange;
  readonly generation: Generation;
  readonly plan: Plan | undefined;
  readonly attempts: readonly AttemptRecord[];
  readonly outcome: RequestOutcome;
  readonly status: number;
  readonly failure: Failure | undefined;
  /** Clock milliseconds. */
  readonly decidedAt: number | undefined;
  readonly firstByteAt: number | undefined;
  readonly now: number;
}

const intentRecord = (plan: Plan): NonNullable<DecisionRecord['intent']> => {
  const { intent } = plan;
  return {
    source: intent.source,
    ...(intent.preset === undefined ? {} : { preset: intent.preset }),
    ...(intent.workClass === undefined ? {} : { workClass: intent.workClass }),
    ...(intent.gateClass === undefined ? {} : { gateClass: intent.gateClass }),
    inferredClass: intent.inferred.workClass,
    confidence: intent.inferred.confidence,
    ambiguous: intent.ambiguous,
    evidence: intent.inferred.evidence,
    ...(intent.note === undefined ? {} : { note: intent.note }),
  };
};

/** Wishes beside the model name: those about the intent as the plan took them, then limits. */
const hintsOf = ({ hints }: RecordedExchange, plan: Plan | undefined): Pick<DecisionRecord, 'hints'> => {
  const all = [...(plan?.intent.hints ?? []), ...(hints ?? [])];
  return all.length === 0 ? {} : { hints: all };
};

const servedBy = ({ candidates }: Plan, tierId: string | undefined): readonly Candidate[] =>
  candidates.filter(({ tier }) => tier.id === tierId);

/** Who served, and what all attempts cost: of a record, and for the closing comment that leaves before there is one. */
export const billOf = (
  attempts: readonly AttemptRecord[],
): Pick<DecisionRecord, 'attempts' | 'servedTier' | 'servedModel' | 'usage' | 'costUsd'> => {
  const served = servingAttempt({ attempts });
  let costUsd = 0;
  for (const attempt of attempts) costUsd += attempt.costUsd;
  return {
    attempts,
    ...(served ? { servedTier: served.tier, servedModel: served.model } : {}),
    ...(served?.usage ? { usage: served.usage } : {}),
    costUsd,
  };
};

/** The one record of a request, however it ended. */
export const decisionRecord = (input: RecordInput): DecisionRecord => {
  const { exchange, plan, generation, failure } = input;
  const { settings } = generation;
  const bill = billOf(input.attempts);
  return {
    id: exchange.id,
    at: exchange.arrivedWall,
    route: exchange.route,
    dialect: exchange.caller.name,
    modelAsked: exchange.request?.model ?? '',
    stream: exchange.request?.stream ?? false,
    ...(exchange.token === undefined ? {} : { token: exchange.token }),
    ...(exchange.session === undefined ? {} : { session: exchange.session.id }),
    ...exchange.signals,
    ...hintsOf(exchange, plan),
    ...(plan ? { intent: intentRecord(plan), promptTokensEstimated: plan.promptTokens.best } : {}),
    candidates: (plan?.candidates ?? []).map(({ tier, verdict, hold, why }) => ({ tier: tier.id, verdict, hold, why })),
    exclusions: plan?.exclusions ?? [],
    unproven: plan !== undefined && (plan.unproven || servedBy(plan, bill.servedTier).some(isUnproven)),
    outcome: input.outcome,
    status: input.status,
    ...(failure ? { failure: failure.kind } : {}),
    ...(failure?.detail === undefined ? {} : { detail: failure.detail }),
    ...bill,
    stages: {
      ...(input.decidedAt === undefined ? {} : { decidedMs: since(exchange.arrivedAt, input.decidedAt) }),
      ...(input.firstByteAt === undefined ? {} : { firstByteMs: since(exchange.arrivedAt, input.firstByteAt) }),
      endedMs: since(exchange.arrivedAt, input.now),
    },
    mapping: settings.mappingVersion,
    config: settings.digest,
    ...(settings.mode === undefined ? {} : { mode: settings.mode }),
  };
};
