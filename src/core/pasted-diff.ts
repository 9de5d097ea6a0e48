/** Which lines of a message belong to a pasted unified diff, by the counts its hunk headers declare. */

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const HEADER_STARTS = [
  '+++ ',
  '--- ',
  'Binary files ',
  'deleted file mode',
  'index ',
  'new file mode',
  'new mode',
  'old mode',
  'rename ',
  'similarity index',
];

/** State between two lines: the lines a hunk still owes, and whether a file header is open. */
export interface DiffState {
  readonly oldLeft: number;
  readonly newLeft: number;
  readonly inHeader: boolean;
}

export const OUTSIDE_DIFF: DiffState = { oldLeft: 0, newLeft: 0, inHeader: false };

const IN_HEADER: DiffState = { oldLeft: 0, newLeft: 0, inHeader: true };

const hunkBody = (state: DiffState, line: string): DiffState | undefined => {
  const { oldLeft, newLeft } = state;
  switch (line[0] ?? ' ') {
    case '+':
      return { oldLeft, newLeft: newLeft - 1, inHeader: false };
    case '-':
      return { oldLeft: oldLeft - 1, newLeft, inHeader: false };
    case ' ':
      return { oldLeft: oldLeft - 1, newLeft: newLeft - 1, inHeader: false };
    case '\\':
      return state;
    default:
      return undefined;
  }
};

const opensFile = (line: string, next: string | undefined): boolean =>
  line.startsWith('diff --git ') ||
  line.startsWith('Index: ') ||
  (line.startsWith('--- ') && next?.startsWith('+++ ') === true);

/** The state after `line` when the line is part of a diff; undefined when it is not. */
export const diffAfter = (state: DiffState, line: string, next: string | undefined): DiffState | undefined => {
  const hunk = HUNK.exec(line);
  if (hunk !== null) return { oldLeft: Number(hunk[1] ?? '1'), newLeft: Number(hunk[2] ?? '1'), inHeader: false };
  if (state.oldLeft > 0 || state.newLeft > 0) return hunkBody(state, line);
  if (opensFile(line, next)) return IN_HEADER;
  if (state.inHeader && HEADER_STARTS.some((start) => line.startsWith(start))) return IN_HEADER;
  return line.startsWith('\\ No newline') ? OUTSIDE_DIFF : undefined;
};
