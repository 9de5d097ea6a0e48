/** How are typed turns written as Messages blocks? Keeps roles, ids and order legal whatever the other dialect allowed. */
import type { ContentPart, Conversation, JsonObject, MediaSource, Turn } from '#core/message';
import {
  isSigned,
  type MessageDraft,
  pushMerged,
  reminderBlock,
  UNSIGNED_SIGNATURE,
  writeDraft,
} from '#dialects/anthropic-messages/blocks';
import type { MessagesTierFacts } from '#dialects/anthropic-messages/tier-facts';
import { type CallIds, createCallIds } from '#dialects/call-ids';
import { defined, isObject, parseJson } from '#dialects/json';
import type { Losses } from '#dialects/losses';
import { isInstruction } from '#dialects/roles';

/** Key under which arguments that are no JSON object are kept: Messages takes objects only, and `{}` would be a lie. */
const RAW_ARGUMENTS_KEY = '__raw_arguments';

/** Cache breakpoints the service accepts in one request. */
const CACHE_MARKS_MAX = 4;

/** Stands in for the user turn that a conversation has to open with. */
const OPENING_TEXT = 'Continue.';

/** The service names no limit; this one holds every id of a server, in characters. */
const ID_LENGTH_MAX = 64;

/** The alphabet that the service allows. */
const legalId = (id: string): string => id.replace(/[^a-zA-Z0-9_-]/g, '_');

export interface WriterContext {
  readonly facts: MessagesTierFacts;
  readonly losses: Losses;
  /** The `cache_control` member for a mark, as long as there are breakpoints left. */
  mark(cacheControl: JsonObject | undefined): JsonObject;
  readonly toolIds: CallIds;
}

export const createWriterContext = (facts: MessagesTierFacts, losses: Losses): WriterContext => {
  let marks = 0;
  return {
    facts,
    losses,
    toolIds: createCallIds(legalId, ID_LENGTH_MAX),
    mark(cacheControl) {
      if (!cacheControl) return {};
      marks++;
      if (marks <= CACHE_MARKS_MAX) return { cache_control: cacheControl };
      losses.add('cache_control');
      return {};
    },
  };
};

export interface WrittenMessages {
  readonly system: readonly JsonObject[];
  readonly messages: readonly JsonObject[];
}

/** System blocks and messages of a Messages body. */
export const writeMessages = (conversation: Conversation, context: WriterContext): WrittenMessages => {
  const { turns } = conversation;
  const firstSpoken = turns.findIndex((turn) => !isInstruction(turn));
  // Instructions alone are no conversation; the last of them is what the model has to answer.
  const opening = firstSpoken >= 0 ? firstSpoken : Math.max(0, turns.length - 1);
  const drafts: MessageDraft[] = [];
  for (const turn of turns.slice(opening)) {
    if (isInstruction(turn) && firstSpoken >= 0) pushMerged(drafts, 'user', writeLateInstruction(turn, context));
    else if (turn.role === 'assistant') pushMerged(drafts, 'assistant', writeAssistant(turn, context));
    else pushMerged(drafts, 'user', writeUserParts(turn.parts, context));
  }
  if (drafts[0]?.role !== 'user') {
    drafts.unshift({ role: 'user', blocks: [{ type: 'text', text: OPENING_TEXT }] });
    context.losses.add('messages.opening');
  }
  trimPrefill(drafts);
  return {
    system: turns.slice(0, opening).flatMap((turn) => writeSystem(turn, context)),
    messages: drafts.map(writeDraft),
  };
};

/** The service refuses a last assistant turn that ends in white space. */
const trimPrefill = (drafts: MessageDraft[]): void => {
  const last = drafts.at(-1);
  const block = last?.blocks.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text') return;
  last.blocks[last.blocks.length - 1] = { ...block, text: String(block.text).trimEnd() };
};

const writeSystem = (turn: Turn, context: WriterContext): readonly JsonObject[] =>
  turn.parts.flatMap((part) => {
    const block = writeText(part, context);
    if (!block && part.kind !== 'text') context.losses.add(`messages.system.${part.kind}`);
    return block ? [block] : [];
  });

const writeLateInstruction = (turn: Turn, context: WriterContext): readonly JsonObject[] => {
  const texts = writeSystem(turn, context).map((block) => String(block.text));
  return texts.length > 0 ? [reminderBlock(texts.join('\n\n'))] : [];
};

/** Empty text blocks are refused, so they are left out; nothing is lost with them. */
const writeText = (part: ContentPart, context: WriterContext): JsonObject | undefined => {
  if ((part.kind !== 'text' && part.kind !== 'refusal') || part.text.trim() === '') return undefined;
  const mark = part.kind === 'text' ? context.mark(part.cacheControl) : {};
  return { type: 'text', text: part.text, ...mark };
};

const writeUserParts = (parts: readonly ContentPart[], context: WriterContext): readonly JsonObject[] =>
  parts.flatMap((part) => {
    const block = writeUserPart(part, context);
    return block ? [block] : [];
  });

const writeUserPart = (part: ContentPart, context: WriterContext): JsonObject | undefined => {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return writeText(part, context);
    case 'image':
      if (part.detail !== undefined && part.detail !== 'auto') context.losses.add('messages.image_url.detail');
      return { type: 'image', source: writeSource(part.source), ...context.mark(part.cacheControl) };
    case 'document': {
      const title = defined({ title: part.title });
      return { type: 'document', source: writeSource(part.source), ...title, ...context.mark(part.cacheControl) };
    }
    case 'tool-result':
      return writeResult(part, context);
    default:
      context.losses.add(`messages.user.${part.kind}`);
      return undefined;
  }
};

const writeSource = (source: MediaSource): JsonObject =>
  source.kind === 'url'
    ? { type: 'url', url: source.url }
    : { type: 'base64', media_type: source.mediaType, data: source.data };

const writeResult = (part: Extract<ContentPart, { kind: 'tool-result' }>, context: WriterContext): JsonObject => {
  const blocks = writeUserParts(part.content, context);
  const [only] = blocks;
  const plain = blocks.length === 1 && only?.type === 'text' && only.cache_control === undefined;
  return {
    type: 'tool_result',
    tool_use_id: context.toolIds.result(part.id),
    ...(blocks.length === 0 ? {} : { content: plain ? only.text : blocks }),
    ...(part.isError ? { is_error: true } : {}),
    ...context.mark(part.cacheControl),
  };
};

const writeAssistant = (turn: Turn, context: WriterContext): readonly JsonObject[] => {
  context.toolIds.turn();
  return turn.parts.flatMap((part) => {
    const block = writeAssistantPart(part, context);
    return block ? [block] : [];
  });
};

const writeAssistantPart = (part: ContentPart, context: WriterContext): JsonObject | undefined => {
  if (part.kind === 'thinking') return writeThinkingBlock(part, context);
  if (part.kind === 'tool-call') return writeCall(part, context);
  if (part.kind !== 'text' && part.kind !== 'refusal') context.losses.add(`messages.assistant.${part.kind}`);
  return writeText(part, context);
};

const writeThinkingBlock = (
  part: Extract<ContentPart, { kind: 'thinking' }>,
  { facts, losses }: WriterContext,
): JsonObject | undefined => {
  const own = part.origin === 'anthropic-messages';
  if (own && part.redacted !== undefined) return { type: 'redacted_thinking', data: part.redacted };
  const signature = own && isSigned(part.signature) ? part.signature : undefined;
  // What another dialect keeps sealed has no words here.
  if (signature !== undefined || (!facts.checksSignatures && part.text !== '')) {
    return { type: 'thinking', thinking: part.text, signature: signature ?? UNSIGNED_SIGNATURE };
  }
  losses.add('messages.thinking');
  return undefined;
};

const writeCall = (part: Extract<ContentPart, { kind: 'tool-call' }>, context: WriterContext): JsonObject => ({
  type: 'tool_use',
  id: context.toolIds.call(part.id),
  name: part.name,
  input: inputOf(part.arguments, context.losses),
  ...context.mark(part.cacheControl),
});

/** Blank arguments mean none. Anything else that is no object is kept as text under one documented key. */
const inputOf = (text: string, losses: Losses): JsonObject => {
  if (text.trim() === '') return {};
  const parsed = parseJson(text);
  if (isObject(parsed)) return parsed;
  losses.add('messages.tool_calls.arguments');
  return { [RAW_ARGUMENTS_KEY]: text };
};
