/** Which words of a standing text did change since the session's last request, while all around them stayed? */
import { overlaps, type PrefixSpan, ruleSpans } from '#core/prefix-rules';
import { type Stretch, volatileRuns } from '#core/prefix-shapes';

/** What is remembered of one standing text. */
export interface WatchedText {
  /** The text, so that one which stays the same is not searched again; absent where only a piece was looked at. */
  readonly text?: string;
  /** What is to be changed in it, in order and without overlaps. */
  readonly spans: readonly PrefixSpan[];
  /** Digest of everything that is not volatile. */
  readonly skeleton: number;
  /** Digest of each volatile word; none when there are too many to watch. */
  readonly runs: readonly number[];
  /** Which of them were seen to change, by position. */
  readonly changing: readonly number[];
}

/** Volatile words of one text that are watched; a text with more is not. */
const RUNS_MAX = 1_024;
/** A text in which more words than this change is another text, not the same with a new date. */
const CHANGING_MAX = 16;
/** Longest line that is restated whole; of a longer one the words around the change are. */
const LINE_CHARS_MAX = 160;

export const SEEN_TO_CHANGE = 'seen-to-change';

/** 32-bit FNV-1a over code units: fast, and a clash costs at most a missed change. */
export const digestOf = (text: string, start = 0, end = text.length, seed = 0x811c9dc5): number => {
  let digest = seed;
  for (let at = start; at < end; at++) digest = Math.imul(digest ^ text.charCodeAt(at), 0x01000193);
  return digest;
};

const skeletonOf = (text: string, holes: readonly Stretch[]): number => {
  let digest = digestOf('');
  let from = 0;
  for (const { start, end } of holes) {
    digest = digestOf('\0', 0, 1, digestOf(text, from, start, digest));
    from = end;
  }
  return digestOf(text, from, text.length, digest);
};

const changesBetween = (before: WatchedText | undefined, skeleton: number, runs: readonly number[]): number[] => {
  if (!before || before.skeleton !== skeleton || before.runs.length !== runs.length) return [];
  const changing = new Set(before.changing);
  for (const [index, run] of runs.entries()) if (run !== before.runs[index]) changing.add(index);
  return changing.size > CHANGING_MAX ? [] : [...changing].sort((one, other) => one - other);
};

/** The line around a stretch, other marked stretches in it left out, at most LINE_CHARS_MAX long. */
const lineAround = (text: string, { start, end }: Stretch, taken: readonly Stretch[]): string => {
  const reach = Math.max(0, LINE_CHARS_MAX - (end - start)) >> 1;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', end);
  const from = Math.max(start === 0 ? 0 : lineStart, start - reach);
  const to = Math.min(lineEnd < 0 ? text.length : lineEnd, end + reach);
  let line = '';
  let at = from;
  for (const hole of taken) {
    if (hole.end <= at || hole.start >= to) continue;
    line += `${text.slice(at, Math.max(at, hole.start))}…`;
    at = hole.end;
  }
  return `${line}${text.slice(at, Math.max(at, to))}`.trim();
};

/** @param before the text at the same position of the last request */
export const watchText = (text: string, before: WatchedText | undefined): WatchedText => {
  if (before?.text === text) return before;
  const taken = ruleSpans(text);
  const found = volatileRuns(text, RUNS_MAX);
  if (found === undefined) return { text, spans: taken, skeleton: 0, runs: [], changing: [] };
  const runs = taken.length === 0 ? found : found.filter((run) => !taken.some((span) => overlaps(span, run)));
  const holes = taken.length === 0 ? runs : [...runs, ...taken].sort((one, other) => one.start - other.start);
  const skeleton = skeletonOf(text, holes);
  const digests = runs.map(({ start, end }) => digestOf(text, start, end));
  const changing = changesBetween(before, skeleton, digests);
  const changed = changing.flatMap((index): PrefixSpan[] => {
    const run = runs[index];
    return run ? [{ ...run, rule: SEEN_TO_CHANGE, action: 'move', statement: lineAround(text, run, taken) }] : [];
  });
  const spans = [...taken, ...changed].sort((one, other) => one.start - other.start);
  return { text, spans, skeleton, runs: digests, changing };
};
