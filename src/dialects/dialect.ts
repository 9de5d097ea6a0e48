/** Which wire dialects are spoken? One line each; routes, decoders and renderers follow from it. */
import type { Dialect } from '#core/dialect';
import type { DialectName } from '#core/message';
import { anthropicMessages } from '#dialects/anthropic-messages/dialect';
import { openaiChat } from '#dialects/openai-chat/dialect';
import { openaiResponses } from '#dialects/openai-responses/dialect';

export const dialects = {
  'anthropic-messages': anthropicMessages,
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
} as const satisfies Record<DialectName, Dialect>;
