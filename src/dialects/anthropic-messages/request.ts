/** What does a Messages body ask for? Checks it and reads its facts, building no typed conversation. */
import type { Failure } from '#core/failure';
import type { JsonObject, ModelRequest, RequestFacts } from '#core/message';
import { checkMessagesRequest } from '#dialects/anthropic-messages/check';
import { draftFacts, type FactsDraft, finishFacts, noteMedia, noteUserTexts } from '#dialects/facts';
import { isObject, jsonSize, listOf, numberOf, objectsOf, stringOr, textOf } from '#dialects/json';

/** Checks and reads a caller's body; a missing model is '' and leaves the choice to inference. */
export const readMessagesRequest = (raw: JsonObject, text: string): ModelRequest | Failure =>
  checkMessagesRequest(raw) ?? {
    dialect: 'anthropic-messages',
    model: stringOr(raw.model, ''),
    stream: raw.stream === true,
    text,
    raw,
    facts: readFacts(raw),
  };

/** `enabled`, `adaptive` and `between_tools` all think. */
export const messagesThinkingEnabled = (raw: JsonObject): boolean =>
  isObject(raw.thinking) && raw.thinking.type !== 'disabled';

/** The JSON format asked for, in the present field or in its beta name. */
export const outputFormatOf = (raw: JsonObject): JsonObject | undefined => {
  const format = isObject(raw.output_config) ? raw.output_config.format : undefined;
  if (isObject(format)) return format;
  return isObject(raw.output_format) ? raw.output_format : undefined;
};

const readFacts = (raw: JsonObject): RequestFacts => {
  const draft = draftFacts();
  draft.maxOutputTokens = numberOf(raw.max_tokens);
  draft.thinkingEnabled = messagesThinkingEnabled(raw);
  draft.wantsJson = outputFormatOf(raw)?.type === 'json_schema';
  draft.tools = raw.tools;
  for (const tool of objectsOf(raw.tools)) draft.toolNames.push(textOf(tool.name) ?? stringOr(tool.type, ''));
  const choice = isObject(raw.tool_choice) ? raw.tool_choice.type : undefined;
  draft.needsTools = draft.toolNames.length > 0 || choice === 'any' || choice === 'tool';
  if (typeof raw.system === 'string') draft.systemTexts.push(raw.system);
  for (const block of objectsOf(raw.system)) draft.systemTexts.push(stringOr(block.text, ''));
  for (const message of objectsOf(raw.messages)) noteMessage(draft, message);
  return finishFacts(draft);
};

const noteMessage = (draft: FactsDraft, message: JsonObject): void => {
  draft.messageCount++;
  const { role, content } = message;
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : objectsOf(content);
  const texts = blocks.flatMap((block) => (block.type === 'text' ? [stringOr(block.text, '')] : []));
  if (role === 'system' || role === 'developer') {
    draft.systemTexts.push(...texts);
    return;
  }
  for (const block of blocks) noteBlock(draft, block);
  draft.lastTurnIsToolResult = false;
  if (role === 'assistant') return;
  draft.lastTurnIsToolResult = blocks.length > 0 && blocks.every((block) => block.type === 'tool_result');
  noteUserTexts(draft, texts);
};

/** Encrypted or binary payloads (signatures, pictures, PDFs) are no prompt characters. */
const noteBlock = (draft: FactsDraft, block: JsonObject): void => {
  switch (block.type) {
    case 'text':
      draft.messageChars += stringOr(block.text, '').length;
      return;
    case 'thinking':
      draft.messageChars += stringOr(block.thinking, '').length;
      return;
    case 'tool_use':
      draft.needsTools = true;
      draft.messageChars += stringOr(block.name, '').length + jsonSize(block.input ?? {});
      return;
    case 'tool_result':
      draft.needsTools = true;
      if (typeof block.content === 'string') draft.messageChars += block.content.length;
      else for (const inner of listOf(block.content)) if (isObject(inner)) noteBlock(draft, inner);
      return;
    case 'image':
      noteMedia(draft, 'image');
      return;
    case 'document':
      noteDocument(draft, block);
      return;
    case 'redacted_thinking':
      return;
    default:
      draft.messageChars += jsonSize(block);
  }
};

const noteDocument = (draft: FactsDraft, block: JsonObject): void => {
  const source = isObject(block.source) ? block.source : {};
  if (source.type === 'text') draft.messageChars += stringOr(source.data, '').length;
  else noteMedia(draft, 'document');
};
