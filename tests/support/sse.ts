/** What a caller got: a server-sent event body read strictly, and its meaning in both dialects, for assertions. */

export type SseItem =
  | { readonly kind: 'event'; readonly event: string | undefined; readonly data: string }
  | { readonly kind: 'comment'; readonly text: string };

/** Events and comments a test may read from one body. */
const ITEMS_MAX = 1_000_000;

/**
 * Reads SSE as the WHATWG HTML standard says, section "Parsing an event stream": LF, CR and CRLF end a line, a blank
 * line ends an event, data lines are joined with LF, one space after the colon is dropped. Differences, made for
 * assertions: comments are items too, an event without data counts, and `unfinished` is what no blank line ended.
 */
export const parseSse = (body: string): { readonly items: readonly SseItem[]; readonly unfinished: string } => {
  const items: SseItem[] = [];
  let event: string | undefined;
  let data: string[] = [];
  let seen = false;
  let eventStart = 0;
  let position = body.startsWith('\uFEFF') ? 1 : 0;
  while (position < body.length) {
    const end = endOfLine(body, position);
    if (end === undefined) break;
    const line = body.slice(position, end.at);
    position = end.next;
    if (line === '') {
      if (seen) items.push({ kind: 'event', event, data: data.join('\n') });
      event = undefined;
      data = [];
      seen = false;
      eventStart = position;
    } else if (line.startsWith(':')) {
      items.push({ kind: 'comment', text: line.slice(1).trimStart() });
    } else {
      const [field, value] = fieldOf(line);
      seen = true;
      if (field === 'data') data.push(value);
      if (field === 'event') event = value;
    }
    if (items.length > ITEMS_MAX) throw new Error(`more than ${ITEMS_MAX} SSE items in one body`);
  }
  const pending = seen || position < body.length;
  return { items, unfinished: pending ? body.slice(eventStart) : '' };
};

const endOfLine = (text: string, from: number): { at: number; next: number } | undefined => {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10) return { at, next: at + 1 };
    if (code === 13) return { at, next: text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 };
  }
  return undefined;
};

const fieldOf = (line: string): readonly [string, string] => {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
};

/** The events of a body, comments left out. Throws when the body ends inside an event. */
export const eventsOf = (body: string): readonly { readonly event: string | undefined; readonly data: string }[] => {
  const { items, unfinished } = parseSse(body);
  if (unfinished !== '')
    throw new Error(`the stream ends inside an event: ${JSON.stringify(unfinished.slice(0, 200))}`);
  return items.flatMap((item) => (item.kind === 'event' ? [{ event: item.event, data: item.data }] : []));
};

/** A caller's view of a finished stream, whatever the dialect. */
export interface StreamSeen {
  readonly text: string;
  readonly thinking: string;
  readonly tools: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  /** `finish_reason` or `stop_reason`, as written. */
  readonly finish: string | undefined;
  readonly usage: Record<string, unknown> | undefined;
  /** The error document of an in-stream error. */
  readonly error: Record<string, unknown> | undefined;
  /** `[DONE]` or `message_stop` was seen. */
  readonly terminal: boolean;
  readonly comments: readonly string[];
  readonly events: number;
}

type Json = Record<string, unknown>;

const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const string = (value: unknown): string => (typeof value === 'string' ? value : '');

interface Draft {
  text: string;
  thinking: string;
  readonly tools: Map<number, { id: string; name: string; arguments: string }>;
  finish: string | undefined;
  usage: Json | undefined;
  error: Json | undefined;
  terminal: boolean;
}

const readChatEvent = (draft: Draft, data: string): void => {
  if (data === '[DONE]') {
    draft.terminal = true;
    return;
  }
  const chunk = record(JSON.parse(data));
  if (chunk.error !== undefined) draft.error = record(chunk.error);
  if (chunk.usage !== undefined && chunk.usage !== null) draft.usage = record(chunk.usage);
  const choice = record((chunk.choices as unknown[] | undefined)?.[0]);
  const delta = record(choice.delta);
  draft.text += string(delta.content);
  draft.thinking += string(delta.reasoning_content);
  if (typeof choice.finish_reason === 'string') draft.finish = choice.finish_reason;
  for (const entry of (delta.tool_calls as unknown[] | undefined) ?? []) {
    const call = record(entry);
    const at = Number(call.index ?? 0);
    const tool = draft.tools.get(at) ?? { id: '', name: '', arguments: '' };
    const made = record(call.function);
    tool.id = string(call.id) || tool.id;
    tool.name = string(made.name) || tool.name;
    tool.arguments += string(made.arguments);
    draft.tools.set(at, tool);
  }
};

const readMessagesEvent = (draft: Draft, event: string | undefined, data: string): void => {
  const body = record(JSON.parse(data));
  if (event !== body.type) throw new Error(`event line ${event} does not match type ${String(body.type)}`);
  const delta = record(body.delta);
  const at = Number(body.index ?? 0);
  if (body.type === 'message_start') draft.usage = record(record(body.message).usage);
  if (body.type === 'message_stop') draft.terminal = true;
  if (body.type === 'error') draft.error = record(body.error);
  if (body.type === 'content_block_start') {
    const block = record(body.content_block);
    if (block.type === 'tool_use') {
      draft.tools.set(at, { id: string(block.id), name: string(block.name), arguments: '' });
    }
  }
  if (body.type === 'content_block_delta') {
    draft.text += string(delta.text);
    draft.thinking += string(delta.thinking);
    const tool = draft.tools.get(at);
    if (tool !== undefined) tool.arguments += string(delta.partial_json);
  }
  if (body.type === 'message_delta') {
    if (typeof delta.stop_reason === 'string') draft.finish = delta.stop_reason;
    draft.usage = { ...draft.usage, ...record(body.usage) };
  }
};

const readSeen = (body: string, read: (draft: Draft, event: string | undefined, data: string) => void): StreamSeen => {
  const draft: Draft = {
    text: '',
    thinking: '',
    tools: new Map(),
    finish: undefined,
    usage: undefined,
    error: undefined,
    terminal: false,
  };
  const { items } = parseSse(body);
  for (const item of items) if (item.kind === 'event') read(draft, item.event, item.data);
  return {
    ...draft,
    tools: [...draft.tools.entries()].sort(([a], [b]) => a - b).map(([, tool]) => tool),
    comments: items.flatMap((item) => (item.kind === 'comment' ? [item.text] : [])),
    events: items.filter((item) => item.kind === 'event').length,
  };
};

/** What a Chat Completions caller makes of a stream. Throws on JSON that is none. */
export const chatSeen = (body: string): StreamSeen =>
  readSeen(body, (draft, _event, data) => readChatEvent(draft, data));

/** What a Messages caller makes of a stream. Throws on JSON that is none and on a wrong or missing `event:` line. */
export const messagesSeen = (body: string): StreamSeen => readSeen(body, readMessagesEvent);

/** A response read step by step, for tests about *when* something leaves. */
export interface StreamReader extends AsyncDisposable {
  /** Everything received so far. */
  readonly text: string;
  /** Reads until the text received so far contains `part`; rejects when the stream ends or breaks before. */
  until(part: string): Promise<string>;
  /** Reads to the end; rejects when the stream breaks. */
  rest(): Promise<string>;
  /** Leaves, as a caller who hangs up. */
  cancel(): Promise<void>;
}

export const readerOf = (response: Response): StreamReader => {
  if (response.body === null) throw new Error('the response has no body to read');
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const more = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    text += done ? decoder.decode() : decoder.decode(value, { stream: true });
    return !done;
  };
  const cancel = (): Promise<void> => reader.cancel().catch(() => {});
  return {
    get text() {
      return text;
    },
    until: async (part) => {
      while (!text.includes(part)) {
        if (!(await more())) throw new Error(`the stream ended before ${JSON.stringify(part)}; it held: ${text}`);
      }
      return text;
    },
    rest: async () => {
      while (await more());
      return text;
    },
    cancel,
    [Symbol.asyncDispose]: cancel,
  };
};
