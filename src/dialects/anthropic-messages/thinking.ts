/** How is a Messages tier told to think, and what must give way then? */
import type { Conversation, JsonObject } from '#core/message';
import type { MessagesTierFacts } from '#dialects/anthropic-messages/tier-facts';
import { BUDGET_TOKENS_OF } from '#dialects/effort';
import { defined, objectsOf } from '#dialects/json';
import type { Losses } from '#dialects/losses';
import { isForcedChoice } from '#dialects/tool-choice';

const BUDGET_TOKENS_MIN = 1_024;
/** Share of the output cap that thinking may take, so that an answer fits behind it. */
const BUDGET_SHARE_MAX = 0.75;

/** A budget that leaves room for an answer under the cap; undefined when even the smallest legal one does not. */
export const fitBudget = (budgetTokens: number, maxTokens: number): number | undefined => {
  const fitting = Math.min(Math.max(budgetTokens, BUDGET_TOKENS_MIN), Math.floor(maxTokens * BUDGET_SHARE_MAX));
  return fitting >= BUDGET_TOKENS_MIN ? fitting : undefined;
};

export interface ThinkingFields {
  readonly thinking?: JsonObject;
  readonly effort?: string;
}

const THOUGHTS: ReadonlySet<unknown> = new Set(['thinking', 'redacted_thinking']);

/**
 * Within a tool loop a budget demands signed thinking in front of the calls, which another model's history lacks. One
 * whose proofs came back with the caller has it.
 */
const lacksThinking = (messages: readonly JsonObject[]): boolean => {
  if (!objectsOf(messages.at(-1)?.content).some((block) => block.type === 'tool_result')) return false;
  return !THOUGHTS.has(objectsOf(messages.at(-2)?.content)[0]?.type);
};

/**
 * Thinking fields for a conversation of another dialect; what cannot be asked is named as `thinking`.
 * @param messages as written for the tier
 */
export const writeThinking = (
  conversation: Conversation,
  messages: readonly JsonObject[],
  facts: MessagesTierFacts,
  maxTokens: number,
  losses: Losses,
): ThinkingFields => {
  const { thinking } = conversation;
  if (!thinking) return {};
  const lost = (): ThinkingFields => {
    losses.add('thinking');
    return {};
  };
  // Unasked, no model of the dialect thinks.
  if (!thinking.enabled) return {};
  // The service refuses thinking beside a forced tool.
  if (isForcedChoice(conversation.toolChoice)) return lost();
  if (facts.adaptiveThinking) {
    const effort = thinking.effort === 'minimal' ? 'low' : thinking.effort;
    // Newer models leave the text out unless it is asked for.
    return { thinking: { type: 'adaptive', display: 'summarized' }, ...defined({ effort }) };
  }
  if (facts.checksSignatures && lacksThinking(messages)) return lost();
  const wanted = thinking.budgetTokens ?? BUDGET_TOKENS_OF[thinking.effort ?? 'medium'];
  const budget = fitBudget(wanted, maxTokens);
  return budget === undefined ? lost() : { thinking: { type: 'enabled', budget_tokens: budget } };
};

/** Sampling fields as far as the model and its thinking allow them. */
export const writeSampling = (
  conversation: Conversation,
  facts: MessagesTierFacts,
  thinks: boolean,
  losses: Losses,
): JsonObject => {
  const { temperature, topP, topK, presencePenalty, frequencyPenalty, stop = [] } = conversation;
  if (presencePenalty) losses.add('presence_penalty');
  if (frequencyPenalty) losses.add('frequency_penalty');
  const spoken = stop.filter((text) => text.trim() !== '');
  if (spoken.length < stop.length) losses.add('stop.blank');
  const stops = spoken.length > 0 ? { stop_sequences: spoken } : {};
  const fixed = !facts.sampling || (thinks && facts.checksSignatures);
  if (fixed) {
    if (temperature !== undefined && temperature !== 1) losses.add('temperature');
    if (topP !== undefined && topP !== 1) losses.add('top_p');
    if (topK !== undefined) losses.add('top_k');
    return stops;
  }
  // Anthropic's own scale ends at 1, and it takes one of temperature and top_p.
  const capped = facts.checksSignatures && temperature !== undefined && temperature > 1;
  if (capped) losses.add('temperature');
  const onlyTemperature = facts.checksSignatures && temperature !== undefined && topP !== undefined;
  if (onlyTemperature && topP !== 1) losses.add('top_p');
  return {
    ...defined({
      temperature: capped ? 1 : temperature,
      top_p: onlyTemperature ? undefined : topP,
      top_k: topK,
    }),
    ...stops,
  };
};
