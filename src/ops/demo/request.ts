/** What does a Chat Completions body ask of a demo tier? Read leniently: the router has checked it already. */
import type { JsonObject } from '#core/message';

export interface DemoTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
}

export interface DemoRequest {
  /** Text of the last user message. */
  readonly prompt: string;
  /** Text of the newest message when it is a tool's result. */
  readonly toolResult: string | undefined;
  readonly tools: readonly DemoTool[];
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string };
  /** Output tokens allowed; undefined when the caller set no cap. */
  readonly cap: number | undefined;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Set when a JSON answer is demanded; the schema it must fit, or {}. */
  readonly jsonSchema: JsonObject | undefined;
  readonly promptTokens: number;
}

/** Characters per token, near enough for usage numbers that look real. */
const CHARS_PER_TOKEN = 4;

const record = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const contentText = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : list(content)
        .map((part) => text(record(part).text))
        .join('\n');

const toolOf = (entry: unknown): DemoTool[] => {
  const definition = record(record(entry).function);
  const name = text(definition.name);
  if (name === '') return [];
  return [{ name, description: text(definition.description), parameters: record(definition.parameters) }];
};

const toolChoiceOf = (choice: unknown): DemoRequest['toolChoice'] => {
  if (choice === 'none' || choice === 'required') return choice;
  const name = text(record(record(choice).function).name);
  return name === '' ? 'auto' : { name };
};

const jsonSchemaOf = (format: JsonObject): JsonObject | undefined => {
  if (format.type === 'json_object') return {};
  return format.type === 'json_schema' ? record(record(format.json_schema).schema) : undefined;
};

/** Reads a body; undefined when it is no JSON object with messages. */
export const readDemoRequest = (body: string): DemoRequest | undefined => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  const raw = record(parsed);
  if (!Array.isArray(raw.messages)) return undefined;
  const messages = raw.messages.map(record);
  const last = messages.at(-1);
  const lastUser = messages.findLast((message) => message.role === 'user');
  const cap = raw.max_completion_tokens ?? raw.max_tokens;
  return {
    prompt: contentText(lastUser?.content),
    toolResult: last?.role === 'tool' ? contentText(last.content) : undefined,
    tools: list(raw.tools).flatMap(toolOf),
    toolChoice: toolChoiceOf(raw.tool_choice),
    cap: typeof cap === 'number' && cap > 0 ? Math.floor(cap) : undefined,
    stream: raw.stream === true,
    includeUsage: record(raw.stream_options).include_usage === true,
    jsonSchema: jsonSchemaOf(record(raw.response_format)),
    promptTokens: Math.max(1, Math.ceil(body.length / CHARS_PER_TOKEN)),
  };
};
