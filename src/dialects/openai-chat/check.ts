/** Is this body a Chat Completions request? Names the first field that is not, in OpenAI's words. */
import type { Failure } from '#core/failure';
import type { JsonObject } from '#core/message';
import { isObject, listOf } from '#dialects/json';
import { checkEach, checkKind, checkKinds, type FieldKinds, missing, reject, wrongKind } from '#dialects/openai-checks';

const FIELD_KINDS: FieldKinds = {
  model: ['string'],
  messages: ['array'],
  stream: ['boolean'],
  stream_options: ['object'],
  max_tokens: ['number'],
  max_completion_tokens: ['number'],
  temperature: ['number'],
  top_p: ['number'],
  top_k: ['number'],
  presence_penalty: ['number'],
  frequency_penalty: ['number'],
  n: ['number'],
  stop: ['string', 'array'],
  tools: ['array'],
  tool_choice: ['string', 'object'],
  parallel_tool_calls: ['boolean'],
  response_format: ['object'],
  reasoning_effort: ['string'],
};

/** -1 is what local servers take for "no limit". */
const checkCap = (raw: JsonObject, param: string): Failure | undefined => {
  const value = raw[param];
  if (typeof value !== 'number' || value === -1 || (Number.isInteger(value) && value >= 1)) return undefined;
  return reject(param, `Invalid value for '${param}': expected an integer of at least 1.`);
};

/** The first problem of the body, or undefined. */
export const checkChatRequest = (raw: JsonObject): Failure | undefined => {
  const wrong = checkKinds(raw, FIELD_KINDS);
  if (wrong) return wrong;
  const cap = checkCap(raw, 'max_tokens') ?? checkCap(raw, 'max_completion_tokens');
  if (cap) return cap;
  if (!Array.isArray(raw.messages)) return missing('messages');
  if (raw.messages.length === 0) {
    return reject('messages', "Invalid 'messages': empty array. Expected an array with minimum length 1.");
  }
  if (!listOf(raw.stop).every((entry) => typeof entry === 'string')) {
    return reject('stop', "Invalid type for 'stop': expected an array of strings.");
  }
  return checkEach('messages', raw.messages, checkMessage) ?? checkEach('tools', listOf(raw.tools), checkTool);
};

const checkMessage = (at: string, message: JsonObject): Failure | undefined => {
  if (message.role === undefined || message.role === null) return missing(`${at}.role`);
  if (typeof message.role !== 'string') return wrongKind(`${at}.role`, ['string'], message.role);
  const wrong =
    checkKind(`${at}.content`, ['string', 'array'], message.content) ??
    checkKind(`${at}.tool_calls`, ['array'], message.tool_calls);
  if (wrong) return wrong;
  if (message.role === 'tool' && typeof message.tool_call_id !== 'string') return missing(`${at}.tool_call_id`);
  return (
    checkParts(`${at}.content`, message.content) ??
    checkEach(`${at}.tool_calls`, listOf(message.tool_calls), checkToolCall)
  );
};

/** Bare strings among the parts are read as text. */
const checkParts = (at: string, content: unknown): Failure | undefined => {
  for (const [index, part] of listOf(content).entries()) {
    if (typeof part === 'string') continue;
    const where = `${at}[${index}]`;
    if (!isObject(part)) return wrongKind(where, ['object'], part);
    if (typeof part.type !== 'string') return missing(`${where}.type`);
    if (part.type === 'text' && typeof part.text !== 'string') return wrongKind(`${where}.text`, ['string'], part.text);
    if (part.type === 'image_url') {
      const url = isObject(part.image_url) ? part.image_url.url : part.image_url;
      if (typeof url !== 'string') return missing(`${where}.image_url.url`);
    }
  }
  return undefined;
};

const checkToolCall = (at: string, call: JsonObject): Failure | undefined => {
  if (call.type !== undefined && call.type !== 'function') return undefined;
  const called = call.function;
  if (!isObject(called)) return missing(`${at}.function`);
  if (typeof called.name !== 'string') return missing(`${at}.function.name`);
  return checkKind(`${at}.function.arguments`, ['string', 'object'], called.arguments);
};

const checkTool = (at: string, tool: JsonObject): Failure | undefined => {
  if (tool.type !== 'function') return undefined;
  if (!isObject(tool.function)) return missing(`${at}.function`);
  if (typeof tool.function.name !== 'string') return missing(`${at}.function.name`);
  return checkKind(`${at}.function.parameters`, ['object'], tool.function.parameters);
};
