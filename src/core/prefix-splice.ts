/** How are a few strings deep inside a JSON document changed while every other byte stays the caller's? */
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE, SPACE } from '#core/json-codes';
import type { JsonObject } from '#core/message';

/** Member names and list positions from the outermost value inwards. */
export type JsonPath = readonly (string | number)[];

export type JsonEdit =
  /** Replaces code units `from` to `to` of the string at `path`, counted in the string's value. */
  | {
      readonly kind: 'text';
      readonly path: JsonPath;
      readonly from: number;
      readonly to: number;
      readonly insert: string;
    }
  /** Adds an element to the list at `path`. */
  | { readonly kind: 'append'; readonly path: JsonPath; readonly element: JsonObject }
  /** Takes the list element at `path` out. */
  | { readonly kind: 'drop'; readonly path: JsonPath };

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

/** A value that somebody wants to find, and where it was found. */
class Wanted {
  readonly children = new Map<string | number, Wanted>();
  readonly edits: JsonEdit[] = [];
  start = -1;
  end = -1;
  /** Where the elements lie, when the value is a list of which some are dropped. */
  elements: { readonly start: number; readonly end: number }[] = [];

  child(key: string | number): Wanted {
    const found = this.children.get(key) ?? new Wanted();
    this.children.set(key, found);
    return found;
  }

  forget(): void {
    this.start = -1;
    this.elements = [];
    for (const child of this.children.values()) child.forget();
  }
}

const stringEnd = (text: string, open: number): number => {
  let at = open + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
};

const isOpening = (code: number): boolean => code === OPEN_BRACE || code === OPEN_BRACKET;
const isClosing = (code: number): boolean => code === CLOSE_BRACE || code === CLOSE_BRACKET;

const skipSpace = (text: string, at: number): number => {
  while (text.charCodeAt(at) <= SPACE) at++;
  return at;
};

/** Index behind the value that begins at `at`. */
const valueEnd = (text: string, at: number): number => {
  let depth = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at);
    else if (isOpening(code)) {
      depth++;
      at++;
    } else if (isClosing(code)) {
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (depth === 0) {
      while (
        at < text.length &&
        !isClosing(text.charCodeAt(at)) &&
        text.charCodeAt(at) !== COMMA &&
        text.charCodeAt(at) > SPACE
      )
        at++;
      return at;
    } else {
      at++;
      continue;
    }
    if (depth === 0) return at;
  }
  return at;
};

/** Walks one value, noting in `wanted` where it and its wanted children lie. Returns the index behind it. */
const locate = (text: string, at: number, wanted: Wanted): number => {
  wanted.forget();
  wanted.start = at;
  const code = text.charCodeAt(at);
  if (wanted.children.size === 0 || !isOpening(code)) wanted.end = valueEnd(text, at);
  else wanted.end = code === OPEN_BRACE ? locateMembers(text, at, wanted) : locateElements(text, at, wanted);
  return wanted.end;
};

const locateMembers = (text: string, open: number, wanted: Wanted): number => {
  let at = skipSpace(text, open + 1);
  while (at < text.length && text.charCodeAt(at) !== CLOSE_BRACE) {
    const keyEnd = stringEnd(text, at);
    const spelled = text.slice(at + 1, keyEnd - 1);
    const key = spelled.includes('\\') ? String(JSON.parse(text.slice(at, keyEnd))) : spelled;
    const valueStart = skipSpace(text, text.indexOf(':', keyEnd) + 1);
    const child = wanted.children.get(key);
    at = skipSpace(text, child ? locate(text, valueStart, child) : valueEnd(text, valueStart));
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return at + 1;
};

const locateElements = (text: string, open: number, wanted: Wanted): number => {
  const drops = [...wanted.children.values()].some(({ edits }) => edits.some(({ kind }) => kind === 'drop'));
  let at = skipSpace(text, open + 1);
  for (let index = 0; at < text.length && text.charCodeAt(at) !== CLOSE_BRACKET; index++) {
    const child = wanted.children.get(index);
    const start = at;
    const end = child ? locate(text, at, child) : valueEnd(text, at);
    if (drops) wanted.elements.push({ start, end });
    at = skipSpace(text, end);
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return at + 1;
};

/** Where a code unit of a string's value is spelled, starting from a place already known. */
const spelledAt = (text: string, at: number, units: number): number => {
  let left = units;
  let from = at;
  while (left > 0) {
    const slash = text.indexOf('\\', from);
    if (slash < 0 || slash - from >= left) return from + left;
    left -= slash - from + 1;
    from = slash + (text[slash + 1] === 'u' ? 6 : 2);
  }
  return from;
};

const textCuts = ({ start, edits }: Wanted, text: string): readonly Cut[] => {
  const changes = edits.filter((edit) => edit.kind === 'text').sort((one, other) => one.from - other.from);
  let unit = 0;
  let at = start + 1;
  return changes.map(({ from, to, insert }) => {
    const first = spelledAt(text, at, from - unit);
    at = spelledAt(text, first, to - from);
    unit = to;
    return { start: first, end: at, insert: JSON.stringify(insert).slice(1, -1) };
  });
};

const appendCuts = ({ start, end, edits }: Wanted, text: string): readonly Cut[] => {
  const added = edits.flatMap((edit) => (edit.kind === 'append' ? [JSON.stringify(edit.element)] : []));
  if (added.length === 0) return [];
  const isEmpty = skipSpace(text, start + 1) === end - 1;
  return [{ start: end - 1, end: end - 1, insert: `${isEmpty ? '' : ','}${added.join(',')}` }];
};

/** A dropped element takes one comma with it: the one before, or the one behind while nothing is kept yet. */
const dropCuts = ({ elements, children }: Wanted): readonly Cut[] => {
  const cuts: Cut[] = [];
  let kept = 0;
  for (const [index, { start, end }] of elements.entries()) {
    if (!children.get(index)?.edits.some(({ kind }) => kind === 'drop')) kept++;
    else if (kept > 0) cuts.push({ start: elements[index - 1]?.end ?? start, end, insert: '' });
    else cuts.push({ start, end: elements[index + 1]?.start ?? end, insert: '' });
  }
  return cuts;
};

const collectCuts = (wanted: Wanted, text: string, cuts: Cut[]): void => {
  if (wanted.start < 0) return;
  if (text.charCodeAt(wanted.start) === QUOTE) cuts.push(...textCuts(wanted, text));
  if (text.charCodeAt(wanted.start) === OPEN_BRACKET) cuts.push(...appendCuts(wanted, text), ...dropCuts(wanted));
  for (const child of wanted.children.values()) collectCuts(child, text, cuts);
};

/**
 * The text with the edits made in place. One linear pass; of a member that occurs twice the last one counts, as with
 * JSON.parse. The text must be JSON; edits of one string must not overlap, and a dropped element must have no other.
 */
export const spliceJson = (text: string, edits: readonly JsonEdit[]): string => {
  const root = new Wanted();
  for (const edit of edits) edit.path.reduce<Wanted>((node, key) => node.child(key), root).edits.push(edit);
  locate(text, skipSpace(text, 0), root);
  const cuts: Cut[] = [];
  collectCuts(root, text, cuts);
  cuts.sort((one, other) => one.start - other.start || one.end - other.end);
  const pieces: string[] = [];
  let from = 0;
  for (const { start, end, insert } of cuts) {
    pieces.push(text.slice(from, start), insert);
    from = end;
  }
  return `${pieces.join('')}${text.slice(from)}`;
};

const changed = (value: unknown, path: JsonPath, change: (value: unknown) => unknown): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return value.map((entry, index) => (index === key ? changed(entry, rest, change) : entry));
  if (typeof value !== 'object' || value === null) return value;
  const members = value as JsonObject;
  return { ...members, [key]: changed(members[key], rest, change) };
};

/** The parsed document with the same edits; what they do not touch is shared with the given one. */
export const editJson = (document: JsonObject, edits: readonly JsonEdit[]): JsonObject => {
  let value: unknown = document;
  // From the back, so that no edit moves the place of another.
  const texts = edits.filter((edit) => edit.kind === 'text').sort((one, other) => other.from - one.from);
  for (const { path, from, to, insert } of texts) {
    const replace = (text: unknown): unknown =>
      typeof text === 'string' ? `${text.slice(0, from)}${insert}${text.slice(to)}` : text;
    value = changed(value, path, replace);
  }
  for (const edit of edits) {
    if (edit.kind !== 'append') continue;
    value = changed(value, edit.path, (list) => (Array.isArray(list) ? [...list, edit.element] : list));
  }
  const drops = edits.flatMap(({ kind, path }) => (kind === 'drop' ? [path] : []));
  for (const path of drops.sort((one, other) => Number(other.at(-1)) - Number(one.at(-1)))) {
    const keep = (list: unknown): unknown =>
      Array.isArray(list) ? list.filter((_entry, index) => index !== path.at(-1)) : list;
    value = changed(value, path.slice(0, -1), keep);
  }
  return value as JsonObject;
};
