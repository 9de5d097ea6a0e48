/** Are a tool call's arguments closed yet? Follows brackets through deltas without keeping the text. */
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET, QUOTE } from '#core/json-codes';

export interface JsonProgress {
  feed(piece: string): void;
  /** True once the outermost bracket has closed. Says nothing about validity: verifiers judge that. */
  closed(): boolean;
  /** True while nothing but white space came. */
  blank(): boolean;
}

export const createJsonProgress = (): JsonProgress => {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let closed = false;
  let blank = true;
  const step = (code: number): void => {
    if (inString) {
      if (escaped) escaped = false;
      else if (code === BACKSLASH) escaped = true;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth--;
      if (depth === 0) closed = true;
    }
  };
  return {
    feed(piece) {
      if (blank && piece.trim() !== '') blank = false;
      for (let at = 0; at < piece.length; at++) step(piece.charCodeAt(at));
    },
    closed: () => closed,
    blank: () => blank,
  };
};
