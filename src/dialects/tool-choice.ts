/** Does a request force a tool, and is that tool on offer? What a tier cannot be forced to do, it must not be asked. */
import type { Conversation, ToolChoice, ToolDefinition } from '#core/message';
import type { Losses } from '#dialects/losses';

/** Whether the answer must call a tool. */
export const isForcedChoice = (choice: ToolChoice | undefined): boolean =>
  choice?.kind === 'required' || choice?.kind === 'tool';

/** False when the one tool that must be called is not among those a tier can be offered. */
const isOnOffer = (choice: ToolChoice | undefined, tools: readonly ToolDefinition[]): boolean =>
  choice?.kind !== 'tool' || tools.some((tool) => tool.name === choice.name);

/** Whether there are tools to offer at all; a choice that cannot be met with them is named as lost. */
export const offersTools = ({ tools, toolChoice }: Conversation, losses: Losses): boolean => {
  const unmet = tools.length === 0 ? isForcedChoice(toolChoice) : !isOnOffer(toolChoice, tools);
  if (unmet) losses.add('tool_choice');
  return tools.length > 0;
};
