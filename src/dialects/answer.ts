/** What did an answer amount to? Collects parts into blocks, and gives tool calls ids that are fit to be sent back. */
import type { DialectName, FinishReason, StreamPart, Usage } from '#core/message';

export type AnswerBlock =
  | { readonly kind: 'text' | 'refusal'; text: string }
  | {
      readonly kind: 'thinking';
      text: string;
      signature: string | undefined;
      redacted: string | undefined;
      /** The dialect that the signature or the redacted payload belongs to. */
      origin: DialectName | undefined;
    }
  | { readonly kind: 'tool'; readonly id: string; readonly name: string; json: string };

export interface Answer {
  /** In the order they started. */
  readonly blocks: readonly AnswerBlock[];
  readonly usage: Usage | undefined;
  readonly reason: FinishReason | undefined;
  readonly rawReason: string | undefined;
  readonly stopSequence: string | undefined;
}

type ToolBlock = Extract<AnswerBlock, { kind: 'tool' }>;

/** Collects the parts of a whole answer. Deltas of blocks that never started are ignored: decoders emit none. */
export const collectAnswer = (parts: readonly StreamPart[]): Answer => {
  const blocks: AnswerBlock[] = [];
  const byIndex = new Map<number, AnswerBlock>();
  let usage: Usage | undefined;
  let finish: Extract<StreamPart, { type: 'finish' }> | undefined;
  const open = (index: number, block: AnswerBlock): void => {
    byIndex.set(index, block);
    blocks.push(block);
  };
  for (const part of parts) {
    switch (part.type) {
      case 'text-start':
        open(part.index, { kind: 'text', text: '' });
        break;
      case 'thinking-start':
        open(part.index, { kind: 'thinking', text: '', signature: undefined, redacted: undefined, origin: undefined });
        break;
      case 'tool-start':
        open(part.index, { kind: 'tool', id: part.id, name: part.name, json: '' });
        break;
      case 'refusal-delta':
        addRefusal(blocks, part.text);
        break;
      case 'usage':
        usage = part.usage;
        break;
      case 'finish':
        finish = part;
        break;
      default:
        if ('index' in part) grow(byIndex.get(part.index), part);
    }
  }
  return { blocks, usage, reason: finish?.reason, rawReason: finish?.raw, stopSequence: finish?.stopSequence };
};

const addRefusal = (blocks: AnswerBlock[], text: string): void => {
  const last = blocks.at(-1);
  if (last?.kind === 'refusal') last.text += text;
  else blocks.push({ kind: 'refusal', text });
};

const grow = (block: AnswerBlock | undefined, part: StreamPart): void => {
  if (block?.kind === 'text' && part.type === 'text-delta') block.text += part.text;
  else if (block?.kind === 'tool' && part.type === 'tool-delta') block.json += part.json;
  else if (block?.kind === 'thinking') {
    if (part.type === 'thinking-delta') block.text += part.text;
    else if (part.type === 'thinking-signature') {
      block.signature = (block.signature ?? '') + part.signature;
      block.origin = part.origin;
    } else if (part.type === 'thinking-redacted') {
      block.redacted = part.data;
      block.origin = part.origin;
    }
  }
};

export const toolsOf = (answer: Answer): readonly ToolBlock[] =>
  answer.blocks.filter((block): block is ToolBlock => block.kind === 'tool');

/** Characters per token when a tier reports no usage. */
const CHARS_PER_TOKEN = 4;

/** Usage for the caller when the tier gave none: never absent, because clients fail without it. */
export const estimatedUsage = (promptTokens: number, outputChars: number): Usage => ({
  input: promptTokens,
  output: Math.ceil(outputChars / CHARS_PER_TOKEN),
  estimated: true,
});

/** Characters of model output in a whole answer. */
export const outputCharsOf = (answer: Answer): number =>
  answer.blocks.reduce((sum, block) => sum + (block.kind === 'tool' ? block.json.length : block.text.length), 0);

/**
 * Ids for the tool calls of one answer: the tier's own, or a fresh one where it sent none, an illegal one or the same
 * twice.
 * @param legal what the caller's dialect takes as an id
 */
export const createToolIds = (prefix: string, responseId: string, legal: RegExp): ((id: string) => string) => {
  const used = new Set<string>();
  let ordinal = 0;
  return (id) => {
    let chosen = id;
    while (!legal.test(chosen) || used.has(chosen)) chosen = `${prefix}_${responseId}_${ordinal++}`;
    used.add(chosen);
    return chosen;
  };
};
