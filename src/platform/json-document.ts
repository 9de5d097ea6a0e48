/** What does a JSON text say, number kinds kept apart as in TOML, and on which line is each of its keys? */
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { inOneLine } from '#core/plain-words';
import type { KeyPath } from '#platform/toml-lines';

export interface JsonProblem {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  /** Never quotes the text. */
  readonly message: string;
  readonly remedy: string;
}

export type JsonResult =
  | {
      readonly ok: true;
      /** Whole numbers are `bigint`; objects have no prototype. */
      readonly document: unknown;
      /** Line of a key, or of its nearest ancestor; undefined for the document itself. */
      readonly locate: (path: KeyPath) => number | undefined;
    }
  | { readonly ok: false; readonly problem: JsonProblem };

/** Nesting of lists and objects; the parser calls itself for each level. */
const DEPTH_MAX = 64;

/** Comments and commas before a closing bracket do no harm. */
const READING = { allowTrailingComma: true, disallowComments: false };

/** Strings and comments in one piece, so that brackets inside of them do not count. */
const TOKEN = /"(?:[^"\\]|\\[\s\S])*(?:"|$)|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[[{\]}]/g;

/** Parses JSON, with comments or not. Never throws: a text that is no JSON is a problem with its place and a remedy. */
export const parseJson = (text: string): JsonResult => {
  const deep = tooDeepAt(text);
  if (deep !== undefined) {
    const message = `JSON: nested more than ${DEPTH_MAX} levels deep`;
    return { ok: false, problem: { ...placeOf(text, deep), message, remedy: 'flatten it' } };
  }
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, READING);
  const [error] = errors;
  if (error !== undefined || tree === undefined) {
    const reason = error === undefined ? 'value expected' : inWords(printParseErrorCode(error.error));
    const remedy = 'quote every key and text with ", separate entries by commas, and close every [ and {';
    return { ok: false, problem: { ...placeOf(text, error?.offset ?? 0), message: `JSON: ${reason}`, remedy } };
  }
  const twice = repeatedIn(tree);
  if (twice !== undefined) {
    const message = `JSON: key ${JSON.stringify(inOneLine(String(twice.value), 60))} is written twice`;
    return { ok: false, problem: { ...placeOf(text, twice.offset), message, remedy: 'keep one of them' } };
  }
  return { ok: true, document: plainOf(tree), locate: (path) => lineAt(text, tree, path) };
};

const tooDeepAt = (text: string): number | undefined => {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > DEPTH_MAX) return index;
  }
  return undefined;
};

/** The first key that its object has already: the other one would count for nothing, and nobody could see which. */
const repeatedIn = (node: Node): Node | undefined => {
  const known = new Set<unknown>();
  for (const child of node.children ?? []) {
    const [key, value] = node.type === 'object' ? (child.children ?? []) : [undefined, child];
    if (key !== undefined && known.has(key.value)) return key;
    if (key !== undefined) known.add(key.value);
    const below = value === undefined ? undefined : repeatedIn(value);
    if (below !== undefined) return below;
  }
  return undefined;
};

/** `PropertyNameExpected` in words. */
const inWords = (code: string): string => code.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();

const plainOf = (node: Node): unknown => {
  if (node.type === 'array') return (node.children ?? []).map(plainOf);
  if (node.type !== 'object') {
    const value: unknown = node.value;
    return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
  }
  const members: Record<string, unknown> = Object.create(null);
  for (const { children: [key, value] = [] } of node.children ?? []) {
    if (key !== undefined && value !== undefined) members[String(key.value)] = plainOf(value);
  }
  return members;
};

const lineAt = (text: string, tree: Node, path: KeyPath): number | undefined => {
  for (let length = path.length; length > 0; length--) {
    const found = findNodeAtLocation(tree, path.slice(0, length));
    // The key is where people look, not the value, which may begin on a later line.
    const shown = found?.parent?.type === 'property' ? found.parent : found;
    if (shown !== undefined) return placeOf(text, shown.offset).line;
  }
  return undefined;
};

const placeOf = (text: string, offset: number): { readonly line: number; readonly column: number } => {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
};
