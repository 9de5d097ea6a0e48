/** Which order of roles does a local chat template take? One system message, first; what comes later joins a user's turn. */
import type { JsonObject } from '#core/message';
import { listOf, objectsOf, stringOr } from '#dialects/json';
import { asReminder } from '#dialects/words';

const isInstruction = ({ role }: JsonObject): boolean => role === 'system' || role === 'developer';

const textOf = ({ content }: JsonObject): string =>
  typeof content === 'string'
    ? content
    : objectsOf(content)
        .map((part) => stringOr(part.text, ''))
        .filter((text) => text !== '')
        .join('\n\n');

const textPart = (text: string): JsonObject => ({ type: 'text', text });

/** A user message with instructions in front of its own words, or behind them. */
const withReminders = (message: JsonObject, reminders: readonly string[], where: 'before' | 'behind'): JsonObject => {
  if (reminders.length === 0) return message;
  const { content } = message;
  if (typeof content !== 'string') {
    const [told, own] = [reminders.map(textPart), listOf(content)];
    return { ...message, content: where === 'before' ? [...told, ...own] : [...own, ...told] };
  }
  const texts = where === 'before' ? [...reminders, content] : [content, ...reminders];
  return { ...message, content: texts.join('\n\n') };
};

/** The standing instructions as one message; members of a single one beside its role are kept. */
const opening = (standing: readonly JsonObject[]): readonly JsonObject[] => {
  const [first, ...others] = standing;
  if (!first) return [];
  if (others.length === 0) return [{ ...first, role: 'system' }];
  return [{ role: 'system', content: standing.map(textOf).join('\n\n') }];
};

/** Later instructions wait for the user's next words; before the assistant speaks they join those said last. */
const foldLater = (messages: readonly JsonObject[]): readonly JsonObject[] => {
  const folded: JsonObject[] = [];
  let waiting: string[] = [];
  const settle = (): void => {
    const last = folded.at(-1);
    if (waiting.length === 0) return;
    if (last?.role === 'user') folded[folded.length - 1] = withReminders(last, waiting, 'behind');
    else folded.push({ role: 'user', content: waiting.join('\n\n') });
    waiting = [];
  };
  for (const message of messages) {
    if (isInstruction(message)) {
      const text = textOf(message);
      if (text !== '') waiting.push(asReminder(text));
    } else if (message.role === 'user') {
      folded.push(withReminders(message, waiting, 'before'));
      waiting = [];
    } else {
      // Tool results have to stand directly behind their calls.
      if (message.role === 'assistant') settle();
      folded.push(message);
    }
  }
  settle();
  return folded;
};

/** A caller's messages as a local template takes them; undefined when it takes them as they are. */
export const localChatMessages = (messages: readonly JsonObject[]): readonly JsonObject[] | undefined => {
  const spoken = messages.findIndex((message) => !isInstruction(message));
  const standing = spoken < 0 ? messages : messages.slice(0, spoken);
  const rest = spoken < 0 ? [] : messages.slice(spoken);
  const known = standing.length <= 1 && standing[0]?.role !== 'developer' && !rest.some(isInstruction);
  return known ? undefined : [...opening(standing), ...foldLater(rest)];
};
