/** Does a request force a tool, and is that tool on offer? What a tier cannot be forced to do, it must not be asked. */
import type { ToolChoice, ToolDefinition } from '#core/message';

/** Whether the answer must call a tool. */
export const isForcedChoice = (choice: ToolChoice | undefined): boolean =>
  choice?.kind === 'required' || choice?.kind === 'tool';

/** False when the one tool that must be called is not among those a tier can be offered. */
export const isOnOffer = (choice: ToolChoice | undefined, tools: readonly ToolDefinition[]): boolean =>
  choice?.kind !== 'tool' || tools.some((tool) => tool.name === choice.name);
