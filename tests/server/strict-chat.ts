/** What a strict Chat Completions server accepts: OpenAI's reference, and what chat templates of local engines need. */
import {
  anything,
  boolean,
  breaches,
  byType,
  type Check,
  either,
  filled,
  isObject,
  type Json,
  list,
  matching,
  number,
  object,
  oneOf,
  shape,
  string,
  whole,
} from '#tests/server/strict';

export interface ChatStrictness {
  /** A local engine: no `developer` role, one system message and that first. */
  readonly local: boolean;
  /** The body is the caller's own, passed on: members that OpenAI does not know may be in it. */
  readonly passedOn: boolean;
}

const NAME = matching(/^[a-zA-Z0-9_-]{1,64}$/);
const isString = (value: unknown): boolean => typeof value === 'string';

const contentPart = (open: boolean): Check =>
  byType({
    text: shape({ required: { type: anything, text: string }, open }),
    image_url: shape({
      required: { type: anything, image_url: shape({ required: { url: filled }, optional: { detail: string } }) },
      open,
    }),
  });

const toolCall = shape({
  required: {
    id: filled,
    type: oneOf('function'),
    function: shape({ required: { name: NAME, arguments: string } }),
  },
});

const messageOf = ({ local, passedOn: open }: ChatStrictness): Check => {
  const content = either(isString, anything, list(contentPart(open), 1));
  const nullable = either((value) => value === null, anything, content);
  const roles: Readonly<Record<string, Check>> = {
    system: shape({ required: { role: anything, content }, open }),
    user: shape({ required: { role: anything, content }, open }),
    tool: shape({ required: { role: anything, content, tool_call_id: filled }, open }),
    assistant: shape({
      required: { role: anything },
      optional: {
        content: nullable,
        tool_calls: list(toolCall, 1),
        refusal: nullable,
        reasoning_content: string,
        reasoning: string,
      },
      open,
    }),
  };
  const known = local ? roles : { ...roles, developer: roles.system };
  return (message, at, report) => {
    const role = isObject(message) ? message.role : undefined;
    const check = typeof role === 'string' ? known[role as keyof typeof known] : undefined;
    if (check) check(message, at, report);
    else report(`${at}.role`, `${JSON.stringify(role)} is none of ${Object.keys(known).join(', ')}`);
    if (isObject(message) && role === 'assistant' && message.tool_calls === undefined && message.content == null)
      report(at, 'says nothing and calls nothing');
  };
};

const tool = shape({
  required: {
    type: oneOf('function'),
    function: shape({
      required: { name: NAME },
      optional: {
        description: string,
        parameters: shape({ required: { type: oneOf('object') }, open: true }),
        strict: boolean,
      },
    }),
  },
});

/** Every tool call is answered by the tool messages right behind it, and nothing else is. */
const conversation = (messages: readonly Json[], local: boolean): readonly string[] => {
  const found: string[] = [];
  let open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    const at = `body.messages[${index}]`;
    if (message.role === 'tool') {
      if (!open.delete(String(message.tool_call_id))) found.push(`${at} answers no open tool call`);
      continue;
    }
    if (open.size > 0) found.push(`${at} comes before the answers to ${[...open].join(', ')}`);
    if (local && message.role === 'system' && index > 0) found.push(`${at} is a system message that is not the first`);
    const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
    open = new Set(calls.map((call) => String(call.id)));
  }
  if (open.size > 0) found.push(`the body ends before the answers to ${[...open].join(', ')}`);
  if (messages.at(-1)?.role === 'assistant') found.push('the last message is the assistant’s own');
  return found;
};

/** Every breach; empty when a strict server would take the body. */
export const chatBreaches = (body: Json, strictness: ChatStrictness): readonly string[] => {
  const format = byType({
    text: object,
    json_object: object,
    json_schema: shape({
      required: {
        type: anything,
        json_schema: shape({
          required: { name: NAME },
          optional: { schema: object, strict: boolean, description: string },
        }),
      },
    }),
  });
  const check = shape({
    required: { model: filled, messages: list(messageOf(strictness), 1) },
    optional: {
      stream: boolean,
      stream_options: shape({ optional: { include_usage: boolean } }),
      max_tokens: whole(1),
      max_completion_tokens: whole(1),
      temperature: number(0, 2),
      top_p: number(0, 1),
      stop: either(isString, anything, list(string, 1)),
      tools: list(tool, 1),
      tool_choice: either(isString, oneOf('none', 'auto', 'required'), object),
      parallel_tool_calls: boolean,
      response_format: format,
      reasoning_effort: oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
      store: boolean,
      prompt_cache_key: string,
    },
    open: strictness.passedOn,
  });
  const found = [...breaches(check, body)];
  if (body.stream_options !== undefined && body.stream !== true) found.push('body.stream_options without a stream');
  if (body.tool_choice !== undefined && body.tools === undefined) found.push('body.tool_choice without tools');
  if (body.parallel_tool_calls !== undefined && body.tools === undefined)
    found.push('body.parallel_tool_calls without tools');
  // Engines read one name or the other, so a local one may get both, as long as they say the same.
  const { max_tokens: old, max_completion_tokens: cap } = body;
  if (old !== undefined && cap !== undefined && !(strictness.local && old === cap)) found.push('two output caps');
  const messages = Array.isArray(body.messages) ? body.messages.filter(isObject) : [];
  return [...found, ...conversation(messages, strictness.local)];
};
