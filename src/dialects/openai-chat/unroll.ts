/** Which stream would have ended in this very completion? For a tier that answers a streaming caller with one document. */
import type { EncodeContext } from '#core/dialect';
import type { JsonObject } from '#core/message';
import { isObject, objectsOf, textOf } from '#dialects/json';
import { chatResponseId } from '#dialects/openai-chat/encoder';

/** Calls are numbered in a stream, and their arguments are text. */
const unrollCall = (call: JsonObject, index: number): JsonObject => {
  const called = isObject(call.function) ? call.function : {};
  const { arguments: given } = called;
  const text = isObject(given) ? JSON.stringify(given) : given;
  return { index, ...call, ...(isObject(call.function) ? { function: { ...called, arguments: text } } : {}) };
};

const unrollMessage = (message: JsonObject): JsonObject => {
  const calls = objectsOf(message.tool_calls).map(unrollCall);
  return { role: 'assistant', ...message, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
};

/** The chunks' choices: all that a message says, then why it ended. */
const unrollChoice = (choice: JsonObject, at: number): readonly JsonObject[] => {
  const { message, finish_reason, logprobs, ...rest } = choice;
  const delta = unrollMessage(isObject(message) ? message : {});
  const index = choice.index ?? at;
  const reason = textOf(finish_reason) ?? (delta.tool_calls === undefined ? 'stop' : 'tool_calls');
  return [
    { index, delta, logprobs: logprobs ?? null, finish_reason: null },
    { ...rest, index, delta: {}, logprobs: null, finish_reason: reason },
  ];
};

/** SSE text. @param reply a whole completion with id, model and usage as the caller is to get them */
export const unrollCompletion = (reply: JsonObject, context: EncodeContext): string => {
  const { choices, usage, id, object: _whole, created, model, ...rest } = reply;
  const head = {
    id: id ?? chatResponseId(context.responseId),
    object: 'chat.completion.chunk',
    created: created ?? context.created,
    model: model ?? context.model,
  };
  const chunk = (fields: JsonObject): string => `data: ${JSON.stringify({ ...head, ...fields })}\n\n`;
  const said = objectsOf(choices)
    .flatMap(unrollChoice)
    // Members beside the choices are told once: readers put lists together.
    .map((choice, position) => chunk({ ...(position === 0 ? rest : {}), choices: [choice] }));
  return [...said, ...(context.includeUsage ? [chunk({ choices: [], usage })] : []), 'data: [DONE]\n\n'].join('');
};
