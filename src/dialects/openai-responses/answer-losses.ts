/** What of an output item has no typed form? Its name, for the decision record. */
import type { JsonObject } from '#core/message';
import { isObject, listOf, objectsOf, textOf } from '#dialects/json';
import type { Losses } from '#dialects/losses';

const TYPED_CONTENT: ReadonlySet<unknown> = new Set(['output_text', 'text', 'refusal']);

const noteContent = (part: JsonObject, losses: Losses): void => {
  if (!TYPED_CONTENT.has(part.type)) losses.add(`answer.${textOf(part.type) ?? 'content'}`);
  for (const name of ['annotations', 'logprobs']) if (listOf(part[name]).length > 0) losses.add(`answer.${name}`);
};

/** @param known whether items of its type become parts */
export const noteItem = (item: unknown, known: boolean, losses: Losses): void => {
  if (!isObject(item)) return;
  if (!known) losses.add(`answer.${textOf(item.type) ?? 'item'}`);
  else if (item.type === 'message') for (const part of objectsOf(item.content)) noteContent(part, losses);
};
