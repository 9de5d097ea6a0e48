/** Which lines differ between two texts? A plain line difference, as people read it, with secrets masked. */
import { MASK } from '#core/redact';

/** Lines compared on either side; longer texts are shown as replaced in the middle. */
const LINES_MAX = 2_000;
const CONTEXT_LINES = 2;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Lengths of the longest common subsequences of all suffixes. */
const suffixTable = (left: readonly string[], right: readonly string[]): Uint16Array[] => {
  const table = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const both = (table[i + 1]?.[j + 1] ?? 0) + 1;
      const either = Math.max(table[i + 1]?.[j] ?? 0, table[i]?.[j + 1] ?? 0);
      const row = table[i];
      if (row !== undefined) row[j] = left[i] === right[j] ? both : either;
    }
  }
  return table;
};

const compare = (left: readonly string[], right: readonly string[]): readonly Line[] => {
  if (left.length > LINES_MAX || right.length > LINES_MAX) {
    return [
      ...left.map((text) => ({ mark: '-', text }) as const),
      ...right.map((text) => ({ mark: '+', text }) as const),
    ];
  }
  const table = suffixTable(left, right);
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const [one, other] = [left[i], right[j]];
    if (one !== undefined && one === other) {
      lines.push({ mark: ' ', text: one });
      i += 1;
      j += 1;
    } else if (one !== undefined && (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0) && i < left.length) {
      lines.push({ mark: '-', text: one });
      i += 1;
    } else {
      lines.push({ mark: '+', text: other ?? '' });
      j += 1;
    }
  }
  return lines;
};

/** Values of keys whose name says secret; references to variables stay. */
const SECRET = /((?:api[-_]?key|token|secret|password|authorization)["']?\s*[:=]\s*)(["']?)(?![$"'{])([^"'\s,}]{4,})/gi;

const masked = (text: string): string => text.replace(SECRET, (_match, head, quote) => `${head}${quote}${MASK}`);

/** Changed lines with a little around them; empty when nothing differs. */
export const diffLines = (before: string, after: string): readonly string[] => {
  const lines = compare(before === '' ? [] : before.split('\n'), after.split('\n'));
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1).some(({ mark }) => mark !== ' '),
  );
  return lines.flatMap(({ mark, text }, index) => {
    if (near[index]) return [`${mark}${masked(text)}`];
    return near[index - 1] ? ['…'] : [];
  });
};
