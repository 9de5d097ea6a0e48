/** How does a demo tier write an answer as Chat Completions, streamed or whole, with honest token counts? */
import type { JsonObject } from '#core/message';
import type { DemoAnswer } from '#ops/demo/answers';
import type { DemoRequest } from '#ops/demo/request';

export interface WireAnswer {
  readonly model: string;
  /** Unique per reply. */
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly answer: DemoAnswer;
  /** Output tokens after which it ends with finish reason `length`. */
  readonly stopAfter: number;
  /** Ends in the middle, without finish reason and marker. */
  readonly cut: boolean;
}

/** Text in pieces of about one token each; together they are the text. */
export const tokensOf = (text: string): readonly string[] => text.match(/\s*\S{1,5}|\s+/g) ?? [];

interface Measured {
  readonly tokens: readonly string[];
  readonly finish: 'stop' | 'tool_calls' | 'length';
}

/** What of the answer gets out: at most `stopAfter` tokens, or half of it when it is cut. */
const measure = (wire: WireAnswer): Measured => {
  const all = tokensOf(wire.answer.call?.arguments ?? wire.answer.text);
  const most = wire.cut ? Math.ceil(all.length / 2) : wire.stopAfter;
  const whole = wire.answer.call === undefined ? 'stop' : 'tool_calls';
  return { tokens: all.slice(0, most), finish: all.length > most ? 'length' : whole };
};

const usageOf = (request: DemoRequest, measured: Measured): JsonObject => ({
  prompt_tokens: request.promptTokens,
  completion_tokens: measured.tokens.length,
  total_tokens: request.promptTokens + measured.tokens.length,
});

const event = (body: JsonObject): string => `data: ${JSON.stringify(body)}\n\n`;

const deltas = (wire: WireAnswer, tokens: readonly string[]): readonly JsonObject[] => {
  const { call } = wire.answer;
  if (call === undefined) return tokens.map((token) => ({ content: token }));
  const start = { index: 0, id: `call_${wire.id}`, type: 'function', function: { name: call.name, arguments: '' } };
  return [
    { tool_calls: [start] },
    ...tokens.map((token) => ({ tool_calls: [{ index: 0, function: { arguments: token } }] })),
  ];
};

/** The events of a streamed answer, in order. */
export const streamEvents = (request: DemoRequest, wire: WireAnswer): readonly string[] => {
  const measured = measure(wire);
  const head = { id: `chatcmpl-${wire.id}`, object: 'chat.completion.chunk', created: wire.created, model: wire.model };
  const chunk = (delta: JsonObject, finish: string | null): string =>
    event({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
  const begun = [
    chunk({ role: 'assistant', content: '' }, null),
    ...deltas(wire, measured.tokens).map((delta) => chunk(delta, null)),
  ];
  if (wire.cut) return begun;
  const usage = request.includeUsage ? [event({ ...head, choices: [], usage: usageOf(request, measured) })] : [];
  return [...begun, chunk({}, measured.finish), ...usage, 'data: [DONE]\n\n'];
};

/** The body of a whole answer; half a document when it is cut. */
export const wholeBody = (request: DemoRequest, wire: WireAnswer): string => {
  const measured = measure({ ...wire, cut: false });
  const { call } = wire.answer;
  const content = measured.tokens.join('');
  const message =
    call === undefined
      ? { role: 'assistant', content }
      : {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: `call_${wire.id}`, type: 'function', function: { name: call.name, arguments: content } }],
        };
  const body = JSON.stringify({
    id: `chatcmpl-${wire.id}`,
    object: 'chat.completion',
    created: wire.created,
    model: wire.model,
    choices: [{ index: 0, message, finish_reason: measured.finish }],
    usage: usageOf(request, measured),
  });
  return wire.cut ? body.slice(0, Math.floor(body.length / 2)) : body;
};
