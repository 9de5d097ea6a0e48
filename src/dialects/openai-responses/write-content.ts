/** How are typed parts written as the content of a Responses item? As plain text where they are, else as a list. */
import type { ContentPart, JsonObject } from '#core/message';
import { defined } from '#dialects/json';
import { type Losses, lostOfUser } from '#dialects/losses';
import { inputAudio, urlOfMedia } from '#dialects/media';

/** Name of a document that has none; OpenAI requires one beside the data. */
const FILE_NAME = 'document.pdf';

export const writeText = (text: string): ContentPart => ({ kind: 'text', text });

/**
 * The content of a message, or a tool's output. One text alone is a string, the form that every server reads.
 * @returns undefined when nothing is left to say
 */
export const writeParts = (parts: readonly ContentPart[], fromModel: boolean, losses: Losses): unknown => {
  for (const part of parts) if ('cacheControl' in part && part.cacheControl) losses.add('cache_control');
  const [only] = parts;
  if (parts.length === 1 && only?.kind === 'text') return only.text;
  const written = parts.flatMap((part) => {
    const one = fromModel ? writeModelPart(part, losses) : writeInputPart(part, losses);
    return one ? [one] : [];
  });
  return written.length > 0 ? written : undefined;
};

const writeModelPart = (part: ContentPart, losses: Losses): JsonObject | undefined => {
  if (part.kind === 'text') return { type: 'output_text', text: part.text, annotations: [] };
  if (part.kind === 'refusal') return { type: 'refusal', refusal: part.text };
  losses.add(`messages.assistant.${part.kind}`);
  return undefined;
};

const writeInputPart = (part: ContentPart, losses: Losses): JsonObject | undefined => {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return { type: 'input_text', text: part.text };
    case 'image':
      return { type: 'input_image', image_url: urlOfMedia(part.source), detail: part.detail ?? 'auto' };
    case 'document':
      if (part.source.kind === 'url')
        return { type: 'input_file', file_url: part.source.url, ...defined({ filename: part.title }) };
      return { type: 'input_file', filename: part.title ?? FILE_NAME, file_data: urlOfMedia(part.source) };
    case 'audio':
      return inputAudio(part.source) ?? lostOfUser(part.kind, losses);
    default:
      return lostOfUser(part.kind, losses);
  }
};
