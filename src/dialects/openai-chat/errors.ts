/** How is a failure told to a Chat caller? OpenAI's envelope, as a document or as the last event of a stream. */
import type { SaidFailure } from '#core/error-table';
import { openAiErrorBody } from '#dialects/openai-error';

export const chatErrorBody = openAiErrorBody;

export const chatErrorEvent = (said: SaidFailure, requestId: string): string =>
  `data: ${JSON.stringify(openAiErrorBody(said, requestId))}\n\n`;
