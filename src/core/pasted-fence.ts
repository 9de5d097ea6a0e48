/** Where fenced blocks of a message begin and end, line by line or by jumping from marker to marker. */

/** Marker lines followed before giving up on a long text. */
const FENCES_MAX = 4_096;
/** Characters of a marker line that are looked at. */
const MARKER_LINE_CHARS_MAX = 200;

export interface Fence {
  readonly mark: '`' | '~';
  readonly length: number;
}

/** The fence marker that begins a line, at most three blanks in; undefined for any other line. */
export const fenceOf = (line: string): Fence | undefined => {
  let at = 0;
  while (at < 3 && line[at] === ' ') at += 1;
  const mark = line[at];
  if (mark !== '`' && mark !== '~') return undefined;
  let end = at;
  while (line[end] === mark) end += 1;
  if (end - at < 3) return undefined;
  const isInlineCode = mark === '`' && line.includes('`', end);
  return isInlineCode ? undefined : { mark, length: end - at };
};

/** The fence open after `line`, given the one open before it. */
export const fenceAfter = (open: Fence | undefined, line: string): Fence | undefined => {
  const found = fenceOf(line);
  if (found === undefined) return open;
  if (open === undefined) return found;
  const isClosing = found.mark === open.mark && found.length >= open.length && line.trim().length === found.length;
  return isClosing ? undefined : open;
};

/** Line starts of one kind of marker, in order; each character of the text is searched once. */
const markerLines = (text: string, marker: string, end: number): number[] => {
  const starts: number[] = text.startsWith(marker) ? [0] : [];
  const needle = `\n${marker}`;
  for (let at = text.indexOf(needle); at !== -1 && at < end; at = text.indexOf(needle, at + 1)) {
    if (starts.length === FENCES_MAX) break;
    starts.push(at + 1);
  }
  return starts;
};

/**
 * The fence that is still open at `end`. Markers that are indented are not seen, and past 4,096 markers of a kind the
 * answer may be wrong: it decides only whether the tail of an over-long message is read as prose.
 */
export const openFenceAt = (text: string, end: number): Fence | undefined => {
  const starts = [...markerLines(text, '```', end), ...markerLines(text, '~~~', end)].sort((a, b) => a - b);
  let open: Fence | undefined;
  for (const start of starts) {
    const lineEnd = text.indexOf('\n', start);
    const stop = Math.min(lineEnd === -1 ? text.length : lineEnd, start + MARKER_LINE_CHARS_MAX);
    open = fenceAfter(open, text.slice(start, stop));
  }
  return open;
};
