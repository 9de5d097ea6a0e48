/** How is an answer spoken as a Messages stream? One open block at a time, in the only order clients accept. */
import type { AnswerEncoder, EncodeContext } from '#core/dialect';
import type { AttemptFailure } from '#core/failure';
import type { DialectName, FinishReason, StreamPart, Usage } from '#core/message';
import { createToolIds, estimatedUsage } from '#dialects/answer';
import { UNSIGNED_SIGNATURE } from '#dialects/anthropic-messages/blocks';
import { writeMessagesUsage, writeStop } from '#dialects/anthropic-messages/finish';
import { wrapProof } from '#dialects/carried-proof';

/** The alphabet Anthropic prescribes for tool ids. */
export const MESSAGES_TOOL_ID = /^[a-zA-Z0-9_-]+$/;

export const messagesResponseId = (responseId: string): string => `msg_${responseId}`;

/** What the callers of this encoder speak. */
const SPOKEN: DialectName = 'anthropic-messages';

/** Characters kept for blocks that wait for an open one to end. */
const WAITING_CHARS_MAX = 8 * 1024 * 1024;

/** Key of the text block that refusals are spoken in; they have no index of their own. */
const REFUSAL = -1;

interface Block {
  readonly kind: 'text' | 'thinking' | 'tool' | 'redacted';
  /** `content_block` of the start event. */
  start: object;
  /** Deltas that wait for the block's turn. */
  waiting: object[];
  waitingChars: number;
  /** Set once `content_block_start` has left. */
  wire: number | undefined;
  ended: boolean;
  signed: boolean;
  blank: boolean;
}

const sse = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

/** Encoder for one Messages response. */
export const createMessagesEncoder = (context: EncodeContext): AnswerEncoder => new MessagesEncoder(context);

class MessagesEncoder implements AnswerEncoder {
  readonly #context: EncodeContext;
  readonly #toolId: (id: string) => string;
  /** Blocks that have something to say and are not done, in order; only the first one is open on the wire. */
  readonly #queue: Block[] = [];
  readonly #blocks = new Map<number, Block>();
  #waitingChars = 0;
  #wireBlocks = 0;
  #opened = false;
  #ended = false;
  #usedTools = false;
  #outputChars = 0;
  #usage: Usage | undefined;
  #reason: FinishReason | undefined;
  #raw: string | undefined;
  #stopSequence: string | undefined;
  #failure: AttemptFailure | undefined;

  constructor(context: EncodeContext) {
    this.#context = context;
    this.#toolId = createToolIds('toolu', context.responseId, MESSAGES_TOOL_ID);
  }

  failure(): AttemptFailure | undefined {
    return this.#failure;
  }

  part(part: StreamPart): string {
    if (this.#ended || this.#failure) return '';
    switch (part.type) {
      case 'text-start':
        return this.#declare(part.index, 'text', { type: 'text', text: '' });
      case 'thinking-start':
        return this.#declare(part.index, 'thinking', { type: 'thinking', thinking: '', signature: '' });
      case 'text-delta':
        return this.#delta(part.index, { type: 'text_delta', text: part.text }, part.text.length);
      case 'thinking-delta':
        return this.#delta(part.index, { type: 'thinking_delta', thinking: part.text }, part.text.length);
      case 'thinking-signature':
        return this.#sign(part.index, part.signature, part.origin);
      case 'thinking-redacted':
        return this.#redact(part.index, wrapProof(part.data, part.origin, SPOKEN));
      case 'refusal-delta':
        return this.#refuse(part.text);
      case 'tool-start':
        return this.#startTool(part.index, part.id, part.name);
      case 'tool-delta':
        return this.#toolInput(part.index, part.json);
      case 'text-end':
      case 'thinking-end':
      case 'tool-end':
        return this.#endBlock(part.index);
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

  /** Known from here on; appears on the wire with its first content, so that no empty block is ever sent. */
  #declare(index: number, kind: Block['kind'], start: object): string {
    const ending = index === REFUSAL ? '' : this.#endBlock(REFUSAL);
    const state = { wire: undefined, ended: false, signed: false, blank: true };
    this.#blocks.set(index, { kind, start, waiting: [], waitingChars: 0, ...state });
    return ending;
  }

  #delta(index: number, delta: object, chars: number): string {
    const block = this.#blocks.get(index);
    if (!block || block.ended || chars === 0) return '';
    block.blank = false;
    this.#outputChars += chars;
    return this.#say(block, delta, chars);
  }

  #say(block: Block, delta: object, chars: number): string {
    const opening = this.#enqueue(block);
    if (block.wire !== undefined) {
      return `${opening}${sse('content_block_delta', { index: block.wire, delta })}`;
    }
    block.waiting.push(delta);
    block.waitingChars += chars;
    this.#waitingChars += chars;
    if (this.#waitingChars > WAITING_CHARS_MAX) {
      this.#failure = { kind: 'overflow', detail: `more than ${WAITING_CHARS_MAX} characters behind an open block` };
      return '';
    }
    return opening;
  }

  #enqueue(block: Block): string {
    if (this.#queue.includes(block)) return '';
    this.#queue.push(block);
    return this.#queue.length === 1 ? this.#openFirst() : '';
  }

  /** Opens the block at the head of the queue; blocks that ended while they waited are spoken whole. */
  #openFirst(): string {
    let text = '';
    for (let block = this.#queue[0]; block; block = this.#queue[0]) {
      if (block.wire === undefined) {
        block.wire = this.#wireBlocks++;
        text += this.#open() + sse('content_block_start', { index: block.wire, content_block: block.start });
        for (const delta of block.waiting) text += sse('content_block_delta', { index: block.wire, delta });
        block.waiting = [];
        this.#waitingChars -= block.waitingChars;
      }
      if (!block.ended) break;
      text += sse('content_block_stop', { index: block.wire });
      this.#queue.shift();
    }
    return text;
  }

  /** A signature may come in pieces; the mark of a foreign one stands in front of the first. */
  #sign(index: number, piece: string, origin: DialectName): string {
    const block = this.#blocks.get(index);
    if (!block || block.ended || piece === '') return '';
    const signature = block.signed ? piece : wrapProof(piece, origin, SPOKEN);
    block.signed = true;
    return this.#say(block, { type: 'signature_delta', signature }, signature.length);
  }

  #redact(index: number, data: string): string {
    const block = this.#blocks.get(index);
    if (!block || block.wire !== undefined) return '';
    block.start = { type: 'redacted_thinking', data };
    block.signed = true;
    return this.#enqueue(block);
  }

  #refuse(text: string): string {
    let opening = '';
    const open = this.#blocks.get(REFUSAL);
    if (!open || open.ended) opening = this.#declare(REFUSAL, 'text', { type: 'text', text: '' });
    return opening + this.#delta(REFUSAL, { type: 'text_delta', text }, text.length);
  }

  #startTool(index: number, id: string, name: string): string {
    this.#usedTools = true;
    const own = this.#context.toolOrigin(name)?.name ?? name;
    const ending = this.#declare(index, 'tool', { type: 'tool_use', id: this.#toolId(id), name: own, input: {} });
    const block = this.#blocks.get(index);
    return block ? ending + this.#enqueue(block) : ending;
  }

  /** Broken JSON leaves as it came: the client must see what the tier wrote, not a repaired guess. */
  #toolInput(index: number, json: string): string {
    const blank = this.#blocks.get(index)?.blank ?? true;
    const text = this.#delta(index, { type: 'input_json_delta', partial_json: json }, json.length);
    const block = this.#blocks.get(index);
    if (block && blank && json.trim() === '') block.blank = true;
    return text;
  }

  #endBlock(index: number): string {
    const block = this.#blocks.get(index);
    if (!block || block.ended) return '';
    let text = '';
    if (block.kind === 'tool' && block.blank) text += this.#toolInput(index, '{}');
    const spoken = this.#queue.includes(block);
    // Clients keep a thinking block for the next turn only when it carries a signature.
    if (spoken && block.kind === 'thinking' && !block.signed) text += this.#sign(index, UNSIGNED_SIGNATURE, SPOKEN);
    block.ended = true;
    this.#blocks.delete(index);
    return spoken && this.#queue[0] === block ? text + this.#openFirst() : text;
  }

  #open(): string {
    if (this.#opened) return '';
    this.#opened = true;
    const known = this.#usage ?? estimatedUsage(this.#context.promptTokens, 0);
    return sse('message_start', {
      message: {
        id: messagesResponseId(this.#context.responseId),
        type: 'message',
        role: 'assistant',
        model: this.#context.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: writeMessagesUsage({ ...known, output: 0 }),
      },
    });
  }

  /** Usage may come after the finish reason, so the closing events wait for the end. */
  #end(): string {
    let text = '';
    for (const index of [...this.#blocks.keys()]) text += this.#endBlock(index);
    text += this.#open();
    this.#ended = true;
    const usage = this.#usage ?? estimatedUsage(this.#context.promptTokens, this.#outputChars);
    const finish = { raw: this.#raw, stopSequence: this.#stopSequence, usedTools: this.#usedTools };
    const delta = writeStop(this.#reason, finish);
    return `${text}${sse('message_delta', { delta, usage: writeMessagesUsage(usage) })}${sse('message_stop', {})}`;
  }
}
