/** Who said what in a list of Responses items? Gathers loose items into turns: a model's into one, results into one. */
import type { ContentPart, JsonObject, Role, Turn } from '#core/message';
import { isObject, stringOr, textOf } from '#dialects/json';
import type { Losses } from '#dialects/losses';
import { readContent } from '#dialects/openai-responses/content';
import { itemType, reasoningText } from '#dialects/openai-responses/items';
import { readEncrypted } from '#dialects/openai-responses/proof';
import { roleOf } from '#dialects/roles';
import { CUSTOM_ARGUMENT, type ToolNames } from '#dialects/tool-names';

interface OpenTurn {
  readonly role: Role;
  readonly parts: ContentPart[];
  /** Loose items may still join: a model's reasoning and calls, or the results of tools. */
  readonly open: boolean;
}

/**
 * Typed turns of the items. Whatever a model says without an answer in between is one turn, except that a second message
 * right behind a first begins another; neighbouring tool results are one turn of the user.
 */
export const readTurns = (items: readonly JsonObject[], names: ToolNames, losses: Losses): readonly Turn[] => {
  const turns: OpenTurn[] = [];
  const joined = (role: 'assistant' | 'user'): ContentPart[] => {
    const last = turns.at(-1);
    if (last?.open && last.role === role) return last.parts;
    const parts: ContentPart[] = [];
    turns.push({ role, parts, open: true });
    return parts;
  };
  for (const item of items) {
    switch (itemType(item)) {
      case 'message':
        takeMessage(turns, item, losses);
        break;
      case 'reasoning':
        joined('assistant').push(readReasoning(item));
        break;
      case 'function_call':
      case 'custom_tool_call':
        joined('assistant').push(readCall(item, names));
        break;
      case 'function_call_output':
      case 'custom_tool_call_output':
        joined('user').push(readResult(item, losses));
        break;
      default:
        if (item.type !== 'additional_tools') losses.add(`input.${itemType(item)}`);
    }
  }
  return turns.flatMap((turn) => (isSpoken(turn, losses) ? [{ role: turn.role, parts: turn.parts }] : []));
};

/** Nothing follows from thinking that led to no word and no call, and most servers refuse such a turn. */
const isSpoken = ({ parts }: OpenTurn, losses: Losses): boolean => {
  if (parts.some((part) => part.kind !== 'thinking')) return true;
  if (parts.length > 0) losses.add('input.reasoning');
  return false;
};

const takeMessage = (turns: OpenTurn[], item: JsonObject, losses: Losses): void => {
  const role = roleOf(item.role);
  if (role === undefined) losses.add('input.role');
  const parts = readContent(item.content, losses);
  const last = turns.at(-1);
  const previous = last?.parts.at(-1)?.kind;
  const continues = role === 'assistant' && last?.role === 'assistant' && previous !== 'text' && previous !== 'refusal';
  if (continues && last) last.parts.push(...parts);
  else turns.push({ role: role ?? 'user', parts: [...parts], open: role === 'assistant' });
};

const readReasoning = (item: JsonObject): ContentPart => {
  const encrypted = textOf(item.encrypted_content);
  if (encrypted === undefined) return { kind: 'thinking', text: reasoningText(item), origin: 'openai-responses' };
  const { kind, text: proof, origin } = readEncrypted(encrypted);
  return { kind: 'thinking', text: reasoningText(item), [kind]: proof, origin };
};

/** A custom tool's text is the one argument of the function that stands for it. */
const readCall = (item: JsonObject, names: ToolNames): ContentPart => {
  const custom = item.type === 'custom_tool_call';
  const { arguments: text } = item;
  const spelt = isObject(text) ? JSON.stringify(text) : stringOr(text, '');
  return {
    kind: 'tool-call',
    id: stringOr(item.call_id, ''),
    name: names.called(textOf(item.namespace), stringOr(item.name, '')),
    arguments: custom ? JSON.stringify({ [CUSTOM_ARGUMENT]: stringOr(item.input, '') }) : spelt,
  };
};

const readResult = (item: JsonObject, losses: Losses): ContentPart => ({
  kind: 'tool-result',
  id: stringOr(item.call_id, ''),
  content: readContent(item.output, losses),
  isError: false,
});
