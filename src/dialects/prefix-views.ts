/** The prefix view of each dialect. */
import type { DialectName, JsonObject } from '#core/message';
import type { PrefixView } from '#core/prefix-plan';
import { messagesPrefixView } from '#dialects/anthropic-messages/prefix-view';
import { chatPrefixView } from '#dialects/openai-chat/prefix-view';
import { responsesPrefixView } from '#dialects/openai-responses/prefix-view';

export const prefixViews: Readonly<Record<DialectName, (raw: JsonObject) => PrefixView>> = {
  'anthropic-messages': messagesPrefixView,
  'openai-chat': chatPrefixView,
  'openai-responses': responsesPrefixView,
};
