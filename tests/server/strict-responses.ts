/** What a strict Responses server accepts: OpenAI's reference, and what stateless local servers of the dialect need. */
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

export interface ResponsesStrictness {
  /** A local engine: standing text in front only. */
  readonly local: boolean;
}

const NAME = matching(/^[a-zA-Z0-9_-]{1,64}$/);
const CALL_ID = matching(/^\S{1,64}$/);
const isString = (value: unknown): boolean => typeof value === 'string';

const inputPart = byType({
  input_text: shape({ required: { type: anything, text: string } }),
  input_image: shape({ required: { type: anything, image_url: filled, detail: oneOf('auto', 'low', 'high') } }),
  input_file: shape({
    required: { type: anything },
    optional: { filename: filled, file_data: filled, file_url: filled },
  }),
  input_audio: shape({ required: { type: anything, input_audio: object } }),
});

const outputPart = byType({
  output_text: shape({ required: { type: anything, text: string, annotations: list(object) } }),
  refusal: shape({ required: { type: anything, refusal: string } }),
});

const input = either(isString, anything, list(inputPart, 1));

/** A model's message with a list of parts has to be as complete as it once was in a response. */
const assistant: Check = either(
  (message) => isObject(message) && isString(message.content),
  shape({ required: { type: anything, role: anything, content: string } }),
  shape({
    required: {
      type: anything,
      role: anything,
      id: matching(/^msg_/),
      status: oneOf('completed'),
      content: list(outputPart, 1),
    },
  }),
);

const item: Check = byType({
  message: either(
    (message) => isObject(message) && message.role === 'assistant',
    assistant,
    shape({ required: { type: anything, role: oneOf('user', 'system', 'developer'), content: input } }),
  ),
  function_call: shape({ required: { type: anything, call_id: CALL_ID, name: NAME, arguments: string } }),
  function_call_output: shape({ required: { type: anything, call_id: CALL_ID, output: input } }),
  reasoning: shape({
    required: { type: anything, summary: list(shape({ required: { type: oneOf('summary_text'), text: filled } })) },
    optional: {
      content: list(shape({ required: { type: oneOf('reasoning_text'), text: filled } }), 1),
      encrypted_content: filled,
    },
  }),
});

const tool = shape({
  required: {
    type: oneOf('function'),
    name: NAME,
    parameters: shape({ required: { type: oneOf('object') }, open: true }),
    strict: boolean,
  },
  optional: { description: string },
});

/** Every output answers a call before it; none is left open when somebody else speaks. */
const conversation = (items: readonly Json[], local: boolean): readonly string[] => {
  const found: string[] = [];
  const open = new Set<unknown>();
  for (const [index, { type, role, call_id }] of items.entries()) {
    const at = `body.input[${index}]`;
    if (type === 'function_call') open.add(call_id);
    if (type === 'function_call_output' && !open.delete(call_id)) found.push(`${at} answers no open call`);
    if (role === 'user' && open.size > 0) found.push(`${at} comes before the answers to ${[...open].join(', ')}`);
    if (local && (role === 'system' || role === 'developer'))
      found.push(`${at} is an instruction that is not in front`);
  }
  if (open.size > 0) found.push(`the body ends before the answers to ${[...open].join(', ')}`);
  return found;
};

/** Every breach; empty when a strict server would take the body. */
export const responsesBreaches = (body: Json, { local }: ResponsesStrictness): readonly string[] => {
  const check = shape({
    required: { model: filled, input: list(item, 1), store: oneOf(false) },
    optional: {
      instructions: filled,
      stream: boolean,
      max_output_tokens: whole(1),
      temperature: number(0, 2),
      top_p: number(0, 1),
      tools: list(tool, 1),
      tool_choice: either(isString, oneOf('none', 'auto', 'required'), object),
      parallel_tool_calls: boolean,
      reasoning: shape({ optional: { effort: oneOf('minimal', 'low', 'medium', 'high'), summary: oneOf('auto') } }),
      include: list(oneOf('reasoning.encrypted_content')),
      text: shape({ required: { format: object } }),
      ...(local ? { top_k: whole(0) } : {}),
    },
  });
  const items = Array.isArray(body.input) ? body.input.filter(isObject) : [];
  return [
    ...breaches(check, body),
    ...(body.tool_choice !== undefined && body.tools === undefined ? ['body.tool_choice without tools'] : []),
    ...conversation(items, local),
  ];
};
