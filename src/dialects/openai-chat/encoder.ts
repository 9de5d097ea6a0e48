/** How is an answer spoken as a Chat stream? Writes chunks that every client measured can read. */
import type { AnswerEncoder, EncodeContext } from '#core/dialect';
import type { AttemptFailure } from '#core/failure';
import type { FinishReason, StreamPart, Usage } from '#core/message';
import { createToolIds, estimatedUsage } from '#dialects/answer';
import { createJsonProgress, type JsonProgress } from '#dialects/json-progress';
import { writeFinish, writeUsage } from '#dialects/openai-chat/finish';

/** Whatever is not blank: Chat puts no alphabet on tool ids. */
export const CHAT_TOOL_ID = /\S/;

export const chatResponseId = (responseId: string): string => `chatcmpl-${responseId}`;

/** Everything of a chunk that stands in front of its choices. */
const chunkHead = (context: EncodeContext): string => {
  const head = {
    id: chatResponseId(context.responseId),
    object: 'chat.completion.chunk',
    created: context.created,
    model: context.model,
  };
  return `data: ${JSON.stringify(head).slice(0, -1)}`;
};

const usageChunk = (head: string, usage: Usage): string =>
  `${head},"choices":[],"usage":${JSON.stringify(writeUsage(usage))}}\n\n`;

/** The chunk that tells usage, for a stream whose tier told none. */
export const chatUsageFrame = (usage: Usage, context: EncodeContext): string => usageChunk(chunkHead(context), usage);

interface OpenCall {
  readonly index: number;
  readonly progress: JsonProgress;
}

/** Encoder for one Chat response. */
export const createChatEncoder = (context: EncodeContext): AnswerEncoder => new ChatEncoder(context);

class ChatEncoder implements AnswerEncoder {
  readonly #context: EncodeContext;
  /** Everything of a chunk that stands in front of its choices. */
  readonly #head: string;
  readonly #toolId: (id: string) => string;
  readonly #calls = new Map<number, OpenCall>();
  #spoke = false;
  #ended = false;
  #refused = false;
  #reason: FinishReason | undefined;
  #raw: string | undefined;
  #stopSequence: string | undefined;
  #usage: Usage | undefined;
  #outputChars = 0;

  constructor(context: EncodeContext) {
    this.#context = context;
    this.#head = chunkHead(context);
    this.#toolId = createToolIds('call', context.responseId, CHAT_TOOL_ID);
  }

  failure(): AttemptFailure | undefined {
    return undefined;
  }

  part(part: StreamPart): string {
    if (this.#ended) return '';
    switch (part.type) {
      case 'text-delta':
        return this.#text('content', part.text);
      case 'thinking-delta':
        return this.#text('reasoning_content', part.text);
      case 'refusal-delta':
        this.#refused = true;
        return this.#text('refusal', part.text);
      case 'tool-start':
        return this.#startCall(part.index, part.id, part.name);
      case 'tool-delta':
        return this.#growCall(part.index, part.json);
      case 'tool-end':
        return this.#endCall(part.index);
      case 'usage':
        this.#usage = part.usage;
        return '';
      case 'finish':
        this.#reason = part.reason;
        this.#raw = part.raw;
        this.#stopSequence = part.stopSequence;
        return '';
      case 'end':
        return this.#end();
      default:
        return '';
    }
  }

  #text(field: string, text: string): string {
    if (text === '') return '';
    this.#outputChars += text.length;
    return this.#delta(`{"${field}":${JSON.stringify(text)}}`);
  }

  #startCall(block: number, id: string, name: string): string {
    const index = this.#calls.size;
    const own = this.#context.toolOrigin(name)?.name ?? name;
    this.#calls.set(block, { index, progress: createJsonProgress() });
    const call = { index, id: this.#toolId(id), type: 'function', function: { name: own, arguments: '' } };
    return this.#delta(JSON.stringify({ tool_calls: [call] }));
  }

  #growCall(block: number, json: string): string {
    const call = this.#calls.get(block);
    if (!call || json === '') return '';
    if (call.progress.blank()) call.progress.feed(json);
    this.#outputChars += json.length;
    return this.#delta(`{"tool_calls":[{"index":${call.index},"function":{"arguments":${JSON.stringify(json)}}}]}`);
  }

  /** No arguments are written as the empty object, because clients parse them. */
  #endCall(block: number): string {
    return this.#calls.get(block)?.progress.blank() ? this.#growCall(block, '{}') : '';
  }

  #delta(json: string): string {
    const opening = this.#open();
    return `${opening}${this.#head},"choices":[{"index":0,"delta":${json},"logprobs":null,"finish_reason":null}]}\n\n`;
  }

  /** The role comes in a chunk of its own, once, in front of everything. */
  #open(): string {
    if (this.#spoke) return '';
    this.#spoke = true;
    return this.#delta('{"role":"assistant","content":""}');
  }

  /** Usage may come after the finish reason, so the closing chunks wait for the end. */
  #end(): string {
    const opening = this.#open();
    this.#ended = true;
    const finish = writeFinish({
      reason: this.#reason,
      raw: this.#raw,
      stopSequence: this.#stopSequence,
      calledTools: this.#calls.size > 0,
      refused: this.#refused,
    });
    const choice = JSON.stringify({ index: 0, delta: {}, logprobs: null, ...finish });
    return `${opening}${this.#head},"choices":[${choice}]}\n\n${this.#usageChunk()}data: [DONE]\n\n`;
  }

  #usageChunk(): string {
    if (!this.#context.includeUsage) return '';
    const usage = this.#usage ?? estimatedUsage(this.#context.promptTokens, this.#outputChars);
    return usageChunk(this.#head, usage);
  }
}
