/** Where in a JSON text with comments does a new value go, so that every other line and its comment stay as they are? */
import { findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';
import type { PlainValue } from '#platform/document-edit';

const READING = { allowTrailingComma: true };
const INDENT_OTHERWISE = '  ';
/** Nothing more, or one comment to the end of the line. */
const ONLY_COMMENT = /^\s*(?:\/\/.*|\/\*(?:[^*]|\*(?!\/))*\*\/\s*)?$/;
const COMMENT_OR_COMMA = /\/\/[^\r\n]*|\/\*[\s\S]*?\*\/|,/g;

interface Style {
  /** One step of indentation: that of the first line that has any. */
  readonly unit: string;
  readonly eol: string;
}

const styleOf = (text: string): Style => ({
  unit: /\n([ \t]+)\S/.exec(text)?.[1] ?? INDENT_OTHERWISE,
  eol: text.includes('\r\n') ? '\r\n' : '\n',
});

const indentAt = (text: string, offset: number): string =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';

const pretty = (value: PlainValue, indent: string, { unit, eol }: Style): string =>
  JSON.stringify(value, null, unit).replaceAll('\n', `${eol}${indent}`);

const splice = (text: string, from: number, to: number, piece: string): string =>
  `${text.slice(0, from)}${piece}${text.slice(to)}`;

/** Where the comma behind a container's last entry is; undefined without one. */
const commaBehind = (text: string, from: number, to: number): number | undefined => {
  for (const token of text.slice(from, to).matchAll(COMMENT_OR_COMMA)) {
    if (token[0] === ',') return from + token.index;
  }
  return undefined;
};

/** An entry at the end of an object or a list; `name` is its key and the colon, or nothing. */
const append = (text: string, container: Node, name: string, value: PlainValue): string => {
  const style = styleOf(text);
  const { unit, eol } = style;
  const close = container.offset + container.length - 1;
  const last = container.children?.at(-1);
  if (last === undefined) {
    const base = indentAt(text, container.offset);
    const inside = text.slice(container.offset + 1, close).trimEnd();
    const entry = `${name}${pretty(value, base + unit, style)}`;
    return splice(text, container.offset + 1, close, `${inside}${eol}${base}${unit}${entry}${eol}${base}`);
  }
  const end = last.offset + last.length;
  const comma = commaBehind(text, end, close);
  const behind = comma === undefined ? end : comma + 1;
  const closing = comma === undefined ? '' : ',';
  const withComma = comma === undefined ? splice(text, end, end, ',') : text;
  const from = comma === undefined ? end + 1 : behind;
  if (!text.slice(container.offset, close).includes('\n')) {
    return splice(withComma, from, from, ` ${name}${JSON.stringify(value)}${closing}`);
  }
  const rest = /^[^\r\n]*/.exec(withComma.slice(from))?.[0] ?? '';
  const at = ONLY_COMMENT.test(rest) ? from + rest.length : from;
  const indent = indentAt(text, last.offset);
  return splice(withComma, at, at, `${eol}${indent}${name}${pretty(value, indent, style)}${closing}`);
};

const nested = (path: readonly string[], value: PlainValue): PlainValue =>
  path.reduceRight<PlainValue>((inner, key) => ({ [key]: inner }), value);

/** Puts a value at a path; its parents that exist must be objects, the last one may be a list with an index. */
export const putValue = (text: string, path: readonly (string | number)[], value: PlainValue): string => {
  const tree = parseTree(text, [], READING);
  if (tree === undefined) return text;
  const found = findNodeAtLocation(tree, [...path]);
  if (found !== undefined) {
    const replaced = pretty(value, indentAt(text, found.offset), styleOf(text));
    return splice(text, found.offset, found.offset + found.length, replaced);
  }
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const parent = findNodeAtLocation(tree, path.slice(0, depth));
    if (parent === undefined) continue;
    const inner = nested(path.slice(depth + 1).map(String), value);
    return append(text, parent, parent.type === 'array' ? '' : `${JSON.stringify(path[depth])}: `, inner);
  }
  return text;
};
