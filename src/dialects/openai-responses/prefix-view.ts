/** Where do standing texts and turns end in a Responses body? */
import type { JsonObject } from '#core/message';
import type { Place, PrefixView } from '#core/prefix-plan';
import { isObject, listOf } from '#dialects/json';
import { endOfContent, newestPlace, openingInstructions, standingTexts } from '#dialects/prefix-view';

const isMessage = ({ type }: JsonObject): boolean => type === undefined || type === 'message';

/** The model's own items: its words, its thoughts, its calls. */
const isAnswer = (item: JsonObject): boolean =>
  item.role === 'assistant' ||
  item.type === 'reasoning' ||
  item.type === 'function_call' ||
  item.type === 'custom_tool_call';

const placeIn = (items: readonly unknown[], at: number): Place | undefined => {
  const item = items[at];
  if (!isObject(item)) return undefined;
  if (item.type === 'function_call_output' || item.type === 'custom_tool_call_output') {
    return endOfContent(at, item.output, ['input', at, 'output'], 'input_text');
  }
  if (!isMessage(item) || item.role !== 'user') return undefined;
  return endOfContent(at, item.content, ['input', at, 'content'], 'input_text');
};

export const responsesPrefixView = (raw: JsonObject): PrefixView => {
  const { instructions, input } = raw;
  const standing = standingTexts(instructions, ['instructions']);
  if (typeof input === 'string') {
    const place: Place = { at: 0, path: ['input'], text: input };
    return { standing, newest: place, placeAt: (at) => (at === 0 ? place : undefined) };
  }
  const items = listOf(input);
  const placeAt = (at: number): Place | undefined => placeIn(items, at);
  return {
    standing: [...standing, ...openingInstructions(items, 'input', isAnswer)],
    newest: newestPlace(items, placeAt),
    placeAt,
  };
};
