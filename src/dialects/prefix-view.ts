/** Where in a message do text and its end lie? Readers shared by the dialects' own prefix views. */
import type { JsonObject } from '#core/message';
import type { Place, StandingText } from '#core/prefix-plan';
import type { JsonPath } from '#core/prefix-splice';
import { isObject, listOf } from '#dialects/json';

/** The texts of a content that is a string or a list of blocks. */
export const standingTexts = (content: unknown, path: JsonPath): readonly StandingText[] => {
  if (typeof content === 'string') return [{ path, text: content }];
  const blocks = listOf(content);
  return blocks.flatMap((block, index): StandingText[] => {
    if (!isObject(block) || typeof block.text !== 'string') return [];
    const element = [...path, index];
    return [{ path: [...element, 'text'], text: block.text, ...(blocks.length > 1 ? { element } : {}) }];
  });
};

/** The end of a content that is a string or a list of blocks; a list without a last text gets a block of its own. */
export const endOfContent = (
  at: number,
  content: unknown,
  path: JsonPath,
  blockType: 'text' | 'input_text',
): Place | undefined => {
  if (typeof content === 'string') return { at, path, text: content };
  if (!Array.isArray(content)) return undefined;
  const last: unknown = content.at(-1);
  if (isObject(last) && last.type === blockType && typeof last.text === 'string') {
    return { at, path: [...path, content.length - 1, 'text'], text: last.text };
  }
  return { at, path, blockType };
};

export const isInstruction = ({ role }: JsonObject): boolean => role === 'system' || role === 'developer';

/** The last entry of a list that has a place. */
export const newestPlace = (
  entries: readonly unknown[],
  placeAt: (at: number) => Place | undefined,
): Place | undefined => {
  for (let at = entries.length - 1; at >= 0; at--) {
    const place = placeAt(at);
    if (place) return place;
  }
  return undefined;
};

/** Instructions among the first messages, before the model has said anything. */
export const openingInstructions = (
  entries: readonly unknown[],
  name: string,
  isAnswer: (entry: JsonObject) => boolean,
): readonly StandingText[] => {
  const texts: StandingText[] = [];
  for (const [at, entry] of entries.entries()) {
    if (!isObject(entry)) continue;
    if (isAnswer(entry)) break;
    if (isInstruction(entry)) texts.push(...standingTexts(entry.content, [name, at, 'content']));
  }
  return texts;
};
