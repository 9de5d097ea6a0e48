/** What does the content of a Responses item say? Its parts as typed ones, naming those that have no neutral form. */
import type { ContentPart, JsonObject, MediaSource } from '#core/message';
import { readParts } from '#dialects/content-parts';
import { defined, isObject, listOf, stringOr, textOf } from '#dialects/json';
import type { Losses } from '#dialects/losses';
import { mediaOfUrl } from '#dialects/media';
import { imageUrl } from '#dialects/openai-responses/items';

/** Parts of a message's `content` or of a tool's `output`. */
export const readContent = (content: unknown, losses: Losses): readonly ContentPart[] =>
  readParts(content, (part) => readPart(part, losses));

const readPart = (part: JsonObject, losses: Losses): ContentPart | undefined => {
  if (typeof part.text === 'string') {
    if (listOf(part.annotations).length > 0) losses.add('input.annotations');
    return { kind: 'text', text: part.text };
  }
  switch (part.type) {
    case 'refusal':
      return { kind: 'refusal', text: stringOr(part.refusal, '') };
    case 'input_image':
      return readImage(part, losses);
    case 'input_file':
      return readFile(part, losses);
    case 'input_audio':
      return readAudio(part, losses);
    default:
      losses.add(`input.${stringOr(part.type, 'part')}`);
      return undefined;
  }
};

/** Files stored at a server cannot be fetched from elsewhere. */
const readImage = (part: JsonObject, losses: Losses): ContentPart | undefined => {
  const url = imageUrl(part);
  if (url !== undefined) return { kind: 'image', source: mediaOfUrl(url), ...defined({ detail: textOf(part.detail) }) };
  losses.add('input.input_image.file_id');
  return undefined;
};

/** Bare base64 is what some clients put where OpenAI wants a data URL; such files are PDFs. */
const fileSource = (data: string): MediaSource =>
  data.startsWith('data:') ? mediaOfUrl(data) : { kind: 'base64', mediaType: 'application/pdf', data };

const readFile = (part: JsonObject, losses: Losses): ContentPart | undefined => {
  const title = defined({ title: textOf(part.filename) });
  const data = textOf(part.file_data);
  if (data !== undefined) return { kind: 'document', source: fileSource(data), ...title };
  const url = textOf(part.file_url);
  if (url !== undefined) return { kind: 'document', source: { kind: 'url', url }, ...title };
  losses.add('input.input_file.file_id');
  return undefined;
};

const readAudio = (part: JsonObject, losses: Losses): ContentPart | undefined => {
  const audio = isObject(part.input_audio) ? part.input_audio : {};
  const data = textOf(audio.data);
  if (data === undefined) {
    losses.add('input.input_audio');
    return undefined;
  }
  const mediaType = `audio/${stringOr(audio.format, 'wav')}`;
  return { kind: 'audio', source: { kind: 'base64', mediaType, data } };
};
