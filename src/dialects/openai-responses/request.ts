/** What does a Responses body ask for? Checks it and reads its facts, building no typed conversation. */
import type { Failure } from '#core/failure';
import type { JsonObject, ModelRequest, RequestFacts } from '#core/message';
import { noteParts } from '#dialects/content-parts';
import { draftFacts, type FactsDraft, finishFacts, noteMessageTexts, noteUserTexts } from '#dialects/facts';
import { isObject, jsonSize, numberOf, stringOr, textOf } from '#dialects/json';
import { checkResponsesRequest } from '#dialects/openai-responses/check';
import { inputItems, itemType, reasoningText } from '#dialects/openai-responses/items';
import { responsesToolNames, toolEntries } from '#dialects/openai-responses/tools';

/** Checks and reads a caller's body; a missing model is '' and leaves the choice to inference. */
export const readResponsesRequest = (raw: JsonObject, text: string): ModelRequest | Failure =>
  checkResponsesRequest(raw) ?? {
    dialect: 'openai-responses',
    model: stringOr(raw.model, ''),
    stream: raw.stream === true,
    text,
    raw,
    facts: readFacts(raw),
  };

/** Whether an effort was named. A wish for summaries alone says how to show reasoning, not that there has to be any. */
export const responsesThinkingEnabled = ({ reasoning }: JsonObject): boolean =>
  isObject(reasoning) && textOf(reasoning.effort) !== undefined && reasoning.effort !== 'none';

const wantsJson = ({ text }: JsonObject): boolean =>
  isObject(text) && isObject(text.format) && stringOr(text.format.type, '').startsWith('json');

const readFacts = (raw: JsonObject): RequestFacts => {
  const draft = draftFacts();
  draft.maxOutputTokens = numberOf(raw.max_output_tokens);
  draft.thinkingEnabled = responsesThinkingEnabled(raw);
  draft.wantsJson = wantsJson(raw);
  draft.tools = toolEntries(raw);
  draft.toolNames.push(...responsesToolNames(raw));
  const choice = raw.tool_choice;
  const forced =
    choice === 'required' || (isObject(choice) && (choice.type === 'function' || choice.type === 'custom'));
  draft.needsTools = draft.toolNames.length > 0 || forced;
  const instructions = textOf(raw.instructions);
  if (instructions !== undefined) draft.systemTexts.push(instructions);
  for (const item of inputItems(raw)) noteItem(draft, item);
  return finishFacts(draft);
};

/** Items without prompt text of their own: tools are counted as such, the others hold references or binary payloads. */
const TEXTLESS: ReadonlySet<string> = new Set([
  'additional_tools',
  'tool_search_output',
  'item_reference',
  'compaction',
  'image_generation_call',
  'computer_call_output',
]);

const noteItem = (draft: FactsDraft, item: JsonObject): void => {
  const type = itemType(item);
  if (TEXTLESS.has(type)) return;
  switch (type) {
    case 'message':
      noteMessage(draft, item);
      return;
    case 'reasoning':
      draft.messageChars += reasoningText(item).length;
      return;
    case 'function_call':
    case 'custom_tool_call':
      draft.needsTools = true;
      draft.lastTurnIsToolResult = false;
      draft.messageCount++;
      draft.messageChars += stringOr(item.name, '').length + argumentsSize(item.arguments ?? item.input);
      return;
    case 'function_call_output':
    case 'custom_tool_call_output':
      draft.needsTools = true;
      draft.lastTurnIsToolResult = true;
      draft.messageCount++;
      for (const text of noteParts(draft, item.output, MEDIA)) draft.messageChars += text.length;
      return;
    default:
      draft.messageChars += jsonSize(item);
  }
};

const argumentsSize = (value: unknown): number => (typeof value === 'string' ? value.length : jsonSize(value ?? ''));

/** Modality by type of part. */
const MEDIA = new Map([
  ['input_image', 'image'],
  ['input_audio', 'audio'],
  ['input_file', 'document'],
] as const);

const noteMessage = (draft: FactsDraft, message: JsonObject): void => {
  const { role } = message;
  const texts = noteParts(draft, message.content, MEDIA);
  if (noteMessageTexts(draft, role, texts)) return;
  draft.lastTurnIsToolResult = false;
  if (role !== 'assistant') noteUserTexts(draft, texts);
};
