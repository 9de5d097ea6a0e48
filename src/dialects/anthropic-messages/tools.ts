/** Which tools may the model use? Tool definitions and tool choice of Messages, read and written. */
import type { Conversation, JsonObject, ToolChoice, ToolDefinition } from '#core/message';
import { isOffered, isServerTool, type NamedTools } from '#dialects/anthropic-messages/named-tools';
import { defined, isObject, objectsOf, stringOr, textOf } from '#dialects/json';
import type { Losses } from '#dialects/losses';
import { offersTools } from '#dialects/tool-choice';
import { createToolNames, offerPlain, type ToolNames, uniqueTools } from '#dialects/tool-names';

export interface ReadTools {
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: ToolChoice | undefined;
  readonly parallelToolCalls: boolean | undefined;
}

/** Flat names of the tools of a body, deferred ones included, for the calls in the history. */
export const messagesToolNames = (raw: JsonObject): ToolNames => {
  const names = createToolNames();
  for (const tool of objectsOf(raw.tools)) {
    if (!isServerTool(tool) && typeof tool.name === 'string') names.offer(undefined, tool.name);
  }
  return names;
};

/**
 * Tools and choice of a Messages body. Server tools run at Anthropic and have no neutral form. A deferred tool is offered
 * once the conversation names it; until then it is a placeholder that no other server would understand.
 * @param named tools that the history brought in or took away
 * @param names of `messagesToolNames`
 */
export const readMessagesTools = (raw: JsonObject, named: NamedTools, names: ToolNames, losses: Losses): ReadTools => {
  const tools: ToolDefinition[] = [];
  for (const tool of objectsOf(raw.tools)) {
    if (isServerTool(tool) || typeof tool.name !== 'string') losses.add(`tools.${stringOr(tool.type, 'entry')}`);
    else if (!isOffered(tool, named)) losses.add('tools.deferred');
    else tools.push(readTool(tool, offerPlain(names, tool.name)));
  }
  return { tools: uniqueTools(tools), ...readChoice(raw.tool_choice, names, losses) };
};

const readTool = (tool: JsonObject, named: Pick<ToolDefinition, 'name' | 'origin'>): ToolDefinition => ({
  ...named,
  parameters: isObject(tool.input_schema) ? tool.input_schema : { type: 'object' },
  ...defined({
    description: textOf(tool.description),
    strict: typeof tool.strict === 'boolean' ? tool.strict : undefined,
    cacheControl: isObject(tool.cache_control) ? tool.cache_control : undefined,
  }),
});

const readChoice = (value: unknown, names: ToolNames, losses: Losses): Omit<ReadTools, 'tools'> => {
  if (!isObject(value)) return { toolChoice: undefined, parallelToolCalls: undefined };
  const parallelToolCalls = value.disable_parallel_tool_use === true ? false : undefined;
  switch (value.type) {
    case 'auto':
    case 'none':
      return { toolChoice: { kind: value.type }, parallelToolCalls };
    case 'any':
      return { toolChoice: { kind: 'required' }, parallelToolCalls };
    case 'tool':
      return {
        toolChoice: { kind: 'tool', name: names.called(undefined, stringOr(value.name, '')) },
        parallelToolCalls,
      };
    default:
      losses.add('tool_choice');
      return { toolChoice: undefined, parallelToolCalls };
  }
};

/** The tool fields of a Messages body. */
export const writeMessagesTools = (
  conversation: Conversation,
  mark: (cacheControl: JsonObject | undefined) => JsonObject,
  losses: Losses,
): JsonObject => {
  const { tools, toolChoice, parallelToolCalls } = conversation;
  if (!offersTools(conversation, losses)) return {};
  const choice = toolChoice ?? (parallelToolCalls === false ? { kind: 'auto' as const } : undefined);
  return {
    tools: tools.map((tool) => {
      if (tool.strict) losses.add('tools.strict');
      const { name, description, parameters } = tool;
      return {
        name,
        ...defined({ description }),
        input_schema: asObjectSchema(parameters),
        ...mark(tool.cacheControl),
      };
    }),
    ...(choice ? { tool_choice: writeChoice(choice, parallelToolCalls) } : {}),
  };
};

/** Messages requires `type: "object"` at the root, which Chat servers let a caller leave out. */
const asObjectSchema = (schema: JsonObject): JsonObject =>
  schema.type === 'object' ? schema : { ...schema, type: 'object' };

const CHOICE_TYPES = { auto: 'auto', none: 'none', required: 'any', tool: 'tool' } as const;

const writeChoice = (choice: ToolChoice, parallelToolCalls: boolean | undefined): JsonObject => ({
  type: CHOICE_TYPES[choice.kind],
  ...(choice.kind === 'tool' ? { name: choice.name } : {}),
  ...(parallelToolCalls === false && choice.kind !== 'none' ? { disable_parallel_tool_use: true } : {}),
});
