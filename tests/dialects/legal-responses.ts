/** What is a legal Responses stream? An independent checker of the order and the fields that the measured clients need. */
import { at, payloadsOf } from '#tests/dialects/support';

const fail = (problem: string, event: unknown): never => {
  throw new Error(`${problem}: ${JSON.stringify(event)}`);
};

/** What an item of each type is opened, grown and closed with; `part` events only where there are parts. */
interface Grammar {
  readonly index: 'content_index' | 'summary_index' | undefined;
  readonly partAdded: string | undefined;
  readonly delta: readonly string[];
  readonly done: readonly string[];
  readonly partDone: string | undefined;
}

const GRAMMARS: Readonly<Record<string, Grammar>> = {
  message: {
    index: 'content_index',
    partAdded: 'response.content_part.added',
    delta: ['response.output_text.delta', 'response.refusal.delta'],
    done: ['response.output_text.done', 'response.refusal.done'],
    partDone: 'response.content_part.done',
  },
  reasoning: {
    index: 'summary_index',
    partAdded: 'response.reasoning_summary_part.added',
    delta: ['response.reasoning_summary_text.delta'],
    done: ['response.reasoning_summary_text.done'],
    partDone: 'response.reasoning_summary_part.done',
  },
  function_call: {
    index: undefined,
    partAdded: undefined,
    delta: ['response.function_call_arguments.delta'],
    done: ['response.function_call_arguments.done'],
    partDone: undefined,
  },
  custom_tool_call: {
    index: undefined,
    partAdded: undefined,
    delta: ['response.custom_tool_call_input.delta'],
    done: ['response.custom_tool_call_input.done'],
    partDone: undefined,
  },
};

interface OpenItem {
  readonly id: unknown;
  readonly type: string;
  readonly callId: unknown;
  readonly grammar: Grammar;
  stage: 'added' | 'part' | 'told' | 'closed';
  text: string;
}

/** Members that hold what an item says, wherever they stand. */
const textIn = (value: unknown): unknown =>
  at(value, 'text') ?? at(value, 'refusal') ?? at(value, 'arguments') ?? at(value, 'input');

const textOfItem = (item: unknown): unknown => {
  const inner = at(item, 'content', 0) ?? at(item, 'summary', 0);
  return textIn(inner ?? item) ?? '';
};

const openItem = (event: unknown, ids: Set<unknown>): OpenItem => {
  const item = at(event, 'item');
  const type = String(at(item, 'type'));
  const grammar = GRAMMARS[type] ?? fail('an unknown item', event);
  const id = at(item, 'id');
  if (typeof id !== 'string' || id === '' || ids.has(id)) fail('no id, or one that was there before', event);
  ids.add(id);
  if (at(item, 'status') !== 'in_progress') fail('no status', event);
  if (textOfItem(item) !== '') fail('content in the opening', event);
  const callId = at(item, 'call_id');
  if (type.endsWith('_call')) {
    if (typeof callId !== 'string' || callId.trim() === '' || ids.has(callId)) fail('no call id of its own', event);
    ids.add(callId);
    if (typeof at(item, 'name') !== 'string') fail('a call without a name', event);
  }
  return { id, type, callId, grammar, stage: 'added', text: '' };
};

/** Events within an open item. */
const growItem = (open: OpenItem, type: string, event: unknown): void => {
  const { grammar } = open;
  if (at(event, 'item_id') !== open.id) fail('an event of another item', event);
  if (grammar.index !== undefined && at(event, grammar.index) !== 0) fail(`no ${grammar.index}`, event);
  const needsPart = grammar.partAdded !== undefined;
  if (type === grammar.partAdded) {
    if (open.stage !== 'added' || textIn(at(event, 'part')) !== '') fail('a part out of turn', event);
    open.stage = 'part';
  } else if (grammar.delta.includes(type)) {
    const delta = at(event, 'delta');
    if (open.stage !== (needsPart ? 'part' : 'added')) fail('a delta out of turn', event);
    if (typeof delta !== 'string' || delta === '') fail('an empty delta', event);
    open.text += String(delta);
  } else if (grammar.done.includes(type)) {
    if (open.stage !== (needsPart ? 'part' : 'added')) fail('a done out of turn', event);
    if (textIn(event) !== open.text) fail('another text than the deltas said', event);
    open.stage = 'told';
  } else if (type === grammar.partDone) {
    if (open.stage !== 'told' || textIn(at(event, 'part')) !== open.text) fail('a part closes out of turn', event);
    open.stage = 'closed';
  } else fail('an event that does not belong here', event);
};

const closeItem = (open: OpenItem, event: unknown): unknown => {
  const item = at(event, 'item');
  const needsPart = open.grammar.partAdded !== undefined;
  // Reasoning may have a proof and no words.
  const wordless = open.type === 'reasoning' && open.stage === 'added' && open.text === '';
  if (!wordless && open.stage !== (needsPart ? 'closed' : 'told')) fail('an item ends unclosed', event);
  if (wordless && typeof at(item, 'encrypted_content') !== 'string') fail('an empty item', event);
  if (at(item, 'id') !== open.id || at(item, 'type') !== open.type || at(item, 'call_id') !== open.callId) {
    fail('another item than was opened', event);
  }
  if (at(item, 'status') !== 'completed') fail('no status', event);
  if (textOfItem(item) !== open.text) fail('another text than the deltas said', event);
  return item;
};

const checkResponse = (event: unknown, id: unknown): void => {
  for (const [name, kind] of [
    ['id', 'string'],
    ['object', 'string'],
    ['model', 'string'],
    ['created_at', 'number'],
    ['status', 'string'],
    ['parallel_tool_calls', 'boolean'],
    ['tool_choice', 'string'],
  ] as const) {
    if (typeof at(event, 'response', name) !== kind) fail(`no ${name}`, event);
  }
  for (const name of ['output', 'tools']) if (!Array.isArray(at(event, 'response', name))) fail(`no ${name}`, event);
  if (at(event, 'response', 'error') !== null) fail('an error', event);
  if (id !== undefined && at(event, 'response', 'id') !== id) fail('another id', event);
};

const checkUsage = (event: unknown): void => {
  const usage = at(event, 'response', 'usage');
  const [input, output] = [at(usage, 'input_tokens'), at(usage, 'output_tokens')];
  if (typeof input !== 'number' || typeof output !== 'number') fail('no usage', event);
  if (at(usage, 'total_tokens') !== Number(input) + Number(output)) fail('no total', event);
  if (typeof at(usage, 'input_tokens_details', 'cached_tokens') !== 'number') fail('no cached tokens', event);
  if (typeof at(usage, 'output_tokens_details', 'reasoning_tokens') !== 'number') fail('no reasoning tokens', event);
};

const checkEnd = (event: unknown, type: string, items: readonly unknown[]): void => {
  checkUsage(event);
  if (JSON.stringify(at(event, 'response', 'output')) !== JSON.stringify(items)) fail('another output', event);
  const reason = at(event, 'response', 'incomplete_details', 'reason');
  if (`response.${String(at(event, 'response', 'status'))}` !== type) fail('another status', event);
  if ((typeof reason === 'string') !== (type === 'response.incomplete')) fail('no reason, or one too many', event);
};

/**
 * Throws unless the text is one complete Responses stream: created and in progress first, items one after the other with
 * rising indexes, each opened, grown, closed and done with the same content, all of them again in the closing event, with
 * usage; numbered events whose `event:` line agrees with the type.
 */
export const checkResponsesStream = (text: string): void => {
  const events = text.split('\n\n').slice(0, -1);
  const payloads = payloadsOf(text);
  if (!text.endsWith('\n\n') || events.length !== payloads.length) fail('broken framing', events.at(-1));
  const responseId = at(payloads[0], 'response', 'id');
  const ids = new Set<unknown>();
  const items: unknown[] = [];
  let open: OpenItem | undefined;
  let ended = false;
  for (const [position, event] of payloads.entries()) {
    const type = String(at(event, 'type'));
    if (events[position]?.split('\n')[0] !== `event: ${type}`) fail('no event line', event);
    if (at(event, 'sequence_number') !== position) fail('a wrong number', event);
    if (ended) fail('an event after the end', event);
    if ((position === 0) !== (type === 'response.created')) fail('created is not first', event);
    if ((position === 1) !== (type === 'response.in_progress')) fail('in_progress is not second', event);
    if (type === 'response.output_item.added') {
      if (open || at(event, 'output_index') !== items.length) fail('an item out of turn', event);
      open = openItem(event, ids);
    } else if (type === 'response.output_item.done') {
      if (!open || at(event, 'output_index') !== items.length) fail('no item to end', event);
      if (open) items.push(closeItem(open, event));
      open = undefined;
    } else if (at(event, 'response') !== undefined) {
      checkResponse(event, responseId);
      if (position > 1) {
        if (open) fail('the end comes over an open item', event);
        checkEnd(event, type, items);
        ended = true;
      } else if (at(event, 'response', 'status') !== 'in_progress') fail('not in progress', event);
    } else {
      if (!open || at(event, 'output_index') !== items.length) fail('an event outside its item', event);
      if (open) growItem(open, type, event);
    }
  }
  if (!ended) fail('no end', payloads.at(-1));
};
