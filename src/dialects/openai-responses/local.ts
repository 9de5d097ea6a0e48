/** Which order of instructions does a local server take? All of them in front; what comes later joins a user's turn. */
import type { JsonObject } from '#core/message';
import { isObject, listOf, textOf } from '#dialects/json';
import { isToolCarrier, itemType } from '#dialects/openai-responses/items';
import { asReminder } from '#dialects/words';

export interface FoldedInput {
  readonly instructions: string;
  readonly input: readonly unknown[];
}

/** Text of a system or developer message; undefined for other items, and for one that holds more than text. */
const instructionIn = (item: unknown): string | undefined => {
  if (!isObject(item) || itemType(item) !== 'message') return undefined;
  if (item.role !== 'system' && item.role !== 'developer') return undefined;
  if (typeof item.content === 'string') return item.content;
  const texts = listOf(item.content).map((part) => (isObject(part) ? part.text : part));
  return texts.every((text) => typeof text === 'string') ? texts.join('\n\n') : undefined;
};

const reminderOf = (item: JsonObject, text: string): JsonObject => ({
  ...item,
  role: 'user',
  content: [{ type: 'input_text', text: asReminder(text) }],
});

/**
 * A caller's input with its opening instructions joined to `instructions`, and later ones said by the user: the chat
 * templates behind local servers take one system message, first. Undefined when there is nothing to fold.
 */
export const foldInstructions = (input: unknown, instructions: unknown): FoldedInput | undefined => {
  const items = listOf(input);
  const isCarrier = (item: unknown): boolean => isObject(item) && isToolCarrier(item);
  const spoken = items.findIndex((item) => instructionIn(item) === undefined && !isCarrier(item));
  // Instructions alone are no conversation.
  if (spoken < 0 || !items.some((item) => instructionIn(item) !== undefined)) return undefined;
  const front = items.slice(0, spoken);
  const rest = items.slice(spoken).map((item) => {
    const late = instructionIn(item);
    return late === undefined || !isObject(item) ? item : reminderOf(item, late);
  });
  return {
    instructions: [instructions, ...front.map(instructionIn)].flatMap((text) => textOf(text) ?? []).join('\n\n'),
    input: [...front.filter(isCarrier), ...rest],
  };
};
