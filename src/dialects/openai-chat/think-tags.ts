/** Where does thinking end that a local model wrote into its text? Splits `<think>…</think>` off the front of an answer. */

const OPEN = '<think>';
const CLOSE = '</think>';

/** White space kept back around a tag. */
const KEPT_CHARS_MAX = 256;

export interface ThinkPiece {
  readonly kind: 'text' | 'thinking';
  readonly text: string;
}

export interface ThinkSplitter {
  /** The pieces that are certain now; at most the length of a tag is kept back. */
  push(text: string): readonly ThinkPiece[];
  /** What was kept back when the text ends. */
  flush(): readonly ThinkPiece[];
}

/** Length of the longest end of `text` that may be the beginning of `tag`. */
const partialTag = (text: string, tag: string): number => {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--) {
    if (tag.startsWith(text.slice(-length))) return length;
  }
  return 0;
};

/**
 * Splitter for one answer. Only a tag that opens the answer counts: the same letters further on are text that talks about
 * tags. Blank lines around the tags belong to neither side.
 */
export const createThinkSplitter = (): ThinkSplitter => {
  let state: 'start' | 'thinking' | 'after' | 'text' = 'start';
  let kept = '';
  /** Thinking has said something; white space in front of that is left out. */
  let begun = false;
  const piece = (kind: ThinkPiece['kind'], text: string): readonly ThinkPiece[] =>
    text === '' ? [] : [{ kind, text }];

  const atStart = (text: string): readonly ThinkPiece[] => {
    const shown = text.trimStart();
    if (shown.startsWith(OPEN)) {
      state = 'thinking';
      return inThinking(shown.slice(OPEN.length));
    }
    if (OPEN.startsWith(shown) && text.length < KEPT_CHARS_MAX) {
      kept = text;
      return [];
    }
    state = 'text';
    return piece('text', text);
  };
  const inThinking = (sent: string): readonly ThinkPiece[] => {
    const text = begun ? sent : sent.trimStart();
    begun ||= text !== '';
    const end = text.indexOf(CLOSE);
    if (end < 0) {
      // White space is kept as well, for it may be the blank line in front of the tag.
      const whole = text.slice(0, text.length - partialTag(text, CLOSE));
      const shown = whole.trimEnd();
      const certain = whole.length - shown.length < KEPT_CHARS_MAX ? shown : whole;
      kept = text.slice(certain.length);
      return piece('thinking', certain);
    }
    state = 'after';
    return [...piece('thinking', text.slice(0, end).trimEnd()), ...afterThinking(text.slice(end + CLOSE.length))];
  };
  const afterThinking = (text: string): readonly ThinkPiece[] => {
    const shown = text.trimStart();
    if (shown !== '') state = 'text';
    return piece('text', shown);
  };
  return {
    push(more) {
      const text = kept + more;
      kept = '';
      if (state === 'text') return piece('text', text);
      if (state === 'start') return atStart(text);
      return state === 'thinking' ? inThinking(text) : afterThinking(text);
    },
    flush() {
      const rest = kept;
      kept = '';
      return piece(state === 'thinking' ? 'thinking' : 'text', rest);
    },
  };
};
