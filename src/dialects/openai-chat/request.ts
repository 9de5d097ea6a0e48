/** What does a Chat Completions body ask for? Checks it and reads its facts, building no typed conversation. */
import type { Failure } from '#core/failure';
import type { JsonObject, ModelRequest, RequestFacts } from '#core/message';
import { noteParts } from '#dialects/content-parts';
import { draftFacts, type FactsDraft, finishFacts, noteMessageTexts, noteUserTexts } from '#dialects/facts';
import { isObject, jsonSize, numberOf, objectsOf, stringOr, textOf } from '#dialects/json';
import { checkChatRequest } from '#dialects/openai-chat/check';

/** Checks and reads a caller's body; a missing model is '' and leaves the choice to inference. */
export const readChatRequest = (raw: JsonObject, text: string): ModelRequest | Failure =>
  checkChatRequest(raw) ?? {
    dialect: 'openai-chat',
    model: stringOr(raw.model, ''),
    stream: raw.stream === true,
    text,
    raw,
    facts: readFacts(raw),
  };

/** The caller's cap; -1 is a local server's word for none. The newer name wins, as it does upstream. */
export const chatOutputCap = (raw: JsonObject): number | undefined => {
  const cap = numberOf(raw.max_completion_tokens) ?? numberOf(raw.max_tokens);
  return cap !== undefined && cap > 0 ? cap : undefined;
};

/** Whether reasoning was asked for, in OpenAI's, OpenRouter's or a chat template's way. */
export const chatThinkingEnabled = (raw: JsonObject): boolean => {
  if (typeof raw.reasoning_effort === 'string') return raw.reasoning_effort !== 'none';
  if (isObject(raw.reasoning)) {
    if (typeof raw.reasoning.enabled === 'boolean') return raw.reasoning.enabled;
    return raw.reasoning.effort !== 'none' && (textOf(raw.reasoning.effort) ?? raw.reasoning.max_tokens) !== undefined;
  }
  return isObject(raw.chat_template_kwargs) && raw.chat_template_kwargs.enable_thinking === true;
};

const readFacts = (raw: JsonObject): RequestFacts => {
  const draft = draftFacts();
  draft.maxOutputTokens = chatOutputCap(raw);
  draft.thinkingEnabled = chatThinkingEnabled(raw);
  draft.wantsJson = isObject(raw.response_format) && stringOr(raw.response_format.type, '').startsWith('json');
  const choices = numberOf(raw.n);
  if (choices !== undefined && choices > 1) draft.choices = choices;
  draft.tools = raw.tools;
  for (const tool of objectsOf(raw.tools)) draft.toolNames.push(toolName(tool));
  const forced = isObject(raw.tool_choice) || raw.tool_choice === 'required';
  draft.needsTools = draft.toolNames.length > 0 || forced;
  for (const message of objectsOf(raw.messages)) noteMessage(draft, message);
  return finishFacts(draft);
};

/** Custom and hosted tools carry their name elsewhere, or only a type. */
const toolName = (tool: JsonObject): string => {
  const inner = isObject(tool.function) ? tool.function : isObject(tool.custom) ? tool.custom : tool;
  return textOf(inner.name) ?? stringOr(tool.type, '');
};

/** Modality by type of part. */
const MEDIA = new Map([
  ['image_url', 'image'],
  ['input_audio', 'audio'],
  ['file', 'document'],
] as const);

const noteMessage = (draft: FactsDraft, message: JsonObject): void => {
  const { role } = message;
  const texts = noteParts(draft, message.content, MEDIA);
  if (noteMessageTexts(draft, role, texts)) return;
  const answersTool = role === 'tool' || role === 'function';
  draft.lastTurnIsToolResult = answersTool;
  if (answersTool) draft.needsTools = true;
  else if (role === 'assistant') noteAssistant(draft, message);
  else noteUserTexts(draft, texts);
};

const noteAssistant = (draft: FactsDraft, message: JsonObject): void => {
  const reasoning = textOf(message.reasoning_content) ?? textOf(message.reasoning);
  draft.messageChars += reasoning?.length ?? 0;
  const calls = objectsOf(message.tool_calls);
  if (calls.length > 0 || isObject(message.function_call)) draft.needsTools = true;
  for (const call of calls) draft.messageChars += callSize(isObject(call.function) ? call.function : call.custom);
};

const callSize = (called: unknown): number => {
  if (!isObject(called)) return 0;
  const text = called.arguments ?? called.input;
  return stringOr(called.name, '').length + (typeof text === 'string' ? text.length : jsonSize(text ?? ''));
};
