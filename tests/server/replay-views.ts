/** What does a recorded request hold, and what did its caller see of the answer? The same views for every dialect. */
import { expect } from 'bun:test';
import type { DialectName } from '#core/message';
import type { Recording } from '#tests/server/recordings';
import { isObject, type Json } from '#tests/server/strict';
import { chatSeen, messagesSeen } from '#tests/support/sse';
import { responsesOutput, responsesSeen } from '#tests/support/sse-responses';

const objects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

// ---- tools ------------------------------------------------------------------------------------------------------

/** A function of any dialect as name, description and schema. */
const toolOf = (tool: Json): Json => {
  const inner = isObject(tool.function) ? tool.function : tool;
  return {
    name: inner.name,
    description: inner.description,
    // A tool without a schema takes no arguments, which only Messages has to spell out.
    schema: inner.parameters ?? inner.input_schema ?? { type: 'object', properties: {} },
  };
};

/** What a tier of another dialect makes of a tool that only Responses knows. */
const flattened = (tool: Json): readonly Json[] => {
  const described = expect.stringContaining(String(tool.description ?? ''));
  switch (tool.type) {
    case 'function':
      return [toolOf(tool)];
    case 'custom':
      return [{ name: tool.name, description: described, schema: expect.objectContaining({ required: ['input'] }) }];
    case 'namespace':
      return objects(tool.tools)
        .flatMap(flattened)
        .map((member) => ({
          ...member,
          name: `${tool.name}__${member.name}`,
          description: expect.stringContaining(typeof member.description === 'string' ? member.description : ''),
        }));
    default:
      return [];
  }
};

/** The tools that a tier should be offered. Those that wait to be named by a tool search are not. */
export const toolsAsked = (body: Json): readonly Json[] => {
  const tools = [...objects(body.tools), ...objects(body.input).flatMap((item) => objects(item.tools))];
  if (body.input !== undefined) return tools.flatMap(flattened);
  return tools.filter((tool) => tool.defer_loading !== true).map(toolOf);
};

/** Of the tools of a Responses request, those that its caller runs; undefined where it offers none. */
export const callerTools = (body: Json): readonly Json[] | undefined =>
  body.tools === undefined
    ? undefined
    : objects(body.tools).filter(({ type }) => type === 'function' || type === 'custom' || type === 'namespace');

/** The tools that a tier was offered in its own dialect. */
export const toolsOffered = (body: Json): readonly Json[] => objects(body.tools).map(toolOf);

export interface Call {
  readonly name: string;
  readonly arguments: string;
}

/** The call that the history of a recording holds, to be made again: its arguments are known to fit its tool. */
export const callIn = ({ body }: Recording): Call | undefined => {
  const item = objects(body.input).find(({ type }) => type === 'function_call');
  if (item) return { name: String(item.name), arguments: String(item.arguments) };
  for (const message of objects(body.messages)) {
    const [call] = objects(message.tool_calls);
    if (call && isObject(call.function)) return call.function as unknown as Call;
    const use = objects(message.content).find(({ type }) => type === 'tool_use');
    if (use) return { name: String(use.name), arguments: JSON.stringify(use.input) };
  }
  return undefined;
};

export const wantsJson = ({ body }: Recording): boolean =>
  isObject(body.output_config) && body.output_config.format !== undefined;

// ---- answers ----------------------------------------------------------------------------------------------------

export interface Seen {
  readonly text: string;
  readonly tools: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly finish: string | undefined;
}

const WHOLE: Record<DialectName, (reply: Json) => Seen> = {
  'openai-chat': (reply) => {
    const [choice = {}] = objects(reply.choices);
    const message = isObject(choice.message) ? choice.message : {};
    const calls = objects(message.tool_calls).map((call) => call.function as Json);
    const tools = calls.map((call) => ({ name: String(call.name), arguments: JSON.parse(String(call.arguments)) }));
    return { text: String(message.content), tools, finish: String(choice.finish_reason) };
  },
  'anthropic-messages': (reply) => {
    const blocks = objects(reply.content);
    const tools = blocks.filter(({ type }) => type === 'tool_use');
    return {
      text: blocks.map(({ text }) => text ?? '').join(''),
      tools: tools.map(({ name, input }) => ({ name: String(name), arguments: input })),
      finish: String(reply.stop_reason),
    };
  },
  'openai-responses': (reply) => {
    const { text, tools } = responsesOutput(reply.output);
    return { text, tools: tools.map(parsed), finish: String(reply.status) };
  },
};

const STREAM = { 'openai-chat': chatSeen, 'anthropic-messages': messagesSeen, 'openai-responses': responsesSeen };

const parsed = ({ name, arguments: text }: Call): Seen['tools'][number] => ({ name, arguments: JSON.parse(text) });

/** What a caller sees of a complete answer. Fails when a stream has no end or an error. */
export const seenBy = (dialect: DialectName, stream: boolean, body: string): Seen => {
  if (!stream) return WHOLE[dialect](JSON.parse(body));
  const seen = STREAM[dialect](body);
  expect({ terminal: seen.terminal, error: seen.error }).toEqual({ terminal: true, error: undefined });
  return { text: seen.text, tools: seen.tools.map(parsed), finish: seen.finish };
};

/** Words for an end without and with tool calls. */
export const FINISH: Record<DialectName, readonly [plain: string, called: string]> = {
  'openai-chat': ['stop', 'tool_calls'],
  'anthropic-messages': ['end_turn', 'tool_use'],
  'openai-responses': ['completed', 'completed'],
};
