/** What was said so far in a Messages request? Turns its blocks into typed ones, naming what has no neutral form. */
import type {
  ContentPart,
  Conversation,
  JsonObject,
  MediaSource,
  ModelRequest,
  OutputFormat,
  Turn,
} from '#core/message';
import { UNSIGNED_SIGNATURE } from '#dialects/anthropic-messages/blocks';
import {
  createNamedTools,
  type NamedTools,
  toolChangeOf,
  toolChangeText,
} from '#dialects/anthropic-messages/named-tools';
import { messagesThinkingEnabled, outputFormatOf } from '#dialects/anthropic-messages/request';
import { serverToolText } from '#dialects/anthropic-messages/server-tools';
import { messagesToolNames, readMessagesTools } from '#dialects/anthropic-messages/tools';
import { unwrapProof } from '#dialects/carried-proof';
import { effortOf } from '#dialects/effort';
import { defined, isObject, listOf, numberOf, objectsOf, stringOr, textOf } from '#dialects/json';
import { createLosses, type Losses } from '#dialects/losses';
import { roleOf } from '#dialects/roles';
import type { ToolNames } from '#dialects/tool-names';

/** Fields that `messagesConversation` reads, or that steer the transport only; every other one is a loss. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'stream',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'thinking',
  'output_config',
  'output_format',
  'tools',
  'tool_choice',
]);

/** The typed conversation of a Messages request. */
export const messagesConversation = (request: ModelRequest): Conversation => {
  const { raw } = request;
  const losses = createLosses();
  for (const [name, value] of Object.entries(raw)) {
    if (value !== null && !KNOWN_FIELDS.has(name)) losses.add(name);
  }
  const names = messagesToolNames(raw);
  const reader = createReader(names, losses);
  const system = reader.parts(raw.system);
  const turns = objectsOf(raw.messages).map(reader.turn);
  const { tools, toolChoice, parallelToolCalls } = readMessagesTools(raw, reader.namedTools, names, losses);
  const stop = listOf(raw.stop_sequences).filter((entry) => typeof entry === 'string');
  return {
    turns: system.length > 0 ? [{ role: 'system', parts: system }, ...turns] : turns,
    tools,
    ...defined({
      toolChoice,
      parallelToolCalls,
      maxOutputTokens: numberOf(raw.max_tokens),
      temperature: numberOf(raw.temperature),
      topP: numberOf(raw.top_p),
      topK: numberOf(raw.top_k),
      stop: stop.length > 0 ? stop : undefined,
      thinking: readThinking(raw, losses),
      outputFormat: readFormat(raw, losses),
    }),
    losses: losses.list(),
  };
};

/** Effort without thinking steers length only, for which no other dialect has a field. */
const readThinking = (raw: JsonObject, losses: Losses): Conversation['thinking'] => {
  const config = isObject(raw.output_config) ? raw.output_config : {};
  if (!isObject(raw.thinking)) {
    if (typeof config.effort === 'string') losses.add('output_config.effort');
    return undefined;
  }
  if (raw.thinking.display !== undefined) losses.add('thinking.display');
  return {
    enabled: messagesThinkingEnabled(raw),
    ...defined({ budgetTokens: numberOf(raw.thinking.budget_tokens), effort: effortOf(config.effort) }),
  };
};

const readFormat = (raw: JsonObject, losses: Losses): OutputFormat | undefined => {
  const format = outputFormatOf(raw);
  if (!format) return undefined;
  if (format.type === 'json_schema' && isObject(format.schema)) {
    return { kind: 'json-schema', schema: format.schema, ...defined({ name: textOf(format.name) }) };
  }
  losses.add('output_config.format');
  return undefined;
};

// ---- messages ---------------------------------------------------------------------------------------------------

interface Reader {
  turn(message: JsonObject): Turn;
  parts(content: unknown): readonly ContentPart[];
  /** Tools that blocks read so far brought in or took away. */
  readonly namedTools: NamedTools;
}

const createReader = (names: ToolNames, losses: Losses): Reader => {
  const namedTools = createNamedTools();
  const parts = (content: unknown): readonly ContentPart[] => {
    if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
    return objectsOf(content).flatMap((block): readonly ContentPart[] => {
      const read = part(block);
      return read ? [read] : [];
    });
  };
  const part = (block: JsonObject): ContentPart | undefined => {
    const mark = defined({ cacheControl: isObject(block.cache_control) ? block.cache_control : undefined });
    switch (block.type) {
      case 'text':
        if (listOf(block.citations).length > 0) losses.add('messages.citations');
        return { kind: 'text', text: stringOr(block.text, ''), ...mark };
      case 'image':
        return readMedia(block, 'image', losses);
      case 'document':
        return readMedia(block, 'document', losses);
      case 'tool_use':
        // Arguments of a caller's history are already parsed; anything but an object is kept as it is spelt.
        return {
          kind: 'tool-call',
          id: stringOr(block.id, ''),
          name: names.called(undefined, stringOr(block.name, '')),
          arguments: JSON.stringify(block.input ?? {}),
          ...mark,
        };
      case 'tool_result':
        return {
          kind: 'tool-result',
          id: stringOr(block.tool_use_id, ''),
          content: parts(block.content),
          isError: block.is_error === true,
          ...mark,
        };
      case 'thinking':
      case 'redacted_thinking':
        return readThinkingBlock(block);
      case 'search_result':
        return { kind: 'text', text: searchResultText(block), ...mark };
      default: {
        losses.add(`messages.${stringOr(block.type, 'block')}`);
        const change = toolChangeOf(block);
        if (change) namedTools.note(change);
        const told = change ? toolChangeText(change) : serverToolText(block);
        return told === undefined ? undefined : { kind: 'text', text: told, ...mark };
      }
    }
  };
  const turn = (message: JsonObject): Turn => {
    const role = roleOf(message.role);
    if (role === undefined) losses.add('messages.role');
    return { role: role ?? 'user', parts: parts(message.content) };
  };
  return { turn, parts, namedTools };
};

/** Proofs that were marked for a caller of this dialect get their own dialect back. */
const readThinkingBlock = (block: JsonObject): ContentPart => {
  const sent = textOf(block.signature) ?? textOf(block.data);
  const { proof, origin } = unwrapProof(sent ?? '', 'anthropic-messages');
  const text = stringOr(block.thinking, '');
  if (sent === undefined || sent === UNSIGNED_SIGNATURE) return { kind: 'thinking', text, origin };
  return block.type === 'thinking'
    ? { kind: 'thinking', text, signature: proof, origin }
    : { kind: 'thinking', text, redacted: proof, origin };
};

const searchResultText = (block: JsonObject): string =>
  [block.title, block.source, ...objectsOf(block.content).map((part) => part.text)]
    .filter((line) => typeof line === 'string' && line !== '')
    .join('\n');

const readMedia = (block: JsonObject, kind: 'image' | 'document', losses: Losses): ContentPart | undefined => {
  const source = isObject(block.source) ? block.source : {};
  const title = textOf(block.title);
  const mark = defined({ cacheControl: isObject(block.cache_control) ? block.cache_control : undefined });
  if (kind === 'document' && (source.type === 'text' || source.type === 'content')) {
    const body = source.type === 'text' ? stringOr(source.data, '') : contentText(source.content);
    if (objectsOf(source.content).some((inner) => inner.type !== 'text')) losses.add('messages.document.content');
    return { kind: 'text', text: title === undefined ? body : `${title}\n\n${body}`, ...mark };
  }
  const media = readSource(source);
  if (!media) {
    losses.add(`messages.${kind}.${stringOr(source.type, 'source')}`);
    return undefined;
  }
  if (kind === 'image') return { kind, source: media, ...mark };
  return { kind, source: media, ...defined({ title }), ...mark };
};

const contentText = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : objectsOf(content)
        .map((part) => stringOr(part.text, ''))
        .join('\n');

/** Files stored at Anthropic cannot be fetched from elsewhere. */
const readSource = (source: JsonObject): MediaSource | undefined => {
  if (source.type === 'url' && typeof source.url === 'string') return { kind: 'url', url: source.url };
  if (source.type !== 'base64' || typeof source.data !== 'string') return undefined;
  return { kind: 'base64', mediaType: stringOr(source.media_type, 'application/octet-stream'), data: source.data };
};
