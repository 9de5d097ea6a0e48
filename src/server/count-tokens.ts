/** How many tokens would this Messages request be? Counted for the tier that would serve it; nothing is generated. */
import type { Dialect } from '#core/dialect';
import { promptChars } from '#core/estimate';
import { type Failure, type FailureKind, isFailure } from '#core/failure';
import type { JsonObject, ModelRequest } from '#core/message';
import type { Plan } from '#core/plan';
import type { Tier } from '#core/tier';
import { readJsonBody } from '#server/body';
import type { ServerContext } from '#server/context';
import { json } from '#server/operator';

export interface CountDialects {
  /** Reads the request: Anthropic Messages. */
  readonly messages: Dialect;
  /** Writes the prompt for engines that count: Chat Completions. */
  readonly chat: Dialect;
}

export const countPath = (messages: Pick<Dialect, 'path'>): string => `${messages.path}/count_tokens`;

/** A request to count sets no cap; one to generate must. 0 is legal and reserves nothing. */
const withCap = (value: JsonObject): JsonObject =>
  value.max_tokens === undefined || value.max_tokens === null ? { ...value, max_tokens: 0 } : value;

/** A prompt is counted whether or not a tier may serve it; a name that is refused stands for no tier. */
const NAME_REFUSALS: ReadonlySet<FailureKind> = new Set(['not-found', 'bad-request']);

/** The tier of the first candidate; without one, the first of the pool, so that a prompt too long is counted as well. */
const tierOf = ({ candidates, intent }: Plan, tierById: ReadonlyMap<string, Tier>): Tier | undefined =>
  candidates[0]?.tier ?? tierById.get(intent.pool[0] ?? '');

/** The engine's own count, where it has a way and the prompt is text only: media are tokens it would have to load. */
const countedBy = (
  tier: Tier,
  request: ModelRequest,
  { messages, chat }: CountDialects,
  { router, tokenCounter }: ServerContext,
): Promise<number | undefined> => {
  const { keys, sessions } = router.generation;
  const session = sessions.get(tier.id);
  const { modalities } = request.facts;
  if (session === undefined || modalities.length > 0) return Promise.resolve(undefined);
  return tokenCounter.count({
    tier,
    session,
    chars: promptChars(request.facts),
    headers: chat.headers(keys.get(tier.id)),
    chat: () => JSON.parse(chat.render(messages.conversation(request), request, tier, false).text) as JsonObject,
  });
};

/**
 * `POST /v1/messages/count_tokens`. Answers with the count of the engine that would serve the request if that is to be
 * had at once, else with the estimate learned from what that tier reported. It leaves no decision record, only a count in
 * the metrics: nothing is decided for anybody, and one `/context` of Claude Code asks two dozen times.
 */
export const countTokens = async (
  context: ServerContext,
  dialects: CountDialects,
  request: Request,
  token: string | undefined,
): Promise<Response | Failure> => {
  const { router, effects } = context;
  const { settings } = router.generation;
  const body = await readJsonBody(request, settings.limits, effects.clock);
  if (isFailure(body)) return body;
  const value = withCap(body.value);
  const read = dialects.messages.readRequest(value, body.text);
  if (isFailure(read)) return read;
  const routed = router.route({ request: read, headers: request.headers, token }, undefined);
  if (isFailure(routed)) return routed;
  const { plan } = routed;
  if (plan.refusal && NAME_REFUSALS.has(plan.refusal.kind)) return plan.refusal;
  const tier = tierOf(plan, settings.tierById);
  const counted = tier && (await countedBy(tier, read, dialects, context));
  context.tokenCounts[counted === undefined ? 'estimate' : 'engine'] += 1;
  if (tier && counted !== undefined) router.memory.estimator.learn(tier, read.facts, { input: counted, output: 0 });
  return json({ input_tokens: Math.max(1, counted ?? plan.promptTokens.best) });
};
