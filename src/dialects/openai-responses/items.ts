/** What may stand in a Responses `input`? One list of items, whatever spelling it came in, and what each is. */
import type { JsonObject } from '#core/message';
import { isObject, objectsOf, textOf } from '#dialects/json';

/** The items of a request; an input that is plain text is one message of the user. */
export const inputItems = (raw: JsonObject): readonly JsonObject[] =>
  typeof raw.input === 'string' ? [{ type: 'message', role: 'user', content: raw.input }] : objectsOf(raw.input);

/** The item's type. It may be left out of messages, and of references, which have an id only; '' when nothing tells. */
export const itemType = (item: JsonObject): string => {
  const named = textOf(item.type);
  if (named !== undefined) return named;
  if (item.role !== undefined) return 'message';
  return item.id === undefined ? '' : 'item_reference';
};

/** Items that bring tools along, which count like those of `tools`. */
export const isToolCarrier = (item: JsonObject): boolean =>
  item.type === 'additional_tools' || item.type === 'tool_search_output';

/** Texts of a reasoning item: the reasoning itself where a server shows it, else its summary. */
export const reasoningText = (item: JsonObject): string => {
  const said = (parts: unknown): string =>
    objectsOf(parts)
      .flatMap(({ text }) => textOf(text) ?? [])
      .join('\n\n');
  return said(item.content) || said(item.summary);
};

/** The URL of an `input_image` part; some clients wrap it as Chat does. */
export const imageUrl = (part: JsonObject): string | undefined =>
  textOf(isObject(part.image_url) ? part.image_url.url : part.image_url);
