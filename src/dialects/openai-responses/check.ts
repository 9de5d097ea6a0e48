/** Is this body a Responses request that can be served without stored state? Names the first field at fault. */
import type { Failure } from '#core/failure';
import type { JsonObject } from '#core/message';
import { isObject, listOf } from '#dialects/json';
import { checkEach, checkKind, checkKinds, type FieldKinds, missing, reject, wrongKind } from '#dialects/openai-checks';
import { imageUrl, itemType } from '#dialects/openai-responses/items';

const FIELD_KINDS: FieldKinds = {
  model: ['string'],
  input: ['string', 'array'],
  instructions: ['string'],
  stream: ['boolean'],
  stream_options: ['object'],
  store: ['boolean'],
  background: ['boolean'],
  max_output_tokens: ['number'],
  temperature: ['number'],
  top_p: ['number'],
  top_logprobs: ['number'],
  tools: ['array'],
  tool_choice: ['string', 'object'],
  parallel_tool_calls: ['boolean'],
  reasoning: ['object'],
  text: ['object'],
  include: ['array'],
  metadata: ['object'],
  prompt_cache_key: ['string'],
  truncation: ['string'],
};

/** Fields that point at state kept by a server, and what to send in their place. */
const STATE_FIELDS = ['previous_response_id', 'conversation'] as const;

/** The first problem of the body, or undefined. */
export const checkResponsesRequest = (raw: JsonObject): Failure | undefined =>
  checkState(raw) ?? checkKinds(raw, FIELD_KINDS) ?? checkCap(raw) ?? checkNested(raw) ?? checkInput(raw);

/** Nothing is stored here, so nothing can be continued, polled or looked up. */
const checkState = (raw: JsonObject): Failure | undefined => {
  for (const name of STATE_FIELDS) {
    if (raw[name] === undefined || raw[name] === null) continue;
    return reject(
      name,
      `Unsupported parameter: '${name}'. Responses are not stored here; send the whole conversation in 'input'.`,
    );
  }
  if (raw.background !== true) return undefined;
  return reject(
    'background',
    "Unsupported value: 'background' must not be true. Responses are not stored here; set 'stream' to receive the answer as it is made.",
  );
};

const checkCap = ({ max_output_tokens: cap }: JsonObject): Failure | undefined => {
  if (typeof cap !== 'number' || (Number.isInteger(cap) && cap >= 1)) return undefined;
  return reject('max_output_tokens', "Invalid value for 'max_output_tokens': expected an integer of at least 1.");
};

const checkNested = (raw: JsonObject): Failure | undefined => {
  const { reasoning, text, include } = raw;
  const effort = isObject(reasoning) ? checkKind('reasoning.effort', ['string'], reasoning.effort) : undefined;
  if (effort) return effort;
  if (listOf(include).some((entry) => typeof entry !== 'string')) {
    return reject('include', "Invalid type for 'include': expected an array of strings.");
  }
  return (isObject(text) ? checkFormat(text.format) : undefined) ?? checkEach('tools', listOf(raw.tools), checkTool);
};

const checkFormat = (format: unknown): Failure | undefined => {
  const wrong = checkKind('text.format', ['object'], format);
  if (wrong || !isObject(format)) return wrong;
  if (typeof format.type !== 'string') return missing('text.format.type');
  if (format.type !== 'json_schema') return undefined;
  if (format.name === undefined || format.name === null) return missing('text.format.name');
  return isObject(format.schema) ? undefined : missing('text.format.schema');
};

/** Tools of types unknown to us pass unread. */
const checkTool = (at: string, tool: JsonObject): Failure | undefined => {
  if (typeof tool.type !== 'string') return missing(`${at}.type`);
  if (tool.type !== 'function' && tool.type !== 'custom' && tool.type !== 'namespace') return undefined;
  if (typeof tool.name !== 'string') return missing(`${at}.name`);
  if (tool.type === 'function') return checkKind(`${at}.parameters`, ['object'], tool.parameters);
  if (tool.type === 'custom') return checkKind(`${at}.format`, ['object'], tool.format);
  if (!Array.isArray(tool.tools)) return missing(`${at}.tools`);
  return checkEach(`${at}.tools`, tool.tools, checkTool);
};

// ---- input ------------------------------------------------------------------------------------------------------

const checkInput = ({ input }: JsonObject): Failure | undefined => {
  if (typeof input === 'string') return undefined;
  if (!Array.isArray(input)) return missing('input');
  if (input.length === 0)
    return reject('input', "Invalid 'input': empty array. Expected an array with minimum length 1.");
  return checkEach('input', input, checkItem) ?? checkReferences(input);
};

/** A reference beside other items is dropped; with nothing else to go by there is nothing to answer. */
const checkReferences = (input: readonly unknown[]): Failure | undefined => {
  const onlyReferences = input.every((item) => isObject(item) && itemType(item) === 'item_reference');
  if (!onlyReferences) return undefined;
  return reject('input', "Invalid 'input': items are not stored here, so none can be referred to; send them in full.");
};

/** Fields without which an item cannot be understood. Items of other types pass unread. */
const ITEM_TEXTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['function_call', ['call_id', 'name']],
  ['custom_tool_call', ['call_id', 'name']],
  ['function_call_output', ['call_id']],
  ['custom_tool_call_output', ['call_id']],
]);

const ITEM_KINDS: ReadonlyMap<string, FieldKinds> = new Map<string, FieldKinds>([
  ['function_call', { namespace: ['string'], arguments: ['string', 'object'] }],
  ['custom_tool_call', { namespace: ['string'], input: ['string'] }],
  ['reasoning', { summary: ['array'], content: ['array'], encrypted_content: ['string'] }],
  ['additional_tools', { tools: ['array'] }],
]);

const OUTPUTS: ReadonlySet<string> = new Set(['function_call_output', 'custom_tool_call_output']);

const checkItem = (at: string, item: JsonObject): Failure | undefined => {
  const wrongType = checkKind(`${at}.type`, ['string'], item.type);
  if (wrongType) return wrongType;
  const type = itemType(item);
  if (type === '') return missing(`${at}.type`);
  if (type === 'message') return checkMessage(at, item);
  for (const name of ITEM_TEXTS.get(type) ?? []) {
    if (item[name] === undefined || item[name] === null) return missing(`${at}.${name}`);
    if (typeof item[name] !== 'string') return wrongKind(`${at}.${name}`, ['string'], item[name]);
  }
  const wrong = checkKinds(item, ITEM_KINDS.get(type) ?? {}, `${at}.`);
  if (wrong) return wrong;
  if (type === 'additional_tools') return checkEach(`${at}.tools`, listOf(item.tools), checkTool);
  return OUTPUTS.has(type) ? checkContent(`${at}.output`, item.output) : undefined;
};

const checkMessage = (at: string, item: JsonObject): Failure | undefined => {
  if (item.role === undefined || item.role === null) return missing(`${at}.role`);
  if (typeof item.role !== 'string') return wrongKind(`${at}.role`, ['string'], item.role);
  if (item.content === undefined) return missing(`${at}.content`);
  return checkContent(`${at}.content`, item.content);
};

/** Text, or a list of parts; bare strings among the parts are read as text. */
const checkContent = (at: string, content: unknown): Failure | undefined => {
  const wrong = checkKind(at, ['string', 'array'], content);
  if (wrong) return wrong;
  return checkEach(
    at,
    listOf(content).map((part) => (typeof part === 'string' ? { type: 'input_text', text: part } : part)),
    checkPart,
  );
};

const PART_TEXT: ReadonlyMap<string, string> = new Map([
  ['input_text', 'text'],
  ['output_text', 'text'],
  ['text', 'text'],
  ['refusal', 'refusal'],
]);

const checkPart = (at: string, part: JsonObject): Failure | undefined => {
  if (typeof part.type !== 'string') return missing(`${at}.type`);
  const member = PART_TEXT.get(part.type);
  if (member !== undefined && typeof part[member] !== 'string') {
    return wrongKind(`${at}.${member}`, ['string'], part[member]);
  }
  const pointless = part.type === 'input_image' && imageUrl(part) === undefined && typeof part.file_id !== 'string';
  return pointless ? missing(`${at}.image_url`) : undefined;
};
