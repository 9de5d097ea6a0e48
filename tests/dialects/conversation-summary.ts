/** What is in a conversation, in a few lines that a person can review? Sizes and names only, never the text. */
import type { ContentPart, Conversation, MediaSource, Turn } from '#core/message';

const inked = (text: string): number => text.replace(/\s+/g, '').length;

const mediaOf = (source: MediaSource): string =>
  source.kind === 'url' ? `url ${source.url.length}` : `${source.mediaType} ${source.data.length}`;

type Thinking = Extract<ContentPart, { kind: 'thinking' }>;

const proofOf = ({ signature, redacted, origin }: Thinking): string => {
  if (redacted !== undefined) return ` sealed(${origin} ${redacted.length})`;
  return signature === undefined ? '' : ` signed(${origin} ${signature.length})`;
};

const partText = (part: ContentPart): string => {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return `${part.kind} ${inked(part.text)}`;
    case 'thinking':
      return `thinking ${inked(part.text)}${proofOf(part)}`;
    case 'tool-call':
      return `call ${part.name} ${part.id} (${inked(part.arguments)})`;
    case 'tool-result':
      return `result ${part.id}${part.isError ? ' error' : ''} [${partsText(part.content)}]`;
    default:
      return `${part.kind} ${mediaOf(part.source)}`;
  }
};

/** Texts that follow each other count as one: how text is cut into blocks is nobody's meaning. */
const joinTexts = (parts: readonly ContentPart[]): readonly ContentPart[] => {
  const joined: ContentPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') {
      joined[joined.length - 1] = { kind: 'text', text: last.text + part.text };
    } else joined.push(part);
  }
  return joined;
};

const partsText = (parts: readonly ContentPart[]): string => joinTexts(parts).map(partText).join(' | ');

const turnLine = ({ role, parts }: Turn): string => `${role}: ${partsText(parts)}`;

/** One line per turn, then the tools and whatever else was asked for. */
export const summaryOf = (conversation: Conversation): readonly string[] => {
  const { turns, tools, losses: _losses, outputFormat, ...asked } = conversation;
  const names = tools.map(({ name }) => name);
  const renamed = tools.filter(({ origin }) => origin !== undefined);
  const custom = renamed.filter(({ origin }) => origin?.kind === 'custom').length;
  const format =
    outputFormat === undefined
      ? []
      : [
          `format: ${outputFormat.kind}${outputFormat.kind === 'json' ? '' : ` ${JSON.stringify(outputFormat.schema).length}`}`,
        ];
  const rest = Object.entries(asked).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return [
    ...turns.map(turnLine),
    ...(names.length > 0 ? [`tools: ${names.join(', ')}`] : []),
    ...(renamed.length > 0 ? [`forms of the caller's own: ${renamed.length}, custom ${custom}`] : []),
    ...format,
    ...rest.sort(),
  ];
};

/** Length of the longest common run of lines from each pair of positions on. */
const commonLengths = (one: readonly string[], other: readonly string[]): readonly (readonly number[])[] => {
  const table: number[][] = Array.from({ length: one.length + 1 }, () => new Array<number>(other.length + 1).fill(0));
  for (let row = one.length - 1; row >= 0; row--) {
    for (let column = other.length - 1; column >= 0; column--) {
      const same = one[row] === other[column];
      const [below, right, across] = [table[row + 1]?.[column], table[row]?.[column + 1], table[row + 1]?.[column + 1]];
      const cells = table[row];
      if (cells) cells[column] = same ? (across ?? 0) + 1 : Math.max(below ?? 0, right ?? 0);
    }
  }
  return table;
};

/** The lines in which two summaries differ, marked with - and +. */
export const differences = (one: readonly string[], other: readonly string[]): readonly string[] => {
  const table = commonLengths(one, other);
  const told: string[] = [];
  let [row, column] = [0, 0];
  while (row < one.length || column < other.length) {
    if (row < one.length && column < other.length && one[row] === other[column]) {
      row++;
      column++;
    } else if (
      column >= other.length ||
      (row < one.length && (table[row + 1]?.[column] ?? 0) >= (table[row]?.[column + 1] ?? 0))
    ) {
      told.push(`- ${one[row++]}`);
    } else told.push(`+ ${other[column++]}`);
  }
  return told;
};
