/** What was said so far in a Chat Completions request? Turns its messages into typed blocks, naming what has none. */
import type { ContentPart, Conversation, JsonObject, ModelRequest, OutputFormat, Turn } from '#core/message';
import { readParts } from '#dialects/content-parts';
import { effortOf } from '#dialects/effort';
import { defined, isObject, listOf, numberOf, objectsOf, stringOr, textOf } from '#dialects/json';
import { createLosses, type Losses } from '#dialects/losses';
import { mediaOfUrl } from '#dialects/media';
import { chatOutputCap, chatThinkingEnabled } from '#dialects/openai-chat/request';
import { readChatTools } from '#dialects/openai-chat/tools';
import { readSchemaFormat } from '#dialects/output-format';
import { roleOf } from '#dialects/roles';
import type { ToolNames } from '#dialects/tool-names';

/** Fields that `chatConversation` reads, or that steer the transport only; every other one is a loss. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'presence_penalty',
  'frequency_penalty',
  'reasoning_effort',
  'reasoning',
  'response_format',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
]);

/** Fields set to what would hold without them. */
const asksNothing = (name: string, value: unknown): boolean => {
  if (name === 'n') return value === 1;
  if (name === 'modalities') return listOf(value).every((modality) => modality === 'text');
  return value === false || (name === 'top_logprobs' && value === 0);
};

/** The typed conversation of a Chat request. */
export const chatConversation = (request: ModelRequest): Conversation => {
  const { raw } = request;
  const losses = createLosses();
  for (const [name, value] of Object.entries(raw)) {
    if (value !== null && !KNOWN_FIELDS.has(name) && !asksNothing(name, value)) losses.add(name);
  }
  const { tools, toolChoice, names } = readChatTools(raw, losses);
  const turns = readTurns(objectsOf(raw.messages), names, losses);
  return {
    turns,
    tools,
    ...defined({
      toolChoice,
      parallelToolCalls: typeof raw.parallel_tool_calls === 'boolean' ? raw.parallel_tool_calls : undefined,
      maxOutputTokens: chatOutputCap(raw),
      temperature: numberOf(raw.temperature),
      topP: numberOf(raw.top_p),
      topK: numberOf(raw.top_k),
      stop: readStop(raw.stop),
      presencePenalty: numberOf(raw.presence_penalty),
      frequencyPenalty: numberOf(raw.frequency_penalty),
      thinking: readThinking(raw),
      outputFormat: readFormat(raw.response_format, losses),
    }),
    losses: losses.list(),
  };
};

const readStop = (value: unknown): readonly string[] | undefined => {
  const texts = typeof value === 'string' ? [value] : listOf(value).filter((entry) => typeof entry === 'string');
  const kept = texts.filter((text) => text !== '');
  return kept.length > 0 ? kept : undefined;
};

const readThinking = (raw: JsonObject): Conversation['thinking'] => {
  const asked = raw.reasoning_effort ?? (isObject(raw.reasoning) ? raw.reasoning : undefined);
  if (asked === undefined || asked === null) return undefined;
  const from = isObject(asked) ? asked : {};
  return {
    enabled: chatThinkingEnabled(raw),
    ...defined({
      effort: effortOf(isObject(asked) ? asked.effort : asked),
      budgetTokens: numberOf(from.max_tokens),
    }),
  };
};

const readFormat = (value: unknown, losses: Losses): OutputFormat | undefined => {
  if (!isObject(value) || value.type === 'text') return undefined;
  if (value.type === 'json_object') return { kind: 'json' };
  const wanted = value.json_schema;
  const read = value.type === 'json_schema' ? readSchemaFormat(wanted) : undefined;
  if (read === undefined) losses.add('response_format');
  else if (isObject(wanted) && wanted.description !== undefined) losses.add('response_format.description');
  return read;
};

// ---- messages ---------------------------------------------------------------------------------------------------

/** Id of the n-th call in the old `function_call` form, which has none of its own. */
const legacyCallId = (ordinal: number): string => `call_legacy_${ordinal}`;

const readTurns = (messages: readonly JsonObject[], names: ToolNames, losses: Losses): readonly Turn[] => {
  const turns: Turn[] = [];
  let results: ContentPart[] | undefined;
  let legacyCalls = 0;
  for (const message of messages) {
    if (message.name !== undefined && message.role !== 'function') losses.add('messages.name');
    if (message.role === 'tool' || message.role === 'function') {
      const id = message.role === 'tool' ? stringOr(message.tool_call_id, '') : legacyCallId(legacyCalls);
      if (results === undefined) {
        results = [];
        turns.push({ role: 'user', parts: results });
      }
      results.push(readResult(message, id, losses));
      continue;
    }
    results = undefined;
    const known = roleOf(message.role);
    if (known === undefined) losses.add('messages.role');
    const role = known ?? 'user';
    const parts =
      role === 'assistant'
        ? readAssistant(message, legacyCalls + 1, names, losses)
        : readContent(message.content, losses);
    if (role === 'assistant' && isObject(message.function_call)) legacyCalls++;
    turns.push({ role, parts: withCacheControl(parts, message.cache_control) });
  }
  return turns;
};

/** Some routers put the mark on the message; it belongs to the message's last part. */
const withCacheControl = (parts: readonly ContentPart[], mark: unknown): readonly ContentPart[] => {
  const last = parts.at(-1);
  if (!isObject(mark) || !last || last.kind === 'thinking' || last.kind === 'refusal') return parts;
  return [...parts.slice(0, -1), { ...last, cacheControl: mark }];
};

const readResult = (message: JsonObject, id: string, losses: Losses): ContentPart => ({
  kind: 'tool-result',
  id,
  content: readContent(message.content, losses),
  isError: false,
  ...defined({ cacheControl: isObject(message.cache_control) ? message.cache_control : undefined }),
});

const readAssistant = (
  message: JsonObject,
  legacyOrdinal: number,
  names: ToolNames,
  losses: Losses,
): readonly ContentPart[] => {
  const parts: ContentPart[] = [];
  const reasoning = textOf(message.reasoning_content) ?? textOf(message.reasoning);
  if (reasoning !== undefined) parts.push({ kind: 'thinking', text: reasoning, origin: 'openai-chat' });
  parts.push(...readContent(message.content, losses));
  const refusal = textOf(message.refusal);
  if (refusal !== undefined) parts.push({ kind: 'refusal', text: refusal });
  for (const call of objectsOf(message.tool_calls)) parts.push(readCall(call, names, losses));
  if (isObject(message.function_call)) {
    const { name, arguments: text } = message.function_call;
    parts.push({
      kind: 'tool-call',
      id: legacyCallId(legacyOrdinal),
      name: names.called(undefined, stringOr(name, '')),
      arguments: stringOr(text, ''),
    });
  }
  if (isObject(message.audio)) losses.add('messages.audio');
  if (Array.isArray(message.reasoning_details)) losses.add('messages.reasoning_details');
  return parts;
};

/** A custom tool's input is free text; it stays the raw argument string. */
const readCall = (call: JsonObject, names: ToolNames, losses: Losses): ContentPart => {
  const called = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {};
  if (call.type !== undefined && call.type !== 'function') losses.add('messages.tool_calls.type');
  const text = called.arguments ?? called.input;
  return {
    kind: 'tool-call',
    id: stringOr(call.id, ''),
    name: names.called(undefined, stringOr(called.name, '')),
    arguments: isObject(text) ? JSON.stringify(text) : stringOr(text, ''),
  };
};

const readContent = (content: unknown, losses: Losses): readonly ContentPart[] =>
  readParts(content, (part) => readPart(part, losses));

const readPart = (part: JsonObject, losses: Losses): ContentPart | undefined => {
  const mark = defined({ cacheControl: isObject(part.cache_control) ? part.cache_control : undefined });
  if (typeof part.text === 'string') return { kind: 'text', text: part.text, ...mark };
  if (part.type === 'refusal') return { kind: 'refusal', text: stringOr(part.refusal, '') };
  if (part.type === 'image_url') {
    const image = isObject(part.image_url) ? part.image_url : { url: part.image_url };
    const source = mediaOfUrl(stringOr(image.url, ''));
    return { kind: 'image', source, ...defined({ detail: textOf(image.detail) }), ...mark };
  }
  if (part.type === 'input_audio' && isObject(part.input_audio)) {
    const { data, format } = part.input_audio;
    const mediaType = `audio/${stringOr(format, 'wav')}`;
    return { kind: 'audio', source: { kind: 'base64', mediaType, data: stringOr(data, '') }, ...mark };
  }
  if (part.type === 'file' && isObject(part.file) && typeof part.file.file_data === 'string') {
    const title = defined({ title: textOf(part.file.filename) });
    return { kind: 'document', source: mediaOfUrl(part.file.file_data), ...title, ...mark };
  }
  losses.add(`messages.${stringOr(part.type, 'part')}`);
  return undefined;
};
