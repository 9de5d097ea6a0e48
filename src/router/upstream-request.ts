/** What one candidate is sent: URL, headers, body and deadlines, in its own dialect. */
import type { PrefixRecord } from '#core/decision';
import type { Dialect, UpstreamBody } from '#core/dialect';
import { outputCap, type PromptEstimate } from '#core/estimate';
import { hardLoss, notedLosses } from '#core/loss';
import type { Conversation } from '#core/message';
import type { Candidate } from '#core/plan';
import type { SlotSource } from '#core/residency';
import type { Tier } from '#core/tier';
import { type Rescue, textOf } from '#router/continuation';
import type { Exchange, Generation, Runtime } from '#router/exchange';
import type { StableRequest } from '#router/prefix';
import type { Hurries, UpstreamCall } from '#upstream/relay';

export interface UpstreamRequest {
  readonly call: UpstreamCall;
  readonly dialect: Dialect;
  /** Bytes pass in both directions as they are, but for targeted edits. */
  readonly sameDialect: boolean;
  /** Model name the tier is asked for. */
  readonly model: string;
  /** For the record; harmless ones are left out. */
  readonly losses: readonly string[];
  /** A field without which this tier must not be asked; undefined when it may be. */
  readonly uncarried: string | undefined;
  /** The tier cannot go on with the answer that is to be saved. */
  readonly unsaved: boolean;
  /** What was changed for the sake of the tier's prefix cache. */
  readonly prefix: PrefixRecord | undefined;
}

const BY_CALLER: Hurries = { 'first byte': 'which the caller asked for' };
const BY_OPERATOR: Hurries = { total: 'which is all that a question for one block may take' };

/**
 * Milliseconds a tier has for its first byte: reading a long prompt takes an engine time in proportion.
 * Never more than the attempt's total, nor than the caller asked for.
 */
export const firstByteMs = ({ tier }: Candidate, promptTokens: number, loadMs = 0): number =>
  Math.min(ownFirstByteMs(tier, promptTokens, loadMs), tier.deadlines.firstByteMaxMs ?? Number.POSITIVE_INFINITY);

/** Added where a multiplexer elsewhere has to load the model first, beyond twice the time it expects to take. */
const LOAD_SLACK_MS = 30_000;

/** Milliseconds that a tier may be silent because its model is not loaded yet; 0 when it is, or nothing is known of it. */
const loadMsOf = (tier: Tier, slots: SlotSource | undefined): number => {
  const residency = tier.swapGroup === undefined ? undefined : slots?.residency(tier);
  return residency && residency.readyInMs > 0 ? 2 * residency.readyInMs + LOAD_SLACK_MS : 0;
};

/** Which deadlines others have shortened. @param ownMs what the tier itself would have until its first byte */
const hurriesOf = ({ deadlines }: Tier, ownMs: number, totalMs: number): Hurries | undefined => {
  const early = deadlines.firstByteMaxMs !== undefined && deadlines.firstByteMaxMs < ownMs;
  const short = totalMs < deadlines.totalMs;
  if (!early && !short) return undefined;
  return { ...(early ? BY_CALLER : {}), ...(short ? BY_OPERATOR : {}) };
};

const ownFirstByteMs = ({ deadlines }: Tier, promptTokens: number, loadMs: number): number => {
  const { firstByteMs: base, firstBytePer1kTokensMs: per1k, totalMs } = deadlines;
  return Math.min(totalMs, loadMs + base + (per1k * promptTokens) / 1000);
};

/** Whether a tier streams to us although the caller wants one document. */
const asksForStream = ({ tier, checks }: Candidate): boolean =>
  tier.upstreamStream === 'always' || (tier.upstreamStream === 'auto' && checks !== 'none');

/** Of several answers only the first is judged and collected, so they are had from a tier whose bytes pass as they are. */
const mayHaveChoices = (candidate: Candidate, sameDialect: boolean, callerStreams: boolean): boolean =>
  sameDialect && candidate.checks === 'none' && (callerStreams || !asksForStream(candidate));

/**
 * The tier with its output limit lowered to what its window leaves beside the prompt. Harnesses ask for more output than
 * a small window holds, and engines refuse such a request instead of answering within what is left.
 */
const fitted = (tier: Tier, estimate: PromptEstimate, asked: number | undefined): Tier => {
  const wanted = Math.min(asked ?? Number.POSITIVE_INFINITY, tier.maxOutputTokens ?? Number.POSITIVE_INFINITY);
  const cap = outputCap(tier, estimate, asked);
  return cap !== undefined && cap < wanted ? { ...tier, maxOutputTokens: cap } : tier;
};

/** The caller's request; its beginning kept stable for a tier that has a prefix cache to gain by it. */
const asTierReads = ({ request, session }: Exchange, tier: Tier, { memory }: Pick<Runtime, 'memory'>): StableRequest =>
  tier.stablePrefix ? memory.prefix.stabilise(session, request) : { request, record: undefined };

/** The question that saves an answer: for its failed block, or for the rest of its text. Undefined: not of this tier. */
const savingBody = (dialect: Dialect, body: UpstreamBody, tier: Tier, saves: Rescue): UpstreamBody | undefined =>
  saves.kind === 'ask-again'
    ? dialect.guide?.(body, saves.block, tier)
    : dialect.carryOn?.(body, textOf(saves.prior.parts), tier);

/** A question for one block may not take longer than the operator allows. */
const deadlinesOf = ({ deadlines }: Tier, saves: Rescue | undefined, askAgainMs: number): Tier['deadlines'] =>
  saves?.kind === 'ask-again' ? { ...deadlines, totalMs: Math.min(deadlines.totalMs, askAgainMs) } : deadlines;

/** Builds the request for one candidate. `conversation` is called only when bytes cannot pass as they are. */
export const upstreamRequest = (
  exchange: Exchange,
  candidate: Candidate,
  generation: Generation,
  runtime: Pick<Runtime, 'dialects' | 'memory' | 'slots'>,
  conversation: () => Conversation,
  saves?: Rescue,
): UpstreamRequest => {
  const { caller } = exchange;
  const { tier } = candidate;
  const { request, record: prefix } = asTierReads(exchange, tier, runtime);
  const estimate = runtime.memory.estimator.estimate(tier, request.facts);
  const dialect = runtime.dialects[tier.dialect];
  const target = fitted(tier, estimate, request.facts.maxOutputTokens ?? dialect.unaskedOutputTokens);
  const sameDialect = dialect.name === caller.name && (dialect.understands?.(request, tier) ?? true);
  const stream = request.stream || asksForStream(candidate);
  const body = sameDialect
    ? dialect.forward(request, target, stream)
    : dialect.render(prefix ? caller.conversation(request) : conversation(), request, target, stream);
  const saving = saves ? savingBody(dialect, body, tier, saves) : body;
  const loadMs = loadMsOf(tier, runtime.slots);
  const deadlines = deadlinesOf(tier, saves, generation.settings.repair.askAgainMs);
  const several = request.facts.choices !== undefined && !mayHaveChoices(candidate, sameDialect, request.stream);
  return {
    dialect,
    sameDialect,
    model: tier.model ?? request.model,
    losses: notedLosses(body.losses),
    uncarried: hardLoss(body.losses) ?? (several ? 'n' : undefined),
    unsaved: saving === undefined,
    prefix,
    call: {
      url: dialect.endpoint(tier.baseUrl),
      headers: dialect.headers(generation.keys.get(tier.id)),
      body: (saving ?? body).text,
      deadlines,
      firstByteMs: firstByteMs(candidate, estimate.best, loadMs),
      hurried: hurriesOf(tier, ownFirstByteMs(tier, estimate.best, loadMs), deadlines.totalMs),
      stream,
    },
  };
};
