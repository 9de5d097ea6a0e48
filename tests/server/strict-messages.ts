/** What a strict Messages server accepts: Anthropic's reference and the rules that its API enforces between members. */
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

export interface MessagesStrictness {
  /** An engine that speaks the dialect: only `user` and `assistant` turns. The API itself takes `system` in between. */
  readonly local: boolean;
}

const CACHE_MARKS_MAX = 4;
const isString = (value: unknown): boolean => typeof value === 'string';
const cache_control = shape({ required: { type: oneOf('ephemeral') }, optional: { ttl: oneOf('5m', '1h') } });
const NAME = matching(/^[a-zA-Z0-9_-]{1,128}$/);
const ID = matching(/^[a-zA-Z0-9_-]+$/);

const text = shape({ required: { type: anything, text: filled }, optional: { cache_control, citations: anything } });
const source = byType({
  base64: shape({ required: { type: anything, media_type: matching(/^[a-z]+\/[a-z+.-]+$/), data: filled } }),
  url: shape({ required: { type: anything, url: filled } }),
  text: shape({ required: { type: anything, media_type: string, data: filled } }),
});
const media = shape({ required: { type: anything, source }, optional: { cache_control, title: string } });
const toolResult = shape({
  required: { type: anything, tool_use_id: ID },
  optional: {
    content: either(isString, anything, list(byType({ text, image: media, document: media }))),
    is_error: boolean,
    cache_control,
  },
});
const ofUser = byType({ text, image: media, document: media, tool_result: toolResult });
const ofAssistant = byType({
  text,
  thinking: shape({ required: { type: anything, thinking: string, signature: filled } }),
  redacted_thinking: shape({ required: { type: anything, data: filled } }),
  tool_use: shape({
    required: { type: anything, id: ID, name: NAME, input: object },
    optional: { cache_control, caller: object },
  }),
});

const messageOf =
  ({ local }: MessagesStrictness): Check =>
  (message, at, report) => {
    const role = isObject(message) ? message.role : undefined;
    const content = (block: Check): Check => either(isString, filled, list(block, 1));
    if (role === 'user') shape({ required: { role: anything, content: content(ofUser) } })(message, at, report);
    else if (role === 'assistant')
      shape({ required: { role: anything, content: content(ofAssistant) } })(message, at, report);
    else if (role !== 'system' || local) report(`${at}.role`, `${JSON.stringify(role)} is not allowed`);
  };

const tool = shape({
  required: { name: NAME, input_schema: shape({ required: { type: oneOf('object') }, open: true }) },
  optional: {
    type: oneOf('custom'),
    description: string,
    cache_control,
    strict: boolean,
    defer_loading: boolean,
    eager_input_streaming: boolean,
    input_examples: anything,
  },
});

const blocksOf = (message: Json): readonly Json[] =>
  Array.isArray(message.content) ? message.content.filter(isObject) : [];

/** Every tool use is answered at the start of the next user turn, and only there. */
const conversation = (messages: readonly Json[]): readonly string[] => {
  const found: string[] = [];
  let open = new Set<string>();
  if (messages[0]?.role !== 'user') found.push('the first message is not the user’s');
  for (const [index, message] of messages.entries()) {
    const at = `body.messages[${index}]`;
    const results = blocksOf(message).filter(({ type }) => type === 'tool_result');
    for (const result of results)
      if (!open.delete(String(result.tool_use_id))) found.push(`${at} answers ${String(result.tool_use_id)}, not open`);
    if (open.size > 0) found.push(`${at} leaves ${[...open].join(', ')} unanswered`);
    if (results.length > 0 && blocksOf(message)[0]?.type !== 'tool_result') found.push(`${at} has results behind text`);
    const uses = blocksOf(message).filter(({ type }) => type === 'tool_use');
    open = new Set(uses.map(({ id }) => String(id)));
    if (open.size !== uses.length) found.push(`${at} has two tool uses of one id`);
  }
  if (open.size > 0) found.push(`the body leaves ${[...open].join(', ')} unanswered`);
  return found;
};

const thinkingRules = (body: Json): readonly string[] => {
  const thinking = isObject(body.thinking) ? body.thinking : { type: 'disabled' };
  if (thinking.type === 'disabled') return [];
  const found: string[] = [];
  if (body.temperature !== undefined && body.temperature !== 1) found.push('thinking with a temperature other than 1');
  if (body.top_k !== undefined) found.push('thinking with top_k');
  const choice = isObject(body.tool_choice) ? body.tool_choice.type : undefined;
  if (choice === 'any' || choice === 'tool') found.push('thinking with a forced tool');
  if (thinking.type === 'enabled' && Number(thinking.budget_tokens) >= Number(body.max_tokens))
    found.push('budget_tokens is not below max_tokens');
  return found;
};

/** Every breach; empty when a strict server would take the body. */
export const messagesBreaches = (body: Json, strictness: MessagesStrictness): readonly string[] => {
  const check = shape({
    required: { model: filled, max_tokens: whole(1), messages: list(messageOf(strictness), 1) },
    optional: {
      system: either(isString, filled, list(text, 1)),
      stream: boolean,
      temperature: number(0, 1),
      top_p: number(0, 1),
      top_k: whole(0),
      stop_sequences: list(filled),
      tools: list(tool, 1),
      tool_choice: byType({
        auto: object,
        any: object,
        none: object,
        tool: shape({ required: { name: NAME }, open: true }),
      }),
      thinking: byType({
        enabled: shape({ required: { type: anything, budget_tokens: whole(1024) }, optional: { display: string } }),
        adaptive: shape({ required: { type: anything }, optional: { display: string } }),
        disabled: shape({ required: { type: anything } }),
      }),
      output_config: shape({ optional: { effort: string, format: object } }),
      context_management: object,
    },
  });
  const messages = Array.isArray(body.messages) ? body.messages.filter(isObject) : [];
  const marks = JSON.stringify(body).split('"cache_control":').length - 1;
  return [
    ...breaches(check, body),
    ...(body.tool_choice !== undefined && body.tools === undefined ? ['body.tool_choice without tools'] : []),
    ...(marks > CACHE_MARKS_MAX ? [`${marks} cache marks, ${CACHE_MARKS_MAX} are allowed`] : []),
    ...thinkingRules(body),
    ...conversation(messages.filter(({ role }) => role !== 'system')),
  ];
};
