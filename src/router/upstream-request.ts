/** What one candidate is sent: URL, headers, body and deadlines, in its own dialect. */
import type { Dialect } from '#core/dialect';
import type { Conversation } from '#core/message';
import type { Candidate, Plan } from '#core/plan';
import type { Exchange, Generation, Runtime } from '#router/exchange';
import type { UpstreamCall } from '#upstream/relay';

export interface UpstreamRequest {
  readonly call: UpstreamCall;
  readonly dialect: Dialect;
  readonly sameDialect: boolean;
  /** Model name the tier is asked for. */
  readonly model: string;
  readonly losses: readonly string[];
  /** Output cap the tier was given, in tokens. */
  readonly maxOutputTokens: number | undefined;
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

/** Builds the request for one candidate. `conversation` is called only when the dialects differ. */
export const upstreamRequest = (
  exchange: Exchange,
  plan: Plan,
  candidate: Candidate,
  generation: Generation,
  runtime: Pick<Runtime, 'dialects'>,
  conversation: () => Conversation,
): UpstreamRequest => {
  const { request, caller } = exchange;
  const { tier } = candidate;
  const dialect = runtime.dialects[tier.dialect];
  const sameDialect = dialect.name === caller.name;
  const stream = request.stream || asksForStream(candidate);
  const body = sameDialect
    ? dialect.forward(request, tier, stream)
    : dialect.render(conversation(), request, tier, stream);
  return {
    dialect,
    sameDialect,
    model: tier.model ?? request.model,
    losses: body.losses,
    maxOutputTokens: body.maxOutputTokens,
    call: {
      url: dialect.endpoint(tier.baseUrl),
      headers: dialect.headers(generation.keys.get(tier.id)),
      body: body.text,
      deadlines: tier.deadlines,
      firstByteMs: firstByteMs(candidate, plan.promptTokens.best),
      stream,
    },
  };
};
