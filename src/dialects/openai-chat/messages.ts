/** How are typed turns written as Chat messages? Puts tool results, pictures and late instructions where they are legal. */
import type { ContentPart, Conversation, JsonObject, Turn } from '#core/message';
import { type CallIds, createCallIds, visibleId } from '#dialects/call-ids';
import { defined } from '#dialects/json';
import { type Losses, lostOfUser } from '#dialects/losses';
import { inputAudio, urlOfMedia } from '#dialects/media';
import type { ChatTierFacts } from '#dialects/openai-chat/tier-facts';
import { isInstruction } from '#dialects/roles';
import { asReminder, TOOL_ERROR_MARK, textsOf } from '#dialects/words';

/** Longest `tool_calls[].id` that OpenAI takes, in characters. */
const CALL_ID_LENGTH_MAX = 40;

type ToolResult = Extract<ContentPart, { kind: 'tool-result' }>;

const isMedia = (part: ContentPart): boolean =>
  part.kind === 'image' || part.kind === 'document' || part.kind === 'audio';

/** The messages of a Chat body. Consecutive user turns become one message, as Anthropic's service reads them. */
export const writeChatMessages = (
  conversation: Conversation,
  facts: ChatTierFacts,
  losses: Losses,
): readonly JsonObject[] => {
  const messages: JsonObject[] = [];
  const callIds = createCallIds(visibleId, CALL_ID_LENGTH_MAX);
  const opening: string[] = [];
  let user: ContentPart[] = [];
  let started = false;
  /** Calls of the last assistant turn without a result yet. Nothing may come between, so text waits behind them. */
  let unanswered = 0;
  const flushUser = (): void => {
    if (user.length > 0) messages.push({ role: 'user', content: writeUserContent(user, losses) });
    user = [];
  };
  for (const turn of conversation.turns) {
    noteCacheMarks(turn.parts, losses);
    if (isInstruction(turn)) {
      const text = textsOf(turn.parts).join('\n\n');
      if (turn.parts.some(isMedia)) losses.add('messages.system.media');
      if (text === '') continue;
      if (!started) opening.push(text);
      else if (facts.midSystem && unanswered <= 0) {
        flushUser();
        messages.push({ role: 'system', content: text });
      } else user.push({ kind: 'text', text: asReminder(text) });
      continue;
    }
    started = true;
    if (turn.role === 'assistant') {
      flushUser();
      callIds.turn();
      messages.push(writeAssistant(turn, callIds, facts, losses));
      unanswered = turn.parts.filter((part) => part.kind === 'tool-call').length;
    } else {
      for (const part of turn.parts) {
        if (part.kind === 'tool-result') {
          unanswered--;
          const id = callIds.result(part.id);
          messages.push(writeResult(part, id));
          user.push(...attachmentsOf(part, id));
        } else user.push(part);
      }
    }
  }
  flushUser();
  return opening.length > 0 ? [{ role: 'system', content: opening.join('\n\n') }, ...messages] : messages;
};

const noteCacheMarks = (parts: readonly ContentPart[], losses: Losses): void => {
  for (const part of parts) {
    if ('cacheControl' in part && part.cacheControl) losses.add('cache_control');
    if (part.kind === 'tool-result') noteCacheMarks(part.content, losses);
  }
};

const writeResult = (result: ToolResult, id: string): JsonObject => {
  const text = textsOf(result.content).join('\n');
  const shown = text === '' && result.content.some(isMedia) ? '(see the attachment below)' : text;
  return { role: 'tool', tool_call_id: id, content: result.isError ? `${TOOL_ERROR_MARK}${shown}` : shown };
};

/** Tool messages are text only; pictures follow in a user message. */
const attachmentsOf = (result: ToolResult, id: string): readonly ContentPart[] => {
  const media = result.content.filter(isMedia);
  if (media.length === 0) return [];
  return [{ kind: 'text', text: `Attachment(s) of tool result ${id}:` }, ...media];
};

const writeUserContent = (parts: readonly ContentPart[], losses: Losses): unknown => {
  if (!parts.some(isMedia)) return textsOf(parts).join('\n\n');
  return parts.flatMap((part) => {
    const written = writeUserPart(part, losses);
    return written ? [written] : [];
  });
};

const writeUserPart = (part: ContentPart, losses: Losses): JsonObject | undefined => {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: part.text };
    case 'image':
      return {
        type: 'image_url',
        image_url: { url: urlOfMedia(part.source), ...defined({ detail: part.detail }) },
      };
    case 'audio':
      return inputAudio(part.source) ?? lostOfUser(part.kind, losses);
    case 'document':
      if (part.source.kind === 'base64') {
        const filename = part.title ?? 'document.pdf';
        return { type: 'file', file: { filename, file_data: urlOfMedia(part.source) } };
      }
      // Chat takes no document by URL; the model should at least know that there was one.
      losses.add('messages.document.url');
      return { type: 'text', text: `[document: ${part.source.url}]` };
    default:
      return lostOfUser(part.kind, losses);
  }
};

const writeAssistant = (turn: Turn, callIds: CallIds, facts: ChatTierFacts, losses: Losses): JsonObject => {
  const calls: JsonObject[] = [];
  for (const part of turn.parts) {
    if (part.kind === 'tool-call') {
      const called = { name: part.name, arguments: part.arguments };
      calls.push({ id: callIds.call(part.id), type: 'function', function: called });
    } else if (isMedia(part)) losses.add(`messages.assistant.${part.kind}`);
  }
  const mayReason = facts.reasoningHistory === 'all' || (facts.reasoningHistory === 'with-calls' && calls.length > 0);
  const reasoning = reasoningOf(turn, mayReason, losses);
  const text = textsOf(turn.parts).join('');
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
};

/** What the assistant thought in a turn, as far as the tier may be told; proofs stay with their own dialect. */
const reasoningOf = (turn: Turn, mayReason: boolean, losses: Losses): string => {
  let reasoning = '';
  for (const part of turn.parts) {
    if (part.kind !== 'thinking') continue;
    if (part.redacted !== undefined) losses.add('messages.redacted_thinking');
    if (part.signature) losses.add('messages.thinking.signature');
    if (mayReason) reasoning += part.text;
    else if (part.text !== '') losses.add('messages.thinking');
  }
  return reasoning;
};
