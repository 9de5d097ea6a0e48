/** What one candidate is sent: URL, headers, body and deadlines, in its own dialect. */
import type { Dialect } from '#core/dialect';
import { outputCap, type PromptEstimate } from '#core/estimate';
import type { Conversation } from '#core/message';
import type { Candidate } from '#core/plan';
import type { Tier } from '#core/tier';
import type { Exchange, Generation, Runtime } from '#router/exchange';
import type { UpstreamCall } from '#upstream/relay';

export interface UpstreamRequest {
  readonly call: UpstreamCall;
  readonly dialect: Dialect;
  readonly sameDialect: boolean;
  /** Model name the tier is asked for. */
  readonly model: string;
  readonly losses: readonly string[];
}

/**
 * Milliseconds a tier has for its first byte: reading a long prompt takes an engine time in proportion.
 * Never more than the attempt's total.
 */
export const firstByteMs = (candidate: Candidate, promptTokens: number): number => {
  const { firstByteMs: base, firstBytePer1kTokensMs: per1k, totalMs } = candidate.tier.deadlines;
  return Math.min(totalMs, base + (per1k * promptTokens) / 1000);
};

/** Whether a tier streams to us although the caller wants one document. */
const asksForStream = ({ tier, checks }: Candidate): boolean =>
  tier.upstreamStream === 'always' || (tier.upstreamStream === 'auto' && checks !== 'none');

/**
 * The tier with its output limit lowered to what its window leaves beside the prompt. Harnesses ask for more output than
 * a small window holds, and engines refuse such a request instead of answering within what is left.
 */
const fitted = (tier: Tier, estimate: PromptEstimate, asked: number | undefined): Tier => {
  const wanted = Math.min(asked ?? Number.POSITIVE_INFINITY, tier.maxOutputTokens ?? Number.POSITIVE_INFINITY);
  const cap = outputCap(tier, estimate, asked);
  return cap !== undefined && cap < wanted ? { ...tier, maxOutputTokens: cap } : tier;
};

/** Builds the request for one candidate. `conversation` is called only when the dialects differ. */
export const upstreamRequest = (
  exchange: Exchange,
  candidate: Candidate,
  generation: Generation,
  runtime: Pick<Runtime, 'dialects' | 'memory'>,
  conversation: () => Conversation,
): UpstreamRequest => {
  const { request, caller } = exchange;
  const { tier } = candidate;
  const estimate = runtime.memory.estimator.estimate(tier, request.facts);
  const target = fitted(tier, estimate, request.facts.maxOutputTokens);
  const dialect = runtime.dialects[tier.dialect];
  const sameDialect = dialect.name === caller.name;
  const stream = request.stream || asksForStream(candidate);
  const body = sameDialect
    ? dialect.forward(request, target, stream)
    : dialect.render(conversation(), request, target, stream);
  return {
    dialect,
    sameDialect,
    model: tier.model ?? request.model,
    losses: body.losses,
    call: {
      url: dialect.endpoint(tier.baseUrl),
      headers: dialect.headers(generation.keys.get(tier.id)),
      body: body.text,
      deadlines: tier.deadlines,
      firstByteMs: firstByteMs(candidate, estimate.best),
      stream,
    },
  };
};
