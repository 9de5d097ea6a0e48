/** What one attempt is given: the call for its tier, how its answer is judged, and how it is spoken to the caller. */
import type { Conversation } from '#core/message';
import type { Candidate, Plan } from '#core/plan';
import type { AttemptInput } from '#router/attempt';
import type { Exchange, Generation, Runtime } from '#router/exchange';
import { type UpstreamRequest, upstreamRequest } from '#router/upstream-request';
import { RequestVerifyContext } from '#router/verify-context';

export interface PreparedAttempt {
  readonly upstream: UpstreamRequest;
  readonly input: AttemptInput;
}

/**
 * @param conversation the caller's conversation in typed blocks, built only if asked for
 * @throws Error when the generation has no connection pool for the tier, which is a bug
 */
export const attemptInput = (
  exchange: Exchange,
  plan: Plan,
  candidate: Candidate,
  generation: Generation,
  runtime: Runtime,
  conversation: () => Conversation,
): PreparedAttempt => {
  const { request, caller } = exchange;
  const { settings } = generation;
  const session = generation.sessions.get(candidate.tier.id);
  if (!session) throw new Error(`tier ${candidate.tier.id} has no session`);
  const upstream = upstreamRequest(exchange, candidate, generation, runtime, conversation);
  const echoes = settings.responseModel === 'echo';
  const input: AttemptInput = {
    candidate,
    dialect: upstream.dialect,
    call: upstream.call,
    session,
    clock: runtime.clock,
    bytesMax: settings.hold.bytesMax,
    verify: new RequestVerifyContext(request, conversation, runtime.compileSchema),
    speaker: {
      caller,
      sameDialect: upstream.sameDialect,
      callerStreams: request.stream,
      echoModel: echoes && upstream.model !== request.model,
      context: {
        responseId: exchange.id.slice(exchange.id.indexOf('_') + 1),
        model: echoes ? request.model : upstream.model,
        created: Math.floor(exchange.arrivedWall / 1000),
        promptTokens: plan.promptTokens.best,
        includeUsage: caller.wantsUsage(request),
        toolOrigin: (name) => conversation().tools.find((tool) => tool.name === name)?.origin,
      },
    },
  };
  return { upstream, input };
};
