/** How is a conversation of another dialect asked of a Chat tier? Names everything that Chat has no place for. */
import type { UpstreamBody } from '#core/dialect';
import type { Conversation, JsonObject, ModelRequest, OutputFormat } from '#core/message';
import type { Tier } from '#core/tier';
import { lesser, withTierBody } from '#dialects/body-edit';
import { effortOfThinking } from '#dialects/effort';
import { countOf, defined } from '#dialects/json';
import { createLosses, type Losses } from '#dialects/losses';
import { writeChatMessages } from '#dialects/openai-chat/messages';
import { type ChatTierFacts, chatTierFacts } from '#dialects/openai-chat/tier-facts';
import { writeChatTools } from '#dialects/openai-chat/tools';
import { writeSchemaFormat } from '#dialects/output-format';

/** Body for a Chat tier from a conversation in another dialect. */
export const renderChat = (
  conversation: Conversation,
  request: ModelRequest,
  tier: Tier,
  stream: boolean,
): UpstreamBody => {
  const losses = createLosses(conversation.losses);
  const model = tier.model ?? request.model;
  const facts = chatTierFacts(tier, model);
  const cap = lesser(conversation.maxOutputTokens, tier.maxOutputTokens);
  const body = withTierBody(
    {
      model,
      messages: writeChatMessages(conversation, facts, losses),
      ...defined({ [facts.capName]: cap }),
      ...sampling(conversation, facts, losses),
      ...writeChatTools(conversation, losses),
      ...reasoning(conversation, facts, losses),
      ...(conversation.outputFormat ? { response_format: writeFormat(conversation.outputFormat) } : {}),
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
    },
    tier,
  );
  const maxOutputTokens = countOf(body.max_completion_tokens) ?? countOf(body.max_tokens);
  return { text: JSON.stringify(body), losses: losses.list(), maxOutputTokens };
};

const sampling = (conversation: Conversation, facts: ChatTierFacts, losses: Losses): JsonObject => {
  const { temperature, topP, topK, stop, presencePenalty, frequencyPenalty } = conversation;
  if (topK !== undefined && !facts.topK) losses.add('top_k');
  return defined({
    temperature,
    top_p: topP,
    top_k: facts.topK ? topK : undefined,
    stop,
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
  });
};

/** "No thinking" is what a server does unless told otherwise; there is no field for it that all of them know. */
const reasoning = ({ thinking }: Conversation, facts: ChatTierFacts, losses: Losses): JsonObject => {
  if (!thinking) return {};
  const effort = effortOfThinking(thinking);
  if (thinking.enabled && facts.reasoningEffort && effort) return { reasoning_effort: effort };
  losses.add('thinking');
  return {};
};

const writeFormat = (format: OutputFormat): JsonObject =>
  format.kind === 'json' ? { type: 'json_object' } : { type: 'json_schema', json_schema: writeSchemaFormat(format) };
