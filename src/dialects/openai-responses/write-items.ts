/** How are typed turns written as Responses items? Standing text as instructions, everything else item by item. */
import type { ContentPart, Conversation, JsonObject, Turn } from '#core/message';
import { type CallIds, createCallIds, visibleId } from '#dialects/call-ids';
import type { Losses } from '#dialects/losses';
import type { ResponsesTierFacts } from '#dialects/openai-responses/tier-facts';
import { writeParts, writeText } from '#dialects/openai-responses/write-content';
import { isInstruction } from '#dialects/roles';
import { asReminder, TOOL_ERROR_MARK, textsOf } from '#dialects/words';

/** Longest `call_id` that OpenAI takes, in characters. */
const CALL_ID_LENGTH_MAX = 64;

/** Stands in for a conversation in which nobody said anything: an empty input is refused. */
const OPENING_TEXT = 'Continue.';

export interface WrittenItems {
  readonly instructions: string | undefined;
  readonly input: readonly JsonObject[];
}

/**
 * Instructions and input of a Responses body. What stands in front of the first turn becomes `instructions`, which every
 * server of the dialect has; instructions alone are no conversation, so the last of them stays an item.
 */
export const writeItems = (conversation: Conversation, facts: ResponsesTierFacts, losses: Losses): WrittenItems => {
  const { turns } = conversation;
  const firstSpoken = turns.findIndex((turn) => !isInstruction(turn));
  const opening = firstSpoken >= 0 ? firstSpoken : Math.max(0, turns.length - 1);
  const writer = createWriter(facts, losses);
  for (const turn of turns.slice(opening)) writer.turn(turn, firstSpoken >= 0);
  writer.finish();
  if (writer.items.length === 0) {
    writer.items.push({ type: 'message', role: 'user', content: OPENING_TEXT });
    losses.add('messages.opening');
  }
  const standing = turns.slice(0, opening).flatMap((turn) => writer.instruction(turn));
  return { instructions: standing.length > 0 ? standing.join('\n\n') : undefined, input: writer.items };
};

interface Writer {
  readonly items: JsonObject[];
  turn(turn: Turn, late: boolean): void;
  /** Writes what still waits for results that never came. */
  finish(): void;
  /** The text of a system or developer turn; none when it is empty. */
  instruction(turn: Turn): readonly string[];
}

/** Nothing may come between calls and their results: local chat templates fail on it. What does waits behind them. */
const createWriter = (facts: ResponsesTierFacts, losses: Losses): Writer => {
  const items: JsonObject[] = [];
  const callIds = createCallIds(visibleId, CALL_ID_LENGTH_MAX);
  const instruction = (turn: Turn): readonly string[] => {
    for (const part of turn.parts) {
      if (part.kind === 'text' && part.cacheControl) losses.add('cache_control');
      if (part.kind !== 'text' && part.kind !== 'refusal') losses.add(`messages.system.${part.kind}`);
    }
    const text = textsOf(turn.parts).join('\n\n');
    return text === '' ? [] : [text];
  };
  /** Calls without a result yet, by the id they were written under. */
  const unanswered = new Set<unknown>();
  const waiting: JsonObject[] = [];
  const release = (): void => {
    unanswered.clear();
    items.push(...waiting.splice(0));
  };
  const message = (role: string, content: unknown): void => {
    const queue = role !== 'assistant' && unanswered.size > 0 ? waiting : items;
    queue.push(asMessage(role, content, items.length));
  };
  const say = (turn: Turn): void => {
    let said: ContentPart[] = [];
    const flush = (): void => {
      const content = writeParts(said, turn.role === 'assistant', losses);
      if (content !== undefined) message(turn.role, content);
      said = [];
    };
    if (turn.role === 'assistant') {
      release();
      callIds.turn();
    }
    for (const part of turn.parts) {
      const item = itemOf(part, callIds, facts, losses);
      if (item === undefined) said.push(part);
      else {
        flush();
        items.push(...item);
        for (const { type, call_id } of item) {
          if (type === 'function_call') unanswered.add(call_id);
          else if (type === 'function_call_output' && unanswered.delete(call_id) && unanswered.size === 0) release();
        }
      }
    }
    flush();
  };
  return {
    items,
    finish: release,
    instruction,
    turn(turn, late) {
      if (!isInstruction(turn)) say(turn);
      else {
        for (const text of instruction(turn)) {
          if (late && !facts.midSystem) message('user', asReminder(text));
          else message(turn.role, text);
        }
      }
    },
  };
};

/** Some servers take an assistant's list of parts only in the full form that a model's own output has. */
const asMessage = (role: string, content: unknown, index: number): JsonObject =>
  role === 'assistant' && typeof content !== 'string'
    ? { type: 'message', id: `msg_${index}`, status: 'completed', role, content }
    : { type: 'message', role, content };

/** The item that a part is on its own; undefined for parts of a message. */
const itemOf = (
  part: ContentPart,
  callIds: CallIds,
  facts: ResponsesTierFacts,
  losses: Losses,
): readonly JsonObject[] | undefined => {
  switch (part.kind) {
    case 'thinking':
      return writeThinking(part, facts, losses);
    case 'tool-call':
      if (part.cacheControl) losses.add('cache_control');
      return [
        { type: 'function_call', call_id: callIds.call(part.id), name: part.name, arguments: part.arguments || '{}' },
      ];
    case 'tool-result':
      return [{ type: 'function_call_output', call_id: callIds.result(part.id), output: writeOutput(part, losses) }];
    default:
      return undefined;
  }
};

/** Reasoning returns to the dialect that made it; a tier that checks nothing also reads what another model thought. */
const writeThinking = (
  part: Extract<ContentPart, { kind: 'thinking' }>,
  facts: ResponsesTierFacts,
  losses: Losses,
): readonly JsonObject[] => {
  const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }];
  if (part.origin === 'openai-responses' && part.signature !== undefined) {
    return [{ type: 'reasoning', summary, encrypted_content: part.signature }];
  }
  if (part.redacted !== undefined) losses.add('messages.redacted_thinking');
  if (part.signature !== undefined) losses.add('messages.thinking.signature');
  if (part.text === '') return [];
  if (!facts.checksProofs) {
    return [{ type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: part.text }] }];
  }
  losses.add('messages.thinking');
  return [];
};

const writeOutput = (result: Extract<ContentPart, { kind: 'tool-result' }>, losses: Losses): unknown => {
  if (result.cacheControl) losses.add('cache_control');
  const content = result.isError ? markError(result.content) : result.content;
  return writeParts(content, false, losses) ?? '';
};

/** There is no `is_error` here; the text itself has to say so. */
const markError = (content: readonly ContentPart[]): readonly ContentPart[] => {
  const [first, ...rest] = content;
  if (first?.kind === 'text') return [{ ...first, text: `${TOOL_ERROR_MARK}${first.text}` }, ...rest];
  return [writeText(TOOL_ERROR_MARK.trimEnd()), ...content];
};
