/** What a Responses caller makes of a stream, read strictly, for assertions. */
import { parseSse, type StreamSeen } from '#tests/support/sse';

type Json = Record<string, unknown>;

const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const string = (value: unknown): string => (typeof value === 'string' ? value : '');
const records = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(record) : []);

/** What the items of a whole response say. Calls carry their namespace in front, as `namespace/name`. */
export const responsesOutput = (output: unknown): Pick<StreamSeen, 'text' | 'thinking' | 'tools'> => {
  const items = records(output);
  const texts = (type: string, member: string): string =>
    items
      .filter((item) => item.type === type)
      .flatMap((item) => records(item[member]).map((part) => string(part.text)))
      .join('');
  const calls = items.filter(({ type }) => type === 'function_call' || type === 'custom_tool_call');
  return {
    text: texts('message', 'content'),
    thinking: texts('reasoning', 'summary'),
    tools: calls.map((call) => ({
      id: string(call.call_id),
      name: `${call.namespace === undefined ? '' : `${string(call.namespace)}/`}${string(call.name)}`,
      arguments: string(call.arguments ?? call.input),
    })),
  };
};

/**
 * The finished stream. Throws on a wrong or missing `event:` line, and when the deltas say other words than the closing
 * event. `finish` is the response's status.
 */
export const responsesSeen = (body: string): StreamSeen => {
  const { items } = parseSse(body);
  let streamed = '';
  let closing: Json | undefined;
  let error: Json | undefined;
  for (const item of items) {
    if (item.kind !== 'event') continue;
    const event = record(JSON.parse(item.data));
    if (item.event !== event.type)
      throw new Error(`event line ${item.event} does not match type ${String(event.type)}`);
    if (event.type === 'response.output_text.delta') streamed += string(event.delta);
    if (event.type === 'response.completed' || event.type === 'response.incomplete') closing = record(event.response);
    if (event.type === 'response.failed') error = record(record(event.response).error);
    if (event.type === 'error') error = event;
  }
  const said = responsesOutput(closing?.output);
  if (closing && said.text !== streamed)
    throw new Error(`streamed ${JSON.stringify(streamed)}, closed with ${said.text}`);
  return {
    ...said,
    text: streamed,
    finish: closing ? string(closing.status) : undefined,
    usage: closing ? record(closing.usage) : undefined,
    error,
    terminal: closing !== undefined,
    comments: items.flatMap((item) => (item.kind === 'comment' ? [item.text] : [])),
    events: items.filter((item) => item.kind === 'event').length,
  };
};
