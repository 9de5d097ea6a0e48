/** How is a JSON file with comments changed so that its comments, order and indentation stay? */
import {
  applyEdits,
  findNodeAtLocation,
  getNodeValue,
  getNodeValue,
  type JSONPath,
  modify,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { agreeingIndex, type Edit, type EditDocument, type PlainValue, placeOf, withoutOverruled } from '#platform/document-edit';

/** Comments and commas before a closing bracket are read; JSON5's bare keys and single quotes are not. */
const READING = { allowTrailingComma: true, disallowComments: false };
const SPACES_OTHERWISE = 2;

/** The indentation of the first line that has one. */
const indentOf = (text: string): { readonly insertSpaces: boolean; readonly tabSize: number } => {
  const [, indent = ''] = /\n([ \t]+)\S/.exec(text) ?? [];
  return indent.startsWith('\t')
    ? { insertSpaces: false, tabSize: 1 }
    : { insertSpaces: true, tabSize: indent.length || SPACES_OTHERWISE };
};

const treeOf = (text: string) => {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, READING);
  return { tree, error: errors[0] };
};

const put = (text: string, path: JSONPath, value: PlainValue, isArrayInsertion = false): string => {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const formattingOptions = { ...indentOf(text), eol };
  return applyEdits(text, modify(text, path, value, { formattingOptions, isArrayInsertion }));
};

const valueAt = (text: string, path: JSONPath): unknown => {
  const { tree } = treeOf(text);
  const node = tree === undefined ? undefined : findNodeAtLocation(tree, path);
  return node === undefined ? undefined : getNodeValue(node);
};

const same = (left: unknown, right: unknown): boolean => Bun.deepEquals(left, right);

const upsert = (text: string, { path, by, values }: Extract<Edit, { kind: 'upsert' }>): string => {
  let edited = text;
  for (const value of values) {
    const entries = valueAt(edited, [...path]);
    if (!Array.isArray(entries)) {
      edited = put(edited, [...path], [value]);
      continue;
    }
    const index = agreeingIndex(entries, value, by);
    if (index >= 0 && same(entries[index], value)) continue;
    edited = index < 0 ? put(edited, [...path, entries.length], value, true) : put(edited, [...path, index], value);
  }
  return edited;
};

/** Changes JSON or JSON with comments. An empty text is an empty object. */
export const editJsonc: EditDocument = (text, edits) => {
  let edited = text.trim() === '' ? '{}\n' : text;
  const { tree, error } = treeOf(edited);
  if (error !== undefined) {
    const reason = printParseErrorCode(error.error)
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase();
    return { ok: false, problem: `not JSON: ${reason} at ${placeOf(edited, error.offset)}` };
  }
  if (tree?.type !== 'object') return { ok: false, problem: 'not a JSON object' };
  const wanted = withoutOverruled(edits, (path) => valueAt(edited, [...path]) !== undefined);
  const kept = [...wanted.overruled];
  for (const edit of wanted.edits) {
    const blocked = blockedAt(edited, edit.path);
    if (blocked !== undefined) return { ok: false, problem: `${blocked} is no object there` };
    if (edit.kind === 'upsert') edited = upsert(edited, edit);
    else {
      const found = valueAt(edited, [...edit.path]);
      if (edit.kind === 'default' && found !== undefined) {
        if (!same(found, edit.value)) kept.push(edit.path.join('.'));
      } else if (!same(found, edit.value)) edited = put(edited, [...edit.path], edit.value);
    }
  }
  return { ok: true, text: edited, kept };
};

/** The first parent of the path that exists and is no object. */
const blockedAt = (text: string, path: readonly string[]): string | undefined => {
  const { tree } = treeOf(text);
  for (let length = 1; length < path.length && tree !== undefined; length++) {
    const parent = findNodeAtLocation(tree, [...path.slice(0, length)]);
    if (parent === undefined) return undefined;
    if (parent.type !== 'object') return path.slice(0, length).join('.');
  }
  return undefined;
};
