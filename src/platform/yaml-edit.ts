/** How is a YAML file changed so that its comments and order stay? */
import { isCollection, isMap, isSeq, parseDocument } from 'yaml';
import { agreeingIndex, type Edit, type EditDocument, placeOf, withoutOverruled } from '#platform/document-edit';

type YamlDocument = ReturnType<typeof parseDocument>;

/** Against alias bombs: nothing of ours has aliases. */
const READING = { prettyErrors: false, strict: true } as const;
/** No line is folded that was not. */
const WRITING = { lineWidth: 0 } as const;

const plainAt = (document: YamlDocument, path: readonly string[]): unknown => {
  const node: unknown = document.getIn(path, true);
  return isCollection(node) ? node.toJS(document, { maxAliasCount: 100 }) : document.getIn(path);
};

const upsert = (document: YamlDocument, { path, by, values }: Extract<Edit, { kind: 'upsert' }>): boolean => {
  let changed = false;
  for (const value of values) {
    const list: unknown = document.getIn(path, true);
    if (!isSeq(list)) {
      document.setIn(path, document.createNode([value]));
      changed = true;
      continue;
    }
    const entries: unknown = list.toJS(document, { maxAliasCount: 100 });
    const index = Array.isArray(entries) ? agreeingIndex(entries, value, by) : -1;
    if (index < 0) list.add(document.createNode(value));
    else if (Bun.deepEquals((entries as readonly unknown[])[index], value)) continue;
    else list.set(index, document.createNode(value));
    changed = true;
  }
  return changed;
};

/** The first parent of the path that exists and is no map. */
const blockedAt = (document: YamlDocument, path: readonly string[]): string | undefined => {
  for (let length = 1; length < path.length; length++) {
    const parent: unknown = document.getIn(path.slice(0, length), true);
    if (parent === undefined || parent === null) return undefined;
    if (!isMap(parent)) return path.slice(0, length).join('.');
  }
  return undefined;
};

/** Changes a YAML document with one map at its top. An unchanged document keeps every byte. */
export const editYaml: EditDocument = (text, edits) => {
  const document = parseDocument(text, READING);
  const [error] = document.errors;
  if (error !== undefined) {
    return {
      ok: false,
      problem: `not YAML: ${error.code.toLowerCase().replaceAll('_', ' ')} at ${placeOf(text, error.pos[0])}`,
    };
  }
  if (document.contents !== null && !isMap(document.contents)) return { ok: false, problem: 'not a YAML map' };
  const wanted = withoutOverruled(edits, (path) => plainAt(document, path) !== undefined);
  const kept = [...wanted.overruled];
  let changed = false;
  for (const edit of wanted.edits) {
    const blocked = blockedAt(document, edit.path);
    if (blocked !== undefined) return { ok: false, problem: `${blocked} is no map there` };
    if (edit.kind === 'upsert') {
      changed = upsert(document, edit) || changed;
      continue;
    }
    const found = plainAt(document, edit.path);
    if (Bun.deepEquals(found, edit.value)) continue;
    if (edit.kind === 'default' && found !== undefined) kept.push(edit.path.join('.'));
    else {
      document.setIn(edit.path, document.createNode(edit.value));
      changed = true;
    }
  }
  return { ok: true, text: changed ? document.toString(WRITING) : text, kept };
};
