/** How is a conversation of another dialect asked of a Responses tier? Names everything that Responses has no place for. */
import type { UpstreamBody } from '#core/dialect';
import type { Conversation, JsonObject, ModelRequest, OutputFormat } from '#core/message';
import type { Tier } from '#core/tier';
import { lesser, withTierBody } from '#dialects/body-edit';
import { effortOfThinking } from '#dialects/effort';
import { countOf, defined } from '#dialects/json';
import { createLosses, type Losses } from '#dialects/losses';
import { type ResponsesTierFacts, responsesTierFacts } from '#dialects/openai-responses/tier-facts';
import { writeItems } from '#dialects/openai-responses/write-items';
import { writeResponsesTools } from '#dialects/openai-responses/write-tools';
import { writeSchemaFormat } from '#dialects/output-format';

/** Body for a Responses tier from a conversation in another dialect. Nothing is left to the server's memory. */
export const renderResponses = (
  conversation: Conversation,
  request: ModelRequest,
  tier: Tier,
  stream: boolean,
): UpstreamBody => {
  const losses = createLosses(conversation.losses);
  const model = tier.model ?? request.model;
  const facts = responsesTierFacts(tier, model);
  const asked = lesser(conversation.maxOutputTokens, tier.maxOutputTokens);
  const { instructions, input } = writeItems(conversation, facts, losses);
  const body = withTierBody(
    {
      model,
      ...defined({ instructions }),
      input,
      ...defined({ max_output_tokens: asked === undefined ? undefined : Math.max(asked, facts.capTokensMin) }),
      ...sampling(conversation, facts, tier, losses),
      ...writeResponsesTools(conversation, losses),
      ...reasoning(conversation, facts, losses),
      ...(conversation.outputFormat ? { text: { format: writeFormat(conversation.outputFormat) } } : {}),
      store: false,
      stream,
    },
    tier,
  );
  return { text: JSON.stringify(body), losses: losses.list(), maxOutputTokens: countOf(body.max_output_tokens) };
};

/** Of the fields that Responses itself lacks, a tier gets those that its `forward` names. */
const sampling = (conversation: Conversation, facts: ResponsesTierFacts, tier: Tier, losses: Losses): JsonObject => {
  const { temperature, topP, topK, stop, presencePenalty, frequencyPenalty } = conversation;
  if (!facts.sampling) {
    if (temperature !== undefined && temperature !== 1) losses.add('temperature');
    if (topP !== undefined && topP !== 1) losses.add('top_p');
  }
  const beyond = { top_k: topK, stop, presence_penalty: presencePenalty, frequency_penalty: frequencyPenalty };
  const taken: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(beyond)) {
    if (value === undefined || value === 0) continue;
    if (tier.forward.includes(name) || (name === 'top_k' && facts.topK)) taken[name] = value;
    else losses.add(name);
  }
  return { ...(facts.sampling ? defined({ temperature, top_p: topP }) : {}), ...taken };
};

/** The payload is asked for wherever the tier may reason: the next turn has to bring it along, as nothing is stored. */
const reasoning = ({ thinking }: Conversation, facts: ResponsesTierFacts, losses: Losses): JsonObject => {
  const include = { include: ['reasoning.encrypted_content'] };
  const unasked = facts.alwaysReasons ? include : {};
  if (!thinking) return unasked;
  if (!thinking.enabled || !facts.reasoning) {
    losses.add('thinking');
    return unasked;
  }
  const effort = effortOfThinking(thinking);
  return { reasoning: { ...defined({ effort }), summary: 'auto' }, ...include };
};

const writeFormat = (format: OutputFormat): JsonObject =>
  format.kind === 'json' ? { type: 'json_object' } : { type: 'json_schema', ...writeSchemaFormat(format) };
