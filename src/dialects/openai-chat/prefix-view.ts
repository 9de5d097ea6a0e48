/** Where do standing texts and turns end in a Chat body? */
import type { JsonObject } from '#core/message';
import type { Place, PrefixView } from '#core/prefix-plan';
import { isObject, listOf } from '#dialects/json';
import { endOfContent, newestPlace, openingInstructions } from '#dialects/prefix-view';

/** Results of tools count: a user's message behind them would start a new turn in many templates. */
const placeIn = (messages: readonly unknown[], at: number): Place | undefined => {
  const message = messages[at];
  if (!isObject(message) || (message.role !== 'user' && message.role !== 'tool')) return undefined;
  return endOfContent(at, message.content, ['messages', at, 'content'], 'text');
};

export const chatPrefixView = (raw: JsonObject): PrefixView => {
  const messages = listOf(raw.messages);
  const placeAt = (at: number): Place | undefined => placeIn(messages, at);
  return {
    standing: openingInstructions(messages, 'messages', ({ role }) => role === 'assistant'),
    newest: newestPlace(messages, placeAt),
    placeAt,
  };
};
