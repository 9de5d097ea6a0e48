/** What is a legal stream? Independent checkers of the order and the fields that the measured clients need. */
import { at, payloadsOf } from '#tests/dialects/support';

const fail = (problem: string, event: unknown): never => {
  throw new Error(`${problem}: ${JSON.stringify(event)}`);
};

/** Which delta belongs into which block. */
const BLOCK_OF_DELTA: Readonly<Record<string, string>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'thinking',
  input_json_delta: 'tool_use',
};

/**
 * Throws unless the text is one complete Messages stream: start, blocks one after the other with rising indexes, none of
 * them empty, message_delta with reason and usage, stop; an `event:` line that agrees with the type on every event.
 */
export const checkMessagesStream = (text: string): void => {
  const events = text.split('\n\n').slice(0, -1);
  const payloads = payloadsOf(text);
  if (!text.endsWith('\n\n') || events.length !== payloads.length) fail('broken framing', events.at(-1));
  const toolIds = new Set<unknown>();
  let open: { readonly type: unknown; filled: boolean } | undefined;
  let blocks = 0;
  let state: 'new' | 'open' | 'finished' | 'stopped' = 'new';
  for (const [position, event] of payloads.entries()) {
    const type = at(event, 'type');
    if (events[position]?.split('\n')[0] !== `event: ${String(type)}`) fail('no event line', event);
    if (state === 'stopped') fail('an event after message_stop', event);
    switch (type) {
      case 'message_start':
        if (state !== 'new') fail('a second start', event);
        if (JSON.stringify(at(event, 'message', 'content')) !== '[]') fail('content in the start', event);
        for (const name of ['input_tokens', 'output_tokens']) {
          if (typeof at(event, 'message', 'usage', name) !== 'number') fail(`no ${name}`, event);
        }
        state = 'open';
        break;
      case 'content_block_start': {
        if (state !== 'open' || open) fail('a block out of turn', event);
        if (at(event, 'index') !== blocks) fail('a wrong index', event);
        const block = at(event, 'content_block', 'type');
        open = { type: block, filled: block === 'redacted_thinking' || block === 'tool_use' };
        if (block === 'tool_use') {
          const id = at(event, 'content_block', 'id');
          if (typeof id !== 'string' || !/^[a-zA-Z0-9_-]+$/.test(id)) fail('an illegal tool id', event);
          if (toolIds.has(id)) fail('a tool id twice', event);
          toolIds.add(id);
          if (typeof at(event, 'content_block', 'name') !== 'string') fail('a tool without a name', event);
          if (JSON.stringify(at(event, 'content_block', 'input')) !== '{}') fail('a tool without an input', event);
        }
        if (block === 'text' && at(event, 'content_block', 'text') !== '') fail('a text without its beginning', event);
        break;
      }
      case 'content_block_delta':
        if (!open || at(event, 'index') !== blocks) fail('a delta outside its block', event);
        if (BLOCK_OF_DELTA[String(at(event, 'delta', 'type'))] !== open?.type) fail('a delta of another kind', event);
        if (open) open.filled = true;
        break;
      case 'content_block_stop':
        if (!open?.filled) fail('an empty or unopened block ends', event);
        if (at(event, 'index') !== blocks) fail('a wrong index', event);
        open = undefined;
        blocks++;
        break;
      case 'message_delta':
        if (state !== 'open' || open) fail('a finish out of turn', event);
        if (typeof at(event, 'delta', 'stop_reason') !== 'string') fail('no stop reason', event);
        if (typeof at(event, 'usage', 'output_tokens') !== 'number') fail('no usage', event);
        state = 'finished';
        break;
      case 'message_stop':
        if (state !== 'finished') fail('a stop without a finish', event);
        state = 'stopped';
        break;
      default:
        fail('an unknown event', event);
    }
  }
  if (state !== 'stopped') fail('no message_stop', payloads.at(-1));
};

/**
 * Throws unless the text is one complete Chat stream: the role first, one id throughout, tool calls numbered in order and
 * introduced in full, one finish reason, usage only behind it and only when asked for, `[DONE]` last.
 */
export const checkChatStream = (text: string, includeUsage: boolean): void => {
  const payloads = payloadsOf(text);
  if (payloads.at(-1) !== '[DONE]') fail('no [DONE]', payloads.at(-1));
  const chunks = payloads.slice(0, -1);
  if (at(chunks[0], 'choices', 0, 'delta', 'role') !== 'assistant') fail('no role first', chunks[0]);
  const toolIds: unknown[] = [];
  let finished = false;
  let usages = 0;
  for (const chunk of chunks) {
    for (const name of ['id', 'object', 'created', 'model']) {
      if (at(chunk, name) !== at(chunks[0], name)) fail(`another ${name}`, chunk);
    }
    if (at(chunk, 'usage') !== undefined) {
      if (!finished || JSON.stringify(at(chunk, 'choices')) !== '[]') fail('usage out of turn', chunk);
      usages++;
      continue;
    }
    if (finished) fail('a chunk after the finish', chunk);
    if (at(chunk, 'choices', 0, 'index') !== 0) fail('no choice', chunk);
    const call = at(chunk, 'choices', 0, 'delta', 'tool_calls', 0);
    if (call !== undefined) checkCall(call, toolIds, chunk);
    finished = typeof at(chunk, 'choices', 0, 'finish_reason') === 'string';
  }
  if (!finished) fail('no finish reason', chunks.at(-1));
  if (usages !== (includeUsage ? 1 : 0)) fail(`${usages} usage chunks`, chunks.at(-1));
  if (new Set(toolIds).size !== toolIds.length) fail('a tool id twice', toolIds);
};

const checkCall = (call: unknown, toolIds: unknown[], chunk: unknown): void => {
  const index = at(call, 'index');
  if (at(call, 'id') === undefined) {
    if (typeof index !== 'number' || index >= toolIds.length) fail('arguments of an unknown call', chunk);
    return;
  }
  if (index !== toolIds.length) fail('a wrong tool index', chunk);
  if (at(call, 'type') !== 'function' || typeof at(call, 'function', 'name') !== 'string') fail('half a call', chunk);
  toolIds.push(at(call, 'id'));
};
