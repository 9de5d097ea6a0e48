/** Where do standing texts and turns end in a Messages body? */
import type { JsonObject } from '#core/message';
import type { Place, PrefixView } from '#core/prefix-plan';
import { isObject, listOf } from '#dialects/json';
import { endOfContent, newestPlace, openingInstructions, standingTexts } from '#dialects/prefix-view';

/** Behind tool results nothing may follow but in the last of them: elsewhere it would become a user's message. */
const placeIn = (messages: readonly unknown[], at: number): Place | undefined => {
  const message = messages[at];
  if (!isObject(message) || message.role !== 'user') return undefined;
  const { content } = message;
  const path = ['messages', at, 'content'];
  const last: unknown = Array.isArray(content) ? content.at(-1) : undefined;
  if (!isObject(last) || last.type !== 'tool_result') return endOfContent(at, content, path, 'text');
  return endOfContent(at, last.content, [...path, listOf(content).length - 1, 'content'], 'text');
};

export const messagesPrefixView = (raw: JsonObject): PrefixView => {
  const messages = listOf(raw.messages);
  const placeAt = (at: number): Place | undefined => placeIn(messages, at);
  return {
    standing: [
      ...standingTexts(raw.system, ['system']),
      ...openingInstructions(messages, 'messages', ({ role }) => role === 'assistant'),
    ],
    newest: newestPlace(messages, placeAt),
    placeAt,
  };
};
