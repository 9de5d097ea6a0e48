/** What is changed in a request so that its beginning equals that of the session's last one? */
import { digestOf, type WatchedText, watchText } from '#core/prefix-compare';
import type { PrefixSpan } from '#core/prefix-rules';
import type { JsonEdit, JsonPath } from '#core/prefix-splice';

/** A text that stands before the conversation: a system block, or an instruction among the first messages. */
export interface StandingText {
  readonly path: JsonPath;
  readonly text: string;
  /** The list element that goes with the text when nothing of it is left. */
  readonly element?: JsonPath;
}

/** The end of a turn, where something can be restated. */
export interface Place {
  /** Position of the message. */
  readonly at: number;
  readonly path: JsonPath;
  /** The string to add to; absent when a list gets a text block instead. */
  readonly text?: string;
  /** Type of that block. */
  readonly blockType?: string;
}

/** What of a request's body matters here, in the words of its dialect. */
export interface PrefixView {
  readonly standing: readonly StandingText[];
  /** The newest turn of the user's or of a tool's. */
  readonly newest: Place | undefined;
  /** The same for an earlier message; undefined when it is none of theirs. */
  placeAt(at: number): Place | undefined;
}

/** Something restated at a message; it stays there for as long as the message does, or the prefix would change again. */
interface Note {
  readonly at: number;
  /** Digest of the message's end: another message at that position gets nothing. */
  readonly message: number;
  readonly text: string;
}

/** What is remembered of a conversation between two requests. */
export interface PrefixState {
  readonly watched: readonly WatchedText[];
  readonly notes: readonly Note[];
}

export const NOTHING_SEEN: PrefixState = { watched: [], notes: [] };

export interface PrefixPlan {
  readonly edits: readonly JsonEdit[];
  /** How often each rule changed something, by rule name. */
  readonly spans: ReadonlyMap<string, number>;
  /** Notes in the conversation, earlier ones included. */
  readonly notes: number;
  readonly state: PrefixState;
}

/** Code units of standing text that are looked at; what lies behind is passed on as it is. */
export const STANDING_CHARS_MAX = 65_536;
/** Spans that end so near to where the look ended are left alone: they may go on behind it. */
const CUT_MARGIN_CHARS = 512;
/** Texts before the conversation that are looked at. */
const STANDING_TEXTS_MAX = 32;
/** Characters restated at once; spans that do not fit stay where they are. */
const NOTE_CHARS_MAX = 1_000;
/** Notes of one conversation. Beyond it the older half goes at once, so that one turn pays for it and not every one. */
const NOTES_MAX = 64;
/** Characters of all of them together. */
const NOTES_CHARS_MAX = 8_000;
/** Characters at either end of a message by which it is known again. */
const SAMPLE_CHARS = 256;

const POINTER = '[see context note]';
const BLANK = '[omitted]';

const noteOf = (statements: string): string => `\n\n<context-note>\n${statements}\n</context-note>`;

interface MarkedText {
  readonly standing: StandingText;
  readonly spans: readonly PrefixSpan[];
}

const withoutText = ({ text: _text, ...rest }: WatchedText): WatchedText => rest;

const mark = (view: PrefixView, before: PrefixState) => {
  const texts: MarkedText[] = [];
  const watched: WatchedText[] = [];
  let left = STANDING_CHARS_MAX;
  for (const standing of view.standing.slice(0, STANDING_TEXTS_MAX)) {
    const text = standing.text.slice(0, left);
    left -= text.length;
    const seen = watchText(text, before.watched[watched.length]);
    // A piece is not remembered: it would keep the whole.
    const isCut = text.length < standing.text.length;
    watched.push(isCut ? withoutText(seen) : seen);
    texts.push({
      standing,
      spans: isCut ? seen.spans.filter(({ end }) => end <= text.length - CUT_MARGIN_CHARS) : seen.spans,
    });
  }
  return { texts, watched };
};

/** Spans that can be restated within the limit, and the words for it; everything else that is to move stays. */
const restate = (texts: readonly MarkedText[], hasPlace: boolean) => {
  const statements = new Set<string>();
  let chars = 0;
  const fits = ({ action, statement }: PrefixSpan): boolean => {
    if (action !== 'move') return true;
    if (!hasPlace) return false;
    if (statements.has(statement)) return true;
    if (chars + statement.length > NOTE_CHARS_MAX) return false;
    chars += statement.length + 1;
    statements.add(statement);
    return true;
  };
  const kept = texts.map(({ standing, spans }) => ({ standing, spans: spans.filter(fits) }));
  return { kept, statements: [...statements].join('\n') };
};

const INSERT = { remove: '', blank: BLANK, move: POINTER } as const;

const editsOf = ({ standing: { path, text, element }, spans }: MarkedText): readonly JsonEdit[] => {
  const [first] = spans;
  if (element && first?.action === 'remove' && first.start === 0 && text.slice(first.end).trim() === '') {
    return [{ kind: 'drop', path: element }];
  }
  return spans.map(({ start, end, action }) => ({ kind: 'text', path, from: start, to: end, insert: INSERT[action] }));
};

const messageDigest = ({ text = '' }: Place): number => {
  const head = digestOf(text, 0, Math.min(text.length, SAMPLE_CHARS), text.length);
  return digestOf(text, Math.max(0, text.length - SAMPLE_CHARS), text.length, head);
};

const noteEdit = ({ path, text, blockType }: Place, note: string): JsonEdit =>
  text === undefined
    ? { kind: 'append', path, element: { type: blockType, text: noteOf(note).trim() } }
    : { kind: 'text', path, from: text.length, to: text.length, insert: noteOf(note) };

const isTooMuch = (notes: readonly Note[]): boolean =>
  notes.length > NOTES_MAX || notes.reduce((sum, { text }) => sum + text.length, 0) > NOTES_CHARS_MAX;

/** Earlier notes at their messages, and a new one at the newest turn when what they say is out of date. */
const placeNotes = (view: PrefixView, statements: string, before: readonly Note[]) => {
  const { newest } = view;
  if (!newest || statements === '') return { edits: [], notes: before };
  const edits: JsonEdit[] = [];
  let stated = '';
  for (const note of before) {
    const place = note.at < newest.at ? view.placeAt(note.at) : undefined;
    if (!place || messageDigest(place) !== note.message) continue;
    edits.push(noteEdit(place, note.text));
    stated = note.text;
  }
  if (stated === statements) return { edits, notes: before };
  edits.push(noteEdit(newest, statements));
  const fresh: Note = { at: newest.at, message: messageDigest(newest), text: statements };
  const others = before.filter(({ at, message }) => at !== fresh.at || message !== fresh.message);
  const notes = [...others, fresh].sort((one, other) => one.at - other.at);
  return { edits, notes: isTooMuch(notes) ? notes.slice(notes.length >> 1) : notes };
};

/**
 * The edits for one request of a conversation, given what was seen of it before. Removes what has no meaning, moves what
 * has some behind the conversation, and leaves every other character alone. Asked twice for one request with the state of
 * the first answer, it gives the same edits.
 */
export const planPrefix = (view: PrefixView, before: PrefixState): PrefixPlan => {
  const { texts, watched } = mark(view, before);
  const { kept, statements } = restate(texts, view.newest !== undefined);
  const { edits, notes } = placeNotes(view, statements, before.notes);
  const spans = new Map<string, number>();
  for (const text of kept) for (const { rule } of text.spans) spans.set(rule, (spans.get(rule) ?? 0) + 1);
  return {
    edits: [...kept.flatMap(editsOf), ...edits],
    spans,
    notes: edits.length,
    state: { watched, notes },
  };
};
