/** What of a Chat stream has no typed form? Keeps log probabilities, annotations and their like for one document. */
import type { AnswerKeeper } from '#core/dialect';
import type { JsonObject } from '#core/message';
import { isObject, listOf, numberOf, objectsOf } from '#dialects/json';
import { eventOfFrame } from '#dialects/wire-event';

/** Entries kept of all lists of one answer, log probabilities of single tokens among them. */
const ENTRIES_MAX = 262_144;

/** Members that the typed answer writes itself. */
const TYPED_CHUNK: ReadonlySet<string> = new Set(['id', 'object', 'created', 'model', 'choices', 'usage']);
export const TYPED_DELTA: ReadonlySet<string> = new Set([
  'role',
  'content',
  'refusal',
  'reasoning',
  'reasoning_content',
  'tool_calls',
  'function_call',
]);
const TYPED_CHOICE: ReadonlySet<string> = new Set(['index', 'delta', 'message', 'finish_reason', 'logprobs']);

type Members = Record<string, unknown>;

/** Keeper for one answer that is collected from a stream. */
export const createChatKeeper = (): AnswerKeeper => {
  const top: Members = {};
  const message: Members = {};
  const choiceMembers: Members = {};
  const logprobs: Record<string, unknown[]> = {};
  let entries = 0;

  const room = (more: readonly unknown[]): readonly unknown[] => {
    const kept = more.slice(0, Math.max(0, ENTRIES_MAX - entries));
    entries += kept.length;
    return kept;
  };
  /** Lists grow from chunk to chunk; of anything else the last word counts. */
  const note = (into: Members, from: JsonObject, typed: ReadonlySet<string>): void => {
    for (const [name, value] of Object.entries(from)) {
      if (typed.has(name) || value === null) continue;
      const list = into[name];
      if (Array.isArray(value) && Array.isArray(list)) list.push(...room(value));
      else into[name] = Array.isArray(value) ? [...room(value)] : value;
    }
  };
  return {
    frame(raw) {
      const chunk = eventOfFrame(raw);
      if (!chunk) return;
      note(top, chunk, TYPED_CHUNK);
      const choice = objectsOf(chunk.choices).find((each) => (numberOf(each.index) ?? 0) === 0);
      if (!choice) return;
      note(choiceMembers, choice, TYPED_CHOICE);
      if (isObject(choice.delta)) note(message, choice.delta, TYPED_DELTA);
      if (!isObject(choice.logprobs)) return;
      for (const [name, values] of Object.entries(choice.logprobs)) {
        const list = logprobs[name] ?? [];
        logprobs[name] = list;
        for (const value of room(listOf(values))) list.push(value);
      }
    },
    complete(body) {
      const [first, ...others] = objectsOf(body.choices);
      if (!first) return { ...top, ...body };
      const spoken = isObject(first.message) ? first.message : {};
      const choice = {
        ...choiceMembers,
        ...first,
        message: { ...message, ...spoken },
        logprobs: Object.keys(logprobs).length > 0 ? logprobs : null,
      };
      return { ...top, ...body, choices: [choice, ...others] };
    },
  };
};
