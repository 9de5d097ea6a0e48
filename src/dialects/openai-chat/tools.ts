/** Which tools may the model use? Tool definitions and tool choice of Chat Completions, read and written. */
import type { Conversation, JsonObject, ToolChoice, ToolDefinition } from '#core/message';
import { defined, isObject, objectsOf, stringOr, textOf } from '#dialects/json';
import type { Losses } from '#dialects/losses';
import { offersTools } from '#dialects/tool-choice';
import { createToolNames, offerPlain, type ToolNames, uniqueTools } from '#dialects/tool-names';

export interface ReadTools {
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: ToolChoice | undefined;
  /** For the calls in the history. */
  readonly names: ToolNames;
}

/** Tools and choice of a Chat body; hosted and custom tools have no neutral form and are named as losses. */
export const readChatTools = (raw: JsonObject, losses: Losses): ReadTools => {
  const names = createToolNames();
  const tools = objectsOf(raw.tools).flatMap((tool) => {
    const read = readTool(tool, names);
    if (!read) losses.add(`tools.${stringOr(tool.type, 'entry')}`);
    return read ? [read] : [];
  });
  return { tools: uniqueTools(tools), toolChoice: readChoice(raw.tool_choice, names, losses), names };
};

const readTool = (tool: JsonObject, names: ToolNames): ToolDefinition | undefined => {
  const offered = tool.function;
  if ((tool.type ?? 'function') !== 'function' || !isObject(offered)) return undefined;
  return {
    ...offerPlain(names, stringOr(offered.name, '')),
    parameters: isObject(offered.parameters) ? offered.parameters : { type: 'object', properties: {} },
    ...defined({
      description: textOf(offered.description),
      strict: typeof offered.strict === 'boolean' ? offered.strict : undefined,
      cacheControl: isObject(tool.cache_control) ? tool.cache_control : undefined,
    }),
  };
};

const readChoice = (value: unknown, names: ToolNames, losses: Losses): ToolChoice | undefined => {
  if (value === undefined || value === null) return undefined;
  if (value === 'auto' || value === 'none' || value === 'required') return { kind: value };
  if (isObject(value) && isObject(value.function) && typeof value.function.name === 'string') {
    return { kind: 'tool', name: names.called(undefined, value.function.name) };
  }
  losses.add('tool_choice');
  return undefined;
};

/** The tool fields of a Chat body. */
export const writeChatTools = (conversation: Conversation, losses: Losses): JsonObject => {
  const { tools, toolChoice, parallelToolCalls } = conversation;
  if (!offersTools(conversation, losses)) return {};
  return {
    tools: tools.map((tool) => {
      if (tool.cacheControl) losses.add('tools.cache_control');
      if (tool.strict) losses.add('tools.strict');
      const { name, description, parameters } = tool;
      return { type: 'function', function: { name, ...defined({ description }), parameters } };
    }),
    ...(toolChoice ? { tool_choice: writeChoice(toolChoice) } : {}),
    ...defined({ parallel_tool_calls: parallelToolCalls }),
  };
};

const writeChoice = (choice: ToolChoice): unknown =>
  choice.kind === 'tool' ? { type: 'function', function: { name: choice.name } } : choice.kind;
