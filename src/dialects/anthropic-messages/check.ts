/** Is this body a Messages request? Names the first field that is not, in Anthropic's words. */
import { type Failure, failure } from '#core/failure';
import type { JsonObject } from '#core/message';
import { isObject, type JsonKind, kindOf, listOf } from '#dialects/json';

/** Fields whose kind matters to us. `null` always counts as absent; unknown fields are nobody's business here. */
const FIELD_KINDS: Readonly<Record<string, readonly JsonKind[]>> = {
  model: ['string'],
  messages: ['array'],
  system: ['string', 'array'],
  stream: ['boolean'],
  max_tokens: ['number'],
  temperature: ['number'],
  top_p: ['number'],
  top_k: ['number'],
  stop_sequences: ['array'],
  tools: ['array'],
  tool_choice: ['object'],
  thinking: ['object'],
  output_config: ['object'],
  thread: ['object'],
};

const WANTED: Record<JsonKind, string> = {
  null: 'null',
  boolean: 'a valid boolean',
  number: 'a valid number',
  oversized: 'a number that a double can hold',
  string: 'a valid string',
  array: 'a valid list',
  object: 'a valid object',
};

const reject = (param: string, problem: string): Failure => failure('bad-request', `${param}: ${problem}`, { param });

const missing = (param: string): Failure => reject(param, 'field required');

const wrongKind = (param: string, wanted: readonly JsonKind[]): Failure =>
  reject(param, `Input should be ${wanted.map((kind) => WANTED[kind]).join(' or ')}`);

/** @returns why `value` is none of the wanted kinds; null passes */
const checkKind = (param: string, wanted: readonly JsonKind[], value: unknown): Failure | undefined => {
  const kind = kindOf(value);
  return kind === 'null' || wanted.includes(kind) ? undefined : wrongKind(param, wanted);
};

const checkEach = (
  param: string,
  entries: readonly unknown[],
  check: (param: string, entry: JsonObject) => Failure | undefined,
): Failure | undefined => {
  for (const [index, entry] of entries.entries()) {
    const at = `${param}.${index}`;
    const wrong = isObject(entry) ? check(at, entry) : wrongKind(at, ['object']);
    if (wrong) return wrong;
  }
  return undefined;
};

/** The first problem of the body, or undefined. */
export const checkMessagesRequest = (raw: JsonObject): Failure | undefined => {
  for (const [param, kinds] of Object.entries(FIELD_KINDS)) {
    const wrong = checkKind(param, kinds, raw[param]);
    if (wrong) return wrong;
  }
  return (
    checkThread(raw.thread) ??
    checkCap(raw.max_tokens) ??
    checkMessageList(raw.messages) ??
    checkEach('system', listOf(raw.system), checkText) ??
    checkEach('tools', listOf(raw.tools), checkTool)
  );
};

/**
 * Threads keep state on the server, which we do not. The official client resends the whole conversation when it is told
 * so in these words (measured with its tool runner).
 */
const checkThread = (thread: unknown): Failure | undefined => {
  if (!isObject(thread)) return undefined;
  const param = 'thread';
  if (thread.type === 'continue') {
    const details = { error_code: 'thread_not_found' };
    return failure('not-found', 'thread: no stored conversation; send all messages', { param, details });
  }
  const details = { error_code: 'thread_unsupported_request', unsupported: ['context_management'] };
  return failure('bad-request', 'thread: conversations are not stored here; send all messages', { param, details });
};

/** 0 is legal: it fills a prompt cache without an answer. */
const checkCap = (value: unknown): Failure | undefined => {
  if (value === undefined || value === null) return missing('max_tokens');
  if (!Number.isInteger(value)) return reject('max_tokens', 'Input should be a valid integer');
  return Number(value) >= 0 ? undefined : reject('max_tokens', 'Input should be greater than or equal to 0');
};

const checkMessageList = (messages: unknown): Failure | undefined => {
  if (!Array.isArray(messages)) return missing('messages');
  if (messages.length === 0) return reject('messages', 'at least one message is required');
  return checkEach('messages', messages, checkMessage);
};

const checkMessage = (at: string, message: JsonObject): Failure | undefined => {
  if (message.role === undefined || message.role === null) return missing(`${at}.role`);
  if (typeof message.role !== 'string') return wrongKind(`${at}.role`, ['string']);
  if (message.content === undefined || message.content === null) return missing(`${at}.content`);
  return (
    checkKind(`${at}.content`, ['string', 'array'], message.content) ??
    checkEach(`${at}.content`, listOf(message.content), checkBlock)
  );
};

const checkText = (at: string, block: JsonObject): Failure | undefined => {
  if (typeof block.type !== 'string') return missing(`${at}.type`);
  if (block.type !== 'text') return undefined;
  if (block.text === undefined) return missing(`${at}.text`);
  return typeof block.text === 'string' ? undefined : wrongKind(`${at}.text`, ['string']);
};

/** Fields a block cannot be understood without. Blocks of other types pass unread. */
const BLOCK_FIELDS: Readonly<Record<string, Readonly<Record<string, JsonKind>>>> = {
  image: { source: 'object' },
  document: { source: 'object' },
  tool_use: { id: 'string', name: 'string' },
  tool_result: { tool_use_id: 'string' },
  thinking: { thinking: 'string' },
  redacted_thinking: { data: 'string' },
};

const checkBlock = (at: string, block: JsonObject): Failure | undefined => {
  const wrong = checkText(at, block);
  if (wrong) return wrong;
  for (const [name, kind] of Object.entries(BLOCK_FIELDS[String(block.type)] ?? {})) {
    if (kindOf(block[name]) === 'null') return missing(`${at}.${name}`);
    if (kindOf(block[name]) !== kind) return wrongKind(`${at}.${name}`, [kind]);
  }
  if (block.type !== 'tool_result') return undefined;
  return (
    checkKind(`${at}.content`, ['string', 'array'], block.content) ??
    checkKind(`${at}.is_error`, ['boolean'], block.is_error) ??
    checkEach(`${at}.content`, listOf(block.content), checkBlock)
  );
};

const checkTool = (at: string, tool: JsonObject): Failure | undefined => {
  const custom = tool.type === undefined || tool.type === null || tool.type === 'custom';
  if (!custom) return undefined;
  if (typeof tool.name !== 'string') return missing(`${at}.name`);
  return checkKind(`${at}.input_schema`, ['object'], tool.input_schema);
};
