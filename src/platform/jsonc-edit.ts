/** How is a JSON file with comments changed so that its comments, order and indentation stay? */
import { findNodeAtLocation, getNodeValue, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { agreeingIndex, type Edit, type EditDocument, placeOf, withoutOverruled } from '#platform/document-edit';
import { putValue } from '#platform/jsonc-insert';

/** Comments and commas before a closing bracket are read; JSON5's bare keys and single quotes are not. */
const READING = { allowTrailingComma: true, disallowComments: false };

const treeOf = (text: string) => {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, READING);
  return { tree, error: errors[0] };
};

const valueAt = (text: string, path: readonly string[]): unknown => {
  const { tree } = treeOf(text);
  const node = tree === undefined ? undefined : findNodeAtLocation(tree, [...path]);
  return node === undefined ? undefined : getNodeValue(node);
};

const same = (left: unknown, right: unknown): boolean => Bun.deepEquals(left, right);

const upsert = (text: string, { path, by, values }: Extract<Edit, { kind: 'upsert' }>): string => {
  let edited = text;
  for (const value of values) {
    const entries = valueAt(edited, path);
    if (!Array.isArray(entries)) {
      edited = putValue(edited, path, [value]);
      continue;
    }
    const index = agreeingIndex(entries, value, by);
    if (index >= 0 && same(entries[index], value)) continue;
    edited = putValue(edited, [...path, index < 0 ? entries.length : index], value);
  }
  return edited;
};

/** The first parent of the path that exists and is no object. */
const blockedAt = (text: string, path: readonly string[]): string | undefined => {
  const { tree } = treeOf(text);
  for (let length = 1; length < path.length && tree !== undefined; length++) {
    const parent = findNodeAtLocation(tree, path.slice(0, length));
    if (parent === undefined) return undefined;
    if (parent.type !== 'object') return path.slice(0, length).join('.');
  }
  return undefined;
};

/** Changes JSON or JSON with comments. An empty text is an empty object; an unchanged one keeps every byte. */
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
  const wanted = withoutOverruled(edits, (path) => valueAt(text, path) !== undefined);
  const kept = [...wanted.overruled];
  for (const edit of wanted.edits) {
    const blocked = blockedAt(edited, edit.path);
    if (blocked !== undefined) return { ok: false, problem: `${blocked} is no object there` };
    if (edit.kind === 'upsert') {
      edited = upsert(edited, edit);
      continue;
    }
    const found = valueAt(edited, edit.path);
    if (same(found, edit.value)) continue;
    if (edit.kind === 'default' && found !== undefined) kept.push(edit.path.join('.'));
    else edited = putValue(edited, edit.path, edit.value);
  }
  const broken = treeOf(edited).error;
  if (broken !== undefined)
    return { ok: false, problem: `its form cannot be edited (${placeOf(edited, broken.offset)})` };
  return { ok: true, text: edited, kept };
};
