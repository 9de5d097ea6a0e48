/** How is a conversation of another dialect asked of a Messages tier? Names everything Messages has no place for. */
import type { UpstreamBody } from '#core/dialect';
import type { Conversation, JsonObject, ModelRequest } from '#core/message';
import type { Tier } from '#core/tier';
import { createWriterContext, writeMessages } from '#dialects/anthropic-messages/messages';
import { writeSampling, writeThinking } from '#dialects/anthropic-messages/thinking';
import { messagesTierFacts } from '#dialects/anthropic-messages/tier-facts';
import { writeMessagesTools } from '#dialects/anthropic-messages/tools';
import { lesser, withTierBody } from '#dialects/body-edit';
import { countOf } from '#dialects/json';
import { createLosses, type Losses } from '#dialects/losses';

/** Body for a Messages tier from a conversation in another dialect. */
export const renderMessages = (
  conversation: Conversation,
  request: ModelRequest,
  tier: Tier,
  stream: boolean,
): UpstreamBody => {
  const losses = createLosses(conversation.losses);
  const model = tier.model ?? request.model;
  const facts = messagesTierFacts(tier, model);
  const context = createWriterContext(facts, losses);
  const maxTokens = lesser(conversation.maxOutputTokens, tier.maxOutputTokens) ?? facts.unaskedOutputTokens;
  const tools = writeMessagesTools(conversation, context.mark, losses);
  const { system: told, messages } = writeMessages(conversation, context);
  const system = conversation.outputFormat?.kind === 'json' ? [...told, JSON_IN_WORDS] : told;
  const { thinking, effort } = writeThinking(conversation, messages, facts, maxTokens, losses);
  const config = { ...(effort ? { effort } : {}), ...writeFormat(conversation, losses) };
  const body = withTierBody(
    {
      model,
      max_tokens: maxTokens,
      ...(system.length > 0 ? { system } : {}),
      messages,
      ...tools,
      ...writeSampling(conversation, facts, thinking !== undefined, losses),
      ...(thinking ? { thinking } : {}),
      ...(Object.keys(config).length > 0 ? { output_config: config } : {}),
      stream,
    },
    tier,
  );
  return { text: JSON.stringify(body), losses: losses.list(), maxOutputTokens: countOf(body.max_tokens) };
};

/** Messages can be held to a schema, but not to "any JSON": that it is told. */
const JSON_IN_WORDS: JsonObject = { type: 'text', text: 'Answer with one JSON object and nothing else.' };

const writeFormat = ({ outputFormat }: Conversation, losses: Losses): JsonObject => {
  if (!outputFormat) return {};
  if (outputFormat.kind === 'json') {
    losses.add('response_format.json_object');
    return {};
  }
  if (outputFormat.name !== undefined) losses.add('response_format.name');
  return { format: { type: 'json_schema', schema: outputFormat.schema } };
};
