/** How is a Messages tier told to think, and what must give way then? */
import type { Conversation, JsonObject } from '#core/message';
import type { MessagesTierFacts } from '#dialects/anthropic-messages/tier-facts';
import { BUDGET_TOKENS_OF } from '#dialects/effort';
import { defined, objectsOf } from '#dialects/json';
import type { Losses } from '#dialects/losses';

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

/** The service refuses thinking beside a forced tool. */
const isForced = ({ toolChoice }: Conversation): boolean =>
  toolChoice?.kind === 'required' || toolChoice?.kind === 'tool';

/** Within a tool loop a budget demands signed thinking in front of the calls, which another model's history lacks. */
const inToolLoop = (messages: readonly JsonObject[]): boolean =>
  objectsOf(messages.at(-1)?.content).some((block) => block.type === 'tool_result');

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
  if (!thinking.enabled || isForced(conversation)) return lost();
  if (facts.adaptiveThinking) {
    const effort = thinking.effort === 'minimal' ? 'low' : thinking.effort;
    // Newer models leave the text out unless it is asked for.
    return { thinking: { type: 'adaptive', display: 'summarized' }, ...defined({ effort }) };
  }
  if (facts.checksSignatures && inToolLoop(messages)) return lost();
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
  if (spoken.length < stop.length) losses.add('stop');
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
