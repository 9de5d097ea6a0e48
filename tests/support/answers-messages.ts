/** How an Anthropic-compatible tier writes an answer: the events of a Messages stream, or one JSON reply. */
import type { FinishReason, JsonObject, Usage } from '#core/message';
import { type Answer, type AnswerBlock, finishOf, piecesOf, toolIdOf, usageOf } from '#tests/support/answer';

const FINISH: Partial<Record<FinishReason, string>> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  'tool-calls': 'tool_use',
  length: 'max_tokens',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  'context-overflow': 'model_context_window_exceeded',
};

const finishText = (answer: Answer): string | null => {
  const finish = finishOf(answer);
  if (finish === 'none') return null;
  return typeof finish === 'object' ? finish.raw : (FINISH[finish] ?? finish);
};

/** Messages counts cached tokens beside `input_tokens`, not within them. */
const inputUsage = (usage: Usage): JsonObject => ({
  input_tokens: usage.input - (usage.cacheRead ?? 0) - (usage.cacheWrite ?? 0),
  cache_creation_input_tokens: usage.cacheWrite ?? 0,
  cache_read_input_tokens: usage.cacheRead ?? 0,
});

const head = (answer: Answer): JsonObject => ({
  id: answer.id ?? 'msg_fake_1',
  type: 'message',
  role: 'assistant',
  model: answer.model ?? 'fake-model',
});

const event = (type: string, body: JsonObject = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`;

const blockStart = (block: AnswerBlock, index: number): JsonObject => {
  switch (block.kind) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: '' };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'redacted':
      return { type: 'redacted_thinking', data: block.data };
    case 'tool':
      return { type: 'tool_use', id: toolIdOf(block, index), name: block.name, input: {} };
  }
};

const blockDeltas = (block: AnswerBlock, size: number | undefined): readonly JsonObject[] => {
  switch (block.kind) {
    case 'text':
    case 'refusal':
      return piecesOf(block.text, size).map((piece) => ({ type: 'text_delta', text: piece }));
    case 'thinking': {
      const deltas = piecesOf(block.text, size).map((piece) => ({ type: 'thinking_delta', thinking: piece }));
      return block.signature === undefined
        ? deltas
        : [...deltas, { type: 'signature_delta', signature: block.signature }];
    }
    case 'redacted':
      return [];
    case 'tool':
      return ['', ...piecesOf(block.arguments, size)].map((piece) => ({
        type: 'input_json_delta',
        partial_json: piece,
      }));
  }
};

const blockEvents = (block: AnswerBlock, index: number, size: number | undefined): readonly string[] => [
  event('content_block_start', { index, content_block: blockStart(block, index) }),
  ...blockDeltas(block, size).map((delta) => event('content_block_delta', { index, delta })),
  event('content_block_stop', { index }),
];

/** The events of the stream, one string each, blank line included. Messages never interleaves blocks. */
export const messagesEvents = (answer: Answer): string[] => {
  const usage = usageOf(answer);
  const finish = finishText(answer);
  const message = { ...head(answer), content: [], stop_reason: null, stop_sequence: null };
  const delta = { stop_reason: finish, stop_sequence: answer.stopSequence ?? null };
  const started = usage === undefined ? {} : { usage: { ...inputUsage(usage), output_tokens: 1 } };
  const ended = usage === undefined ? {} : { usage: { ...inputUsage(usage), output_tokens: usage.output } };
  return [
    event('message_start', { message: { ...message, ...started } }),
    event('ping'),
    ...answer.blocks.flatMap((block, index) => blockEvents(block, index, answer.pieceChars)),
    ...(finish === null ? [] : [event('message_delta', { delta, ...ended })]),
    ...(answer.terminal === false ? [] : [event('message_stop')]),
  ];
};

/** Arguments that are no JSON cannot be written as `input`; such an answer exists as a stream only. */
const wholeBlock = (block: AnswerBlock, index: number): JsonObject => {
  if (block.kind === 'tool') {
    const input: unknown = JSON.parse(block.arguments);
    return { type: 'tool_use', id: toolIdOf(block, index), name: block.name, input };
  }
  if (block.kind === 'thinking') {
    return { type: 'thinking', thinking: block.text, signature: block.signature ?? '' };
  }
  return block.kind === 'redacted'
    ? { type: 'redacted_thinking', data: block.data }
    : { type: 'text', text: block.text };
};

/** The same answer as one JSON reply. Throws for tool arguments that are no JSON. */
export const messagesWhole = (answer: Answer): JsonObject => {
  const usage = usageOf(answer);
  return {
    ...head(answer),
    content: answer.blocks.map(wholeBlock),
    stop_reason: finishText(answer),
    stop_sequence: answer.stopSequence ?? null,
    ...(usage === undefined ? {} : { usage: { ...inputUsage(usage), output_tokens: usage.output } }),
  };
};

/** An error event as the API writes it in the middle of a stream. */
export const messagesErrorEvent = (message: string, type = 'overloaded_error'): string =>
  event('error', { error: { type, message } });
