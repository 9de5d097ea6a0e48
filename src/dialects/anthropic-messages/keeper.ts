/** What of a Messages stream has no typed form? Puts the blocks together as the tier sent them, for one document. */
import type { AnswerKeeper } from '#core/dialect';
import type { JsonObject } from '#core/message';
import { isObject, listOf, numberOf, parseJson, stringOr } from '#dialects/json';
import { eventOfFrame } from '#dialects/wire-event';

/** Blocks of one answer, and characters kept of their deltas; behind either, the typed answer stands alone. */
const BLOCKS_MAX = 1_024;
const CHARS_MAX = 16 * 1024 * 1024;

/** Members of the closing event and of the opening message that are built anew for every caller. */
const TYPED: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'usage',
]);

/** Written by a router behind this one. */
const ESTIMATE_MARK = 'anvil_estimated';

const TYPED_BLOCKS: ReadonlySet<unknown> = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']);

interface Draft {
  readonly block: Record<string, unknown>;
  /** Input as it is spelt so far. */
  input: string;
}

/** Keeper for one answer that is collected from a stream. */
export const createMessagesKeeper = (): AnswerKeeper => new MessagesKeeper();

class MessagesKeeper implements AnswerKeeper {
  readonly #drafts = new Map<number, Draft>();
  /** Members of the message beside the typed ones. */
  readonly #extras: Record<string, unknown> = {};
  readonly #usage: Record<string, unknown> = {};
  /** Something was said that the typed answer lacks. */
  #untyped = false;
  #overflow = false;
  #chars = 0;

  frame(raw: Uint8Array): void {
    const payload = eventOfFrame(raw);
    if (!payload || this.#overflow) return;
    const at = numberOf(payload.index) ?? 0;
    switch (payload.type) {
      case 'message_start':
        if (isObject(payload.message)) this.#note(payload.message, payload.message.usage);
        return;
      case 'message_delta':
        this.#note(payload, payload.usage);
        if (isObject(payload.delta)) this.#note(payload.delta, undefined);
        return;
      case 'content_block_start':
        this.#start(at, payload.content_block);
        return;
      case 'content_block_delta':
        this.#delta(at, payload.delta);
        return;
      default:
    }
  }

  complete(body: JsonObject): JsonObject {
    const usage = { ...this.#usage, ...(isObject(body.usage) ? body.usage : {}) };
    const content = this.#untyped && !this.#overflow ? { content: this.#content() } : {};
    return { ...this.#extras, ...body, ...content, usage };
  }

  #note(members: JsonObject, usage: unknown): void {
    for (const [name, value] of Object.entries(members)) {
      if (!TYPED.has(name) && name !== 'delta' && value !== null) this.#extras[name] = value;
    }
    if (!isObject(usage)) return;
    for (const [name, value] of Object.entries(usage)) {
      // An opening estimate says nothing about the counts at the end.
      if (value !== null && name !== ESTIMATE_MARK) this.#usage[name] = value;
    }
  }

  #start(at: number, block: unknown): void {
    if (!isObject(block)) return;
    if (!TYPED_BLOCKS.has(block.type) || Object.hasOwn(block, 'caller')) this.#untyped = true;
    if (this.#drafts.size >= BLOCKS_MAX) this.#overflow = true;
    else this.#drafts.set(at, { block: { ...block }, input: '' });
  }

  #delta(at: number, delta: unknown): void {
    const draft = this.#drafts.get(at);
    if (!draft || !isObject(delta)) return;
    const { block } = draft;
    switch (delta.type) {
      case 'text_delta':
        this.#grow(block, 'text', delta.text);
        return;
      case 'thinking_delta':
        this.#grow(block, 'thinking', delta.thinking);
        return;
      case 'signature_delta':
        this.#grow(block, 'signature', delta.signature);
        return;
      case 'input_json_delta':
        draft.input += this.#counted(delta.partial_json);
        return;
      case 'citations_delta':
        this.#untyped = true;
        block.citations = [...listOf(block.citations), delta.citation];
        return;
      default:
        // A delta of a later protocol carries whole members; the last one counts.
        for (const [name, value] of Object.entries(delta)) if (name !== 'type') block[name] = value;
    }
  }

  #counted(piece: unknown): string {
    const text = stringOr(piece, '');
    this.#chars += text.length;
    if (this.#chars > CHARS_MAX) this.#overflow = true;
    return text;
  }

  #grow(block: Record<string, unknown>, member: string, piece: unknown): void {
    block[member] = stringOr(block[member], '') + this.#counted(piece);
  }

  #content(): readonly unknown[] {
    return [...this.#drafts.values()].flatMap(({ block, input }) => {
      if (block.type === 'text' && block.text === '') return [];
      const parsed = input.trim() === '' ? undefined : parseJson(input);
      return [parsed === undefined ? block : { ...block, input: parsed }];
    });
  }
}
