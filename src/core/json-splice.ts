/** How deep is a JSON text, where are its top-level members, and how is one of them changed without touching the rest? */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
} from '#core/json-codes';

/** One top-level member: `text.slice(start, end)` is `"key": value`, from `valueStart` on the value alone. */
export interface MemberSpan {
  readonly key: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

export interface JsonScan {
  /** Deepest nesting of objects and arrays; the scan stops as soon as it is `depthMax + 1`. */
  readonly depth: number;
  /** Members of the outermost object in order, duplicates included; empty when the text is no object. */
  readonly members: readonly MemberSpan[];
}

export interface TopLevelEdit {
  /** New values as JSON text. A key that is absent is added at the end. */
  readonly set?: ReadonlyMap<string, string>;
  readonly remove?: ReadonlySet<string>;
}

/** Index just behind a string that opens at `open`; the text's length when it never closes. */
const stringEnd = (text: string, open: number): number => {
  let quote = text.indexOf('"', open + 1);
  while (quote >= 0) {
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
};

const keyOf = (text: string, start: number, end: number): string => {
  const plain = text.slice(start + 1, end - 1);
  if (!plain.includes('\\')) return plain;
  try {
    return String(JSON.parse(text.slice(start, end)));
  } catch {
    return plain;
  }
};

/** Sees the tokens of the outermost level and notes where its members lie. */
class MemberFinder {
  readonly members: MemberSpan[] = [];
  /** End of the last token of the current value. */
  tokenEnd = 0;
  readonly #text: string;
  #awaitsKey = false;
  #keyStart = -1;
  #keyEnd = -1;
  #valueStart = -1;

  constructor(text: string) {
    this.#text = text;
  }

  outermost(code: number): void {
    this.#awaitsKey = code === OPEN_BRACE;
  }

  token(code: number, start: number, end: number): void {
    if (this.#awaitsKey && code === QUOTE) {
      this.#keyStart = start;
      this.#keyEnd = end;
      this.#awaitsKey = false;
    } else if (code === COMMA || code === CLOSE_BRACE) {
      this.#awaitsKey = code === COMMA && this.#keyStart >= 0;
      this.#close();
    } else if (this.#keyStart >= 0 && this.#valueStart < 0 && code !== COLON) this.#valueStart = start;
  }

  #close(): void {
    if (this.#keyStart >= 0 && this.#valueStart >= 0) {
      const key = keyOf(this.#text, this.#keyStart, this.#keyEnd);
      this.members.push({ key, start: this.#keyStart, valueStart: this.#valueStart, end: this.tokenEnd });
    }
    this.#keyStart = -1;
    this.#valueStart = -1;
  }
}

/**
 * One linear pass over JSON text; strings are skipped by native search. It never throws: for text that is no JSON the
 * numbers are a guess, and JSON.parse has the last word.
 * @param depthMax nesting at which to give up; `depth > depthMax` tells that it happened
 */
export const scanJson = (text: string, depthMax: number): JsonScan => {
  const found = new MemberFinder(text);
  let depth = 0;
  let deepest = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code <= SPACE) {
      at++;
      continue;
    }
    const start = at;
    at = code === QUOTE ? stringEnd(text, at) : at + 1;
    if (depth === 1) found.token(code, start, at);
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth++;
      if (depth > deepest) deepest = depth;
      if (depth > depthMax) return { depth, members: [] };
      if (depth === 1) found.outermost(code);
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    if (depth === 1) found.tokenEnd = at;
  }
  return { depth: deepest, members: found.members };
};

/**
 * The text with some top-level members changed, every other byte as it was. A key that occurs more than once is changed
 * or removed everywhere, because readers disagree on which one counts.
 * @param members spans of exactly this text, from `scanJson`; the text must be one object
 */
export const spliceTopLevel = (text: string, members: readonly MemberSpan[], edit: TopLevelEdit): string => {
  const added = new Map(edit.set);
  const pieces: string[] = [];
  let kept = 0;
  let previousEnd = text.indexOf('{') + 1;
  const first = members[0];
  pieces.push(text.slice(0, first ? first.start : previousEnd));
  for (const member of members) {
    const value = edit.set?.get(member.key);
    if (value === undefined && edit.remove?.has(member.key)) {
      previousEnd = member.end;
      continue;
    }
    if (kept > 0) pieces.push(text.slice(previousEnd, member.start));
    kept++;
    added.delete(member.key);
    pieces.push(text.slice(member.start, value === undefined ? member.end : member.valueStart), value ?? '');
    previousEnd = member.end;
  }
  for (const [key, value] of added) {
    pieces.push(kept > 0 ? ',' : '', JSON.stringify(key), ':', value);
    kept++;
  }
  pieces.push(text.slice(previousEnd));
  return pieces.join('');
};
