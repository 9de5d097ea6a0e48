/** How is an answer spoken as a Responses stream? One open item at a time, every event placed, numbered and closed. */
import type { AnswerEncoder, EncodeContext } from '#core/dialect';
import type { AttemptFailure } from '#core/failure';
import type { DialectName, FinishReason, JsonObject, StreamPart, Usage } from '#core/message';
import { createToolIds, estimatedUsage } from '#dialects/answer';
import {
  type BlockKind,
  closeEvents,
  doneItem,
  growEvents,
  ID_PREFIX,
  type Item,
  openingItem,
  type WireEvent,
} from '#dialects/openai-responses/encoder-items';
import { writeFinish, writeUsage } from '#dialects/openai-responses/finish';
import type { Proof } from '#dialects/openai-responses/proof';
import { responseShell } from '#dialects/openai-responses/shell';

/** Whatever is not blank: the dialect puts no alphabet on call ids. */
const CALL_ID = /\S/;

/** Characters of one answer, proofs included: all of them stand in the closing event once more, and are kept for it. */
const ANSWER_CHARS_MAX = 16 * 1024 * 1024;

/** Key of the item that refusals are spoken in; they have no index of their own. */
const REFUSAL = -1;

/** Turns an event into text. @param sequence its number in the stream, from 0 */
type Write = (type: string, sequence: number, fields: JsonObject) => string;

const sse: Write = (type, sequence, fields) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...fields })}\n\n`;

/** Encoder for one Responses answer. */
export const createResponsesEncoder = (context: EncodeContext): AnswerEncoder => new ResponsesEncoder(context, sse);

/**
 * States: `new` until the first item or the end, then `open`, then `over` for good. Items are spoken in the order in which
 * they first have something to say; only the first that is not done is open on the wire, the others wait in full.
 */
export class ResponsesEncoder implements AnswerEncoder {
  readonly #context: EncodeContext;
  readonly #write: Write;
  readonly #callId: (id: string) => string;
  #state: 'new' | 'open' | 'over' = 'new';
  #sequence = 0;
  /** Items that have something to say, in wire order. */
  readonly #items: Item[] = [];
  /** How many of them are done on the wire; the next one is open. */
  #done = 0;
  /** Open blocks. */
  readonly #blocks = new Map<number, Item>();
  #created = 0;
  #keptChars = 0;
  #outputChars = 0;
  #refused = false;
  #usage: Usage | undefined;
  #reason: FinishReason = 'stop';
  #raw: string | undefined;
  #failure: AttemptFailure | undefined;

  constructor(context: EncodeContext, write: Write) {
    this.#context = context;
    this.#write = write;
    this.#callId = createToolIds('call', context.responseId, CALL_ID);
  }

  failure(): AttemptFailure | undefined {
    return this.#failure;
  }

  part(part: StreamPart): string {
    if (this.#state === 'over' || this.#failure) return '';
    switch (part.type) {
      case 'text-start':
        return this.#declare(part.index, 'text');
      case 'thinking-start':
        return this.#declare(part.index, 'thinking');
      case 'text-delta':
      case 'thinking-delta':
        return this.#grow(part.index, part.text);
      case 'thinking-signature':
        return this.#prove(part.index, part.signature, part.origin);
      case 'thinking-redacted':
        return this.#hide(part.index, { kind: 'redacted', text: part.data, origin: part.origin });
      case 'refusal-delta':
        return this.#refuse(part.text);
      case 'tool-start':
        return this.#startTool(part.index, part.id, part.name);
      case 'tool-delta':
        return this.#grow(part.index, part.json);
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
        return '';
      case 'end':
        return this.#end();
      default:
        return '';
    }
  }

  /** The response as it stands: complete once the end was told. */
  response(): JsonObject {
    const context = this.#context;
    if (this.#state !== 'over') return responseShell(context, { status: 'in_progress', output: [], usage: null });
    return responseShell(context, {
      ...writeFinish(this.#reason, this.#raw, this.#refused),
      output: this.#items.map(doneItem),
      usage: writeUsage(this.#usage ?? estimatedUsage(context.promptTokens, this.#outputChars)),
    });
  }

  #say(events: readonly WireEvent[]): string {
    let text = '';
    for (const [type, fields] of events) text += this.#write(type, this.#sequence++, fields);
    return text;
  }

  /** Known from here on; appears on the wire with its first content, so that no empty item is ever sent. */
  #declare(
    index: number,
    kind: BlockKind,
    call: Pick<Item, 'callId' | 'tool'> = { callId: '', tool: undefined },
  ): string {
    const ending = index === REFUSAL ? '' : this.#endBlock(REFUSAL);
    const id = `${ID_PREFIX[kind]}_${this.#context.responseId}_${this.#created++}`;
    const fresh = { text: '', waiting: '', proof: undefined, outputIndex: undefined, partOpen: false };
    this.#blocks.set(index, { kind, id, ...call, ...fresh, queued: false, ended: false });
    return ending;
  }

  #grow(index: number, text: string): string {
    const item = this.#blocks.get(index);
    if (!item || text === '' || !this.#keep(text.length)) return '';
    this.#outputChars += text.length;
    item.text += text;
    item.waiting += text;
    return this.#enqueue(item);
  }

  #keep(chars: number): boolean {
    this.#keptChars += chars;
    if (this.#keptChars <= ANSWER_CHARS_MAX) return true;
    this.#failure = { kind: 'overflow', detail: `an answer of more than ${ANSWER_CHARS_MAX} characters` };
    return false;
  }

  /** Puts the item in line if it is not there yet, and speaks as far as it is its turn. */
  #enqueue(item: Item): string {
    if (!item.queued) {
      item.queued = true;
      this.#items.push(item);
    }
    return this.#items[this.#done] === item ? this.#advance() : '';
  }

  /** Speaks what the open item has to say; items that ended while they waited are spoken whole. */
  #advance(): string {
    let text = '';
    for (let item = this.#items[this.#done]; item; item = this.#items[this.#done]) {
      if (item.outputIndex === undefined) {
        item.outputIndex = this.#done;
        const added: WireEvent = [
          'response.output_item.added',
          { output_index: item.outputIndex, item: openingItem(item) },
        ];
        text += this.#open() + this.#say([added]);
      }
      text += this.#say(growEvents(item));
      if (!item.ended) break;
      text += this.#say(closeEvents(item));
      this.#done++;
    }
    return text;
  }

  /** A signature may come in pieces. */
  #prove(index: number, piece: string, origin: DialectName): string {
    const item = this.#blocks.get(index);
    if (!item || piece === '' || !this.#keep(piece.length)) return '';
    item.proof = { kind: 'signature', text: (item.proof?.text ?? '') + piece, origin };
    return this.#enqueue(item);
  }

  #hide(index: number, proof: Proof): string {
    const item = this.#blocks.get(index);
    if (!item || !this.#keep(proof.text.length)) return '';
    item.proof = proof;
    return this.#enqueue(item);
  }

  #refuse(text: string): string {
    this.#refused = true;
    const opening = this.#blocks.has(REFUSAL) ? '' : this.#declare(REFUSAL, 'refusal');
    return opening + this.#grow(REFUSAL, text);
  }

  #startTool(index: number, id: string, name: string): string {
    const { kind, ...tool } = this.#context.toolOrigin(name) ?? { kind: 'function', name };
    const ending = this.#declare(index, kind, { callId: this.#callId(id), tool });
    const item = this.#blocks.get(index);
    return item ? ending + this.#enqueue(item) : ending;
  }

  #endBlock(index: number): string {
    const item = this.#blocks.get(index);
    if (!item) return '';
    this.#blocks.delete(index);
    item.ended = true;
    return this.#items[this.#done] === item ? this.#advance() : '';
  }

  #open(): string {
    if (this.#state !== 'new') return '';
    this.#state = 'open';
    const response = this.response();
    return this.#say([
      ['response.created', { response }],
      ['response.in_progress', { response }],
    ]);
  }

  /** Usage may come after the finish reason, so the closing event waits for the end. */
  #end(): string {
    let text = '';
    for (const index of [...this.#blocks.keys()]) text += this.#endBlock(index);
    text += this.#open();
    this.#state = 'over';
    const response = this.response();
    return text + this.#say([[`response.${String(response.status)}`, { response }]]);
  }
}
