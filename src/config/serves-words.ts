/** Which words does a line have? Split as a POSIX shell does, without anything else that a shell does. */

export type Split =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly message: string };

type Quote = "'" | '"';

/** Kept before these inside double quotes, a backslash vanishes; before others it stays. */
const ESCAPED_IN_DOUBLE: ReadonlySet<string> = new Set(['"', '\\']);

/** No variables, no globs, no comments: `$HOME` and `#` stay as they are. Adjacent quoted parts are one word. */
export const splitWords = (line: string): Split => {
  const words: string[] = [];
  let word: string | undefined;
  let quote: Quote | undefined;
  for (let index = 0; index < line.length; index++) {
    const mark = line[index] ?? '';
    if (quote !== undefined) {
      if (mark === quote) quote = undefined;
      else if (mark === '\\' && quote === '"' && ESCAPED_IN_DOUBLE.has(line[index + 1] ?? ''))
        word = `${word ?? ''}${line[++index]}`;
      else word = (word ?? '') + mark;
    } else if (mark === "'" || mark === '"') {
      quote = mark;
      word ??= '';
    } else if (/\s/.test(mark)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (mark === '\\') {
      const next = line[++index];
      if (next === undefined) return { ok: false, message: 'ends with a backslash that escapes nothing' };
      word = (word ?? '') + next;
    } else word = (word ?? '') + mark;
  }
  if (quote !== undefined) return { ok: false, message: `has a ${quote} that is never closed` };
  if (word !== undefined) words.push(word);
  return { ok: true, words };
};
