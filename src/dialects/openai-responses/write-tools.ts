/** Which tools is a Responses tier offered? Functions, by the names all dialects know them by. */
import type { Conversation, JsonObject, ToolChoice } from '#core/message';
import { defined } from '#dialects/json';
import type { Losses } from '#dialects/losses';
import { offersTools } from '#dialects/tool-choice';

/**
 * The tool fields of a Responses body. A function is strict here unless told otherwise, which in other dialects it is
 * not, so `strict` is always said.
 */
export const writeResponsesTools = (conversation: Conversation, losses: Losses): JsonObject => {
  const { tools, toolChoice, parallelToolCalls } = conversation;
  if (!offersTools(conversation, losses)) return {};
  return {
    tools: tools.map((tool) => {
      if (tool.cacheControl) losses.add('tools.cache_control');
      const { name, description, parameters, strict = false } = tool;
      return { type: 'function', name, ...defined({ description }), parameters, strict };
    }),
    ...(toolChoice ? { tool_choice: writeChoice(toolChoice) } : {}),
    ...defined({ parallel_tool_calls: parallelToolCalls }),
  };
};

const writeChoice = (choice: ToolChoice): unknown =>
  choice.kind === 'tool' ? { type: 'function', name: choice.name } : choice.kind;
