/** How an OpenAI-compatible tier writes an answer: the events of a Chat Completions stream, or one JSON reply. */
import type { FinishReason, JsonObject, Usage } from '#core/message';
import { type Answer, type AnswerBlock, finishOf, piecesOf, toolIdOf, usageOf } from '#tests/support/answer';

const FINISH: Partial<Record<FinishReason, string>> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  refusal: 'stop',
  'tool-calls': 'tool_calls',
  length: 'length',
  'content-filter': 'content_filter',
};

const finishText = (answer: Answer): string | null => {
  const finish = finishOf(answer);
  if (finish === 'none') return null;
  return typeof finish === 'object' ? finish.raw : (FINISH[finish] ?? finish);
};

const usageBody = (usage: Usage): JsonObject => ({
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  ...(usage.cacheRead === undefined ? {} : { prompt_tokens_details: { cached_tokens: usage.cacheRead } }),
  ...(usage.reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: usage.reasoning } }),
});

const head = (answer: Answer, object: string): JsonObject => ({
  id: answer.id ?? 'chatcmpl-fake-1',
  object,
  created: 1_767_225_600,
  model: answer.model ?? 'fake-model',
});

type ToolBlock = Extract<AnswerBlock, { kind: 'tool' }>;

const toolDeltas = (block: ToolBlock, index: number, size: number | undefined): readonly JsonObject[] => {
  const first = { id: toolIdOf(block, index), type: 'function', function: { name: block.name, arguments: '' } };
  return [first, ...piecesOf(block.arguments, size).map((piece) => ({ function: { arguments: piece } }))].map(
    (call) => ({ tool_calls: [{ index, ...call }] }),
  );
};

const alternate = (lists: readonly (readonly JsonObject[])[]): JsonObject[] => {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat();
};

const contentDeltas = (block: Exclude<AnswerBlock, ToolBlock>, size: number | undefined): readonly JsonObject[] => {
  // Chat has no opaque thinking; a tier that redacts sends nothing.
  if (block.kind === 'redacted') return [];
  const field = { text: 'content', thinking: 'reasoning_content', refusal: 'refusal' }[block.kind];
  return piecesOf(block.text, size).map((piece) => ({ [field]: piece }));
};

const deltasOf = (answer: Answer): JsonObject[] => {
  const tools = answer.blocks.filter((block) => block.kind === 'tool');
  const calls = tools.map((block, index) => toolDeltas(block, index, answer.pieceChars));
  const contents = answer.blocks.flatMap((block) =>
    block.kind === 'tool' ? [] : contentDeltas(block, answer.pieceChars),
  );
  return [...contents, ...(answer.interleave === true ? alternate(calls) : calls.flat())];
};

const event = (body: unknown): string => `data: ${JSON.stringify(body)}\n\n`;

/** The events of the stream, one string each, blank line included. */
export const chatEvents = (answer: Answer): string[] => {
  const common = head(answer, 'chat.completion.chunk');
  const chunk = (delta: JsonObject, finish: string | null): string =>
    event({ ...common, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });
  const usage = usageOf(answer);
  const finish = finishText(answer);
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...deltasOf(answer).map((delta) => chunk(delta, null)),
    ...(finish === null ? [] : [chunk({}, finish)]),
    ...(usage === undefined ? [] : [event({ ...common, choices: [], usage: usageBody(usage) })]),
    ...(answer.terminal === false ? [] : ['data: [DONE]\n\n']),
  ];
};

const joined = (answer: Answer, kind: 'text' | 'thinking' | 'refusal'): string | null => {
  const found = answer.blocks.flatMap((block) => (block.kind === kind ? [block.text] : []));
  return found.length === 0 ? null : found.join('');
};

/** The same answer as one JSON reply. */
export const chatWhole = (answer: Answer): JsonObject => {
  const calls = answer.blocks
    .filter((block) => block.kind === 'tool')
    .map((block, index) => ({
      id: toolIdOf(block, index),
      type: 'function',
      function: { name: block.name, arguments: block.arguments },
    }));
  const thinking = joined(answer, 'thinking');
  const refusal = joined(answer, 'refusal');
  const usage = usageOf(answer);
  const message = {
    role: 'assistant',
    content: joined(answer, 'text'),
    ...(thinking === null ? {} : { reasoning_content: thinking }),
    ...(refusal === null ? {} : { refusal }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    ...head(answer, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishText(answer) }],
    ...(usage === undefined ? {} : { usage: usageBody(usage) }),
  };
};

/** An error event as engines write it in the middle of a stream. */
export const chatErrorEvent = (message: string, type = 'server_error', code: number | string = 500): string =>
  event({ error: { message, type, param: null, code } });
