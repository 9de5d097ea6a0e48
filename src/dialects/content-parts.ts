/** Which parts does some content have, when it may be plain text or a list? Read for the OpenAI dialects, facts included. */
import type { ContentPart, JsonObject, Modality } from '#core/message';
import { type FactsDraft, noteMedia } from '#dialects/facts';
import { isObject, listOf, textOf } from '#dialects/json';

const plain = (text: string): ContentPart => ({ kind: 'text', text });

/** Typed parts of some content. Bare strings in a list are read as text; what `read` does not know is left out. */
export const readParts = (
  content: unknown,
  read: (part: JsonObject) => ContentPart | undefined,
): readonly ContentPart[] => {
  if (typeof content === 'string') return content === '' ? [] : [plain(content)];
  return listOf(content).flatMap((part): readonly ContentPart[] => {
    if (typeof part === 'string') return [plain(part)];
    const known = isObject(part) ? read(part) : undefined;
    return known ? [known] : [];
  });
};

/** The texts of some content; media are noted on the way. @param media modality by type of part */
export const noteParts = (
  draft: FactsDraft,
  content: unknown,
  media: ReadonlyMap<unknown, Exclude<Modality, 'text'>>,
): readonly string[] => {
  if (typeof content === 'string') return [content];
  const texts: string[] = [];
  for (const part of listOf(content)) {
    if (typeof part === 'string') texts.push(part);
    else if (isObject(part)) {
      const text = textOf(part.text) ?? textOf(part.refusal);
      const modality = media.get(part.type);
      if (text !== undefined) texts.push(text);
      else if (modality !== undefined) noteMedia(draft, modality);
    }
  }
  return texts;
};
