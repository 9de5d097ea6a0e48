/** How are typed turns written as Responses items? Standing text as instructions, everything else item by item. */
import type { ContentPart, Conversation, JsonObject, Turn } from '#core/message';
import type { Losses } from '#dialects/losses';
import { asReminder, TOOL_ERROR_MARK } from '#dialects/openai-chat/messages';
import type { ResponsesTierFacts } from '#dialects/openai-responses/tier-facts';
import { writeParts, writeText } from '#dialects/openai-responses/write-content';

/** Longest `call_id` that OpenAI takes, in characters. */
const CALL_ID_LENGTH_MAX = 64;

/** Stands in for a conversation in which nobody said anything: an empty input is refused. */
const OPENING_TEXT = 'Continue.';

export interface WrittenItems {
  readonly instructions: string | undefined;
  readonly input: readonly JsonObject[];
}

const isInstruction = (turn: Turn): boolean => turn.role === 'system' || turn.role === 'developer';

const textsOf = (parts: readonly ContentPart[]): readonly string[] =>
  parts.flatMap((part) => (part.kind === 'text' || part.kind === 'refusal' ? [part.text] : []));

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
  /** The text of a system or developer turn; none when it is empty. */
  instruction(turn: Turn): readonly string[];
}

const createWriter = (facts: ResponsesTierFacts, losses: Losses): Writer => {
  const items: JsonObject[] = [];
  const callId = createCallIds();
  const instruction = (turn: Turn): readonly string[] => {
    for (const part of turn.parts) {
      if (part.kind === 'text' && part.cacheControl) losses.add('cache_control');
      if (part.kind !== 'text' && part.kind !== 'refusal') losses.add(`messages.system.${part.kind}`);
    }
    const text = textsOf(turn.parts).join('\n\n');
    return text === '' ? [] : [text];
  };
  const message = (role: string, parts: readonly ContentPart[]): void => {
    const content = writeParts(parts, role === 'assistant', losses);
    if (content !== undefined) items.push(asMessage(role, content, items.length));
  };
  const say = (turn: Turn): void => {
    let said: ContentPart[] = [];
    const flush = (): void => {
      message(turn.role, said);
      said = [];
    };
    for (const part of turn.parts) {
      const item = itemOf(part, callId, facts, losses);
      if (item === undefined) said.push(part);
      else {
        flush();
        items.push(...item);
      }
    }
    flush();
  };
  return {
    items,
    instruction,
    turn(turn, late) {
      if (!isInstruction(turn)) say(turn);
      else {
        for (const text of instruction(turn)) {
          if (late && !facts.midSystem) items.push({ type: 'message', role: 'user', content: asReminder(text) });
          else items.push({ type: 'message', role: turn.role, content: text });
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

/** Ids that fit, the same for a call and its result; a longer one keeps its end, which is where ids differ. */
const createCallIds = (): ((id: string) => string) => {
  const idOf = new Map<string, string>();
  const taken = new Set<string>();
  return (id) => {
    const known = idOf.get(id);
    if (known !== undefined) return known;
    let fitting = id === '' ? 'call' : id.slice(-CALL_ID_LENGTH_MAX);
    for (let count = 2; taken.has(fitting); count++) {
      const suffix = `_${count}`;
      fitting = `${(id || 'call').slice(-(CALL_ID_LENGTH_MAX - suffix.length))}${suffix}`;
    }
    taken.add(fitting);
    idOf.set(id, fitting);
    return fitting;
  };
};

/** The item that a part is on its own; undefined for parts of a message. */
const itemOf = (
  part: ContentPart,
  callId: (id: string) => string,
  facts: ResponsesTierFacts,
  losses: Losses,
): readonly JsonObject[] | undefined => {
  switch (part.kind) {
    case 'thinking':
      return writeThinking(part, facts, losses);
    case 'tool-call':
      if (part.cacheControl) losses.add('cache_control');
      return [{ type: 'function_call', call_id: callId(part.id), name: part.name, arguments: part.arguments || '{}' }];
    case 'tool-result':
      return [{ type: 'function_call_output', call_id: callId(part.id), output: writeOutput(part, losses) }];
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
