/** Which tools does a Responses request offer? Functions, members of namespaces and custom tools, under flat names. */
import type { JsonObject, ToolChoice, ToolDefinition, ToolOrigin } from '#core/message';
import { defined, isObject, listOf, objectsOf, stringOr, textOf } from '#dialects/json';
import type { Losses } from '#dialects/losses';
import { inputItems, isToolCarrier } from '#dialects/openai-responses/items';
import { CUSTOM_ARGUMENT, createToolNames, type ToolNames } from '#dialects/tool-names';

/** Tool entries as sent: those of the body, then those that items of the input bring along. */
export const toolEntries = (raw: JsonObject): readonly unknown[] => [
  ...listOf(raw.tools),
  ...inputItems(raw).flatMap((item) => (isToolCarrier(item) ? listOf(item.tools) : [])),
];

interface OfferedTool {
  readonly tool: JsonObject;
  readonly namespace: string | undefined;
  /** What is said about the whole namespace; with its first member only. */
  readonly about: string | undefined;
}

/**
 * The callable tools by flat name. A tool that is defined again keeps its place and takes the newer definition.
 * @param onHosted hears the types of tools that run on a server of their own, and are not offered
 */
const offeredTools = (
  raw: JsonObject,
  names: ToolNames,
  onHosted: (type: string) => void,
): ReadonlyMap<string, OfferedTool> => {
  const offered = new Map<string, OfferedTool>();
  const take = (tool: JsonObject, namespace: string | undefined, about: string | undefined): void => {
    const callable = tool.type === 'function' || tool.type === 'custom';
    if (!callable || typeof tool.name !== 'string') onHosted(stringOr(tool.type, 'entry'));
    else offered.set(names.offer(namespace, tool.name), { tool, namespace, about });
  };
  for (const entry of objectsOf(toolEntries(raw))) {
    if (entry.type !== 'namespace') take(entry, undefined, undefined);
    else {
      for (const [index, member] of objectsOf(entry.tools).entries()) {
        take(member, textOf(entry.name), index === 0 ? textOf(entry.description) : undefined);
      }
    }
  }
  return offered;
};

/** Flat names of the callable tools, in order. */
export const responsesToolNames = (raw: JsonObject): readonly string[] => [
  ...offeredTools(raw, createToolNames(), () => undefined).keys(),
];

export interface ReadTools {
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: ToolChoice | undefined;
  /** For the calls in the history. */
  readonly names: ToolNames;
}

/** Tools and choice of a Responses body; hosted tools have no neutral form and are named as losses. */
export const readResponsesTools = (raw: JsonObject, losses: Losses): ReadTools => {
  const names = createToolNames();
  const offered = offeredTools(raw, names, (type) => losses.add(`tools.${type}`));
  const tools = [...offered].map(([name, entry]) => readTool(name, entry, losses));
  return { ...readChoice(raw.tool_choice, tools, names, losses), names };
};

const readTool = (name: string, { tool, namespace, about }: OfferedTool, losses: Losses): ToolDefinition => {
  const custom = tool.type === 'custom';
  if (tool.defer_loading === true) losses.add('tools.defer_loading');
  const own = custom ? customDescription(tool, losses) : textOf(tool.description);
  const shared = about === undefined ? [] : [`All tools of "${namespace}": ${about}`];
  const description = [...shared, ...(own === undefined ? [] : [own])].join('\n\n');
  const called = stringOr(tool.name, '');
  const known = !custom && namespace === undefined && called === name;
  const origin: ToolOrigin = { name: called, ...defined({ namespace }), kind: custom ? 'custom' : 'function' };
  return {
    name,
    ...(known ? {} : { origin }),
    ...(description === '' ? {} : { description }),
    parameters: custom ? CUSTOM_PARAMETERS : isObject(tool.parameters) ? tool.parameters : NO_PARAMETERS,
    ...defined({ strict: typeof tool.strict === 'boolean' ? tool.strict : undefined }),
  };
};

const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} };

const CUSTOM_PARAMETERS: JsonObject = {
  type: 'object',
  properties: { [CUSTOM_ARGUMENT]: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
  required: [CUSTOM_ARGUMENT],
  additionalProperties: false,
};

/** A grammar cannot be enforced on a function's argument; the model is at least told of it. */
const customDescription = (tool: JsonObject, losses: Losses): string => {
  const form = `The tool takes free text: give all of it as the string \`${CUSTOM_ARGUMENT}\`.`;
  const described = [...(textOf(tool.description) === undefined ? [] : [textOf(tool.description)]), form];
  const format = isObject(tool.format) ? tool.format : {};
  if (format.type === 'grammar') {
    losses.add('tools.format');
    described.push(
      `It has to match this grammar (${stringOr(format.syntax, 'unnamed')}):\n${stringOr(format.definition, '')}`,
    );
  }
  return described.join('\n\n');
};

// ---- choice -----------------------------------------------------------------------------------------------------

type Choice = Pick<ReadTools, 'tools' | 'toolChoice'>;

const readChoice = (value: unknown, tools: readonly ToolDefinition[], names: ToolNames, losses: Losses): Choice => {
  if (value === undefined || value === null) return { tools, toolChoice: undefined };
  if (value === 'auto' || value === 'none' || value === 'required') return { tools, toolChoice: { kind: value } };
  if (isObject(value)) {
    const name = nameOf(value, names);
    if (name !== undefined) return { tools, toolChoice: { kind: 'tool', name } };
    if (value.type === 'allowed_tools') return allow(value, tools, names, losses);
  }
  losses.add('tool_choice');
  return { tools, toolChoice: undefined };
};

const nameOf = (choice: JsonObject, names: ToolNames): string | undefined =>
  (choice.type === 'function' || choice.type === 'custom') && typeof choice.name === 'string'
    ? names.called(textOf(choice.namespace), choice.name)
    : undefined;

/** Other dialects cannot hold tools back, so the model is offered the allowed ones only. */
const allow = (choice: JsonObject, tools: readonly ToolDefinition[], names: ToolNames, losses: Losses): Choice => {
  const allowed = new Set(objectsOf(choice.tools).map((entry) => nameOf(entry, names)));
  if (allowed.has(undefined)) losses.add('tool_choice.tools');
  return {
    tools: tools.filter(({ name }) => allowed.has(name)),
    toolChoice: { kind: choice.mode === 'required' ? 'required' : 'auto' },
  };
};
