/** How is a TOML file changed line by line, everything else in it untouched, and is the result what was meant? */
import { type Edit, type EditDocument, type PlainValue, placeOf, withoutOverruled } from '#platform/document-edit';
import { parseToml, type TomlTable } from '#platform/toml';

type Scalar = string | number | boolean;
type MutableTable = { [key: string]: unknown };

const BARE_KEY = /^[A-Za-z0-9_-]+$/;
const HEADER = /^\s*\[/;

const keyText = (key: string): string => (BARE_KEY.test(key) ? key : JSON.stringify(key));

/** JSON's strings are TOML's basic strings (TOML 1.0, String), except that TOML wants DEL escaped. */
const valueText = (value: Scalar): string =>
  typeof value === 'string' ? JSON.stringify(value).replaceAll('\u007f', '\\u007F') : `${value}`;

const isScalar = (value: PlainValue): value is Scalar => typeof value !== 'object';
const isTable = (value: unknown): value is MutableTable =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Where the lines of one table are: from behind its header to before the next one. */
interface Extent {
  readonly from: number;
  readonly to: number;
}

const nextHeader = (lines: readonly string[], from: number): number => {
  const found = lines.findIndex((line, index) => index >= from && HEADER.test(line));
  return found < 0 ? lines.length : found;
};

const extentOf = (lines: readonly string[], table: readonly string[]): Extent | undefined => {
  if (table.length === 0) return { from: 0, to: nextHeader(lines, 0) };
  const names = table.map((key) => `(?:${key}|"${key}"|'${key}')`).join('\\s*\\.\\s*');
  const header = new RegExp(`^\\s*\\[\\s*${names}\\s*\\]\\s*(?:#.*)?$`);
  const at = lines.findIndex((line) => header.test(line));
  return at < 0 ? undefined : { from: at + 1, to: nextHeader(lines, at + 1) };
};

const lineOfKey = (lines: readonly string[], { from, to }: Extent, key: string): number => {
  const pattern = new RegExp(`^\\s*(?:${key}|"${key}"|'${key}')\\s*=`);
  return lines.findIndex((line, index) => index >= from && index < to && pattern.test(line));
};

/** Behind the last line that says something, so that the comments before the next header stay with it. */
const endOfEntries = (lines: readonly string[], { from, to }: Extent): number => {
  for (let index = to - 1; index >= from; index--) {
    const line = lines[index] ?? '';
    if (line.trim() !== '' && !line.trimStart().startsWith('#')) return index + 1;
  }
  return from === 0 ? headComments(lines, to) : from;
};

/** A file without entries of its own: behind the comments at its very top. */
const headComments = (lines: readonly string[], to: number): number => {
  const found = lines.findIndex((line, index) => index >= to || !line.trimStart().startsWith('#'));
  return found < 0 ? lines.length : found;
};

const setScalar = (lines: string[], table: readonly string[], key: string, value: Scalar): void => {
  const extent = extentOf(lines, table);
  if (extent === undefined) {
    if (lines.length > 0 && lines.at(-1)?.trim() !== '') lines.push('');
    lines.push(`[${table.map(keyText).join('.')}]`, `${keyText(key)} = ${valueText(value)}`);
    return;
  }
  const at = lineOfKey(lines, extent, key);
  if (at >= 0) {
    const comment = /\s+#[^"']*$/.exec(lines[at] ?? '')?.[0] ?? '';
    lines[at] = `${keyText(key)} = ${valueText(value)}${comment}`;
  } else lines.splice(endOfEntries(lines, extent), 0, `${keyText(key)} = ${valueText(value)}`);
};

const entriesOf = (
  edit: Exclude<Edit, { kind: 'upsert' }>,
): readonly (readonly [readonly string[], string, Scalar])[] => {
  const { path, value } = edit;
  if (isScalar(value)) return [[path.slice(0, -1), path.at(-1) ?? '', value]];
  if (Array.isArray(value)) throw new TypeError(`toml-edit: ${path.join('.')} is a list`);
  return Object.entries(value).map(([key, one]) => {
    if (!isScalar(one)) throw new TypeError(`toml-edit: ${path.join('.')}.${key} is no scalar`);
    return [path, key, one] as const;
  });
};

const read = (document: TomlTable, path: readonly string[]): unknown => {
  let at: unknown = document;
  for (const key of path) at = isTable(at) ? at[key] : undefined;
  return at;
};

/** Integers were read as `bigint`. */
const parsedForm = (value: Scalar): unknown =>
  typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;

const write = (document: MutableTable, table: readonly string[], key: string, value: Scalar): void => {
  let at = document;
  for (const name of table) {
    const next = at[name];
    const child: MutableTable = isTable(next) ? next : {};
    at[name] = child;
    at = child;
  }
  at[key] = parsedForm(value);
};

/**
 * Changes scalars at the top and in tables; a `set` of an object sets its keys and leaves the table's others alone. What
 * comes out is read again and must say exactly what was meant, or nothing is changed: a file with inline tables, dotted
 * keys or values over several lines in those places is refused.
 */
export const editToml: EditDocument = (text, edits) => {
  const parsed = parseToml(text);
  if (!parsed.ok) {
    const { line, column, message } = parsed.problem;
    return { ok: false, problem: `not TOML: ${message.replace('TOML: ', '')} at line ${line}, column ${column}` };
  }
  const again = parseToml(text);
  const expected = again.ok ? (again.document as MutableTable) : {};
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text === '' ? [] : text.replace(/(?:\r?\n)+$/, '').split(/\r?\n/);
  const wanted = withoutOverruled(edits, (path) => read(expected, path) !== undefined);
  const kept = [...wanted.overruled];
  let changed = false;
  for (const edit of wanted.edits) {
    if (edit.kind === 'upsert') throw new TypeError('toml-edit: lists are not edited');
    for (const [table, key, value] of entriesOf(edit)) {
      const found = read(expected, [...table, key]);
      if (found === parsedForm(value)) continue;
      if (edit.kind === 'default' && found !== undefined) {
        kept.push([...table, key].join('.'));
        continue;
      }
      setScalar(lines, table, key, value);
      write(expected, table, key, value);
      changed = true;
    }
  }
  if (!changed) return { ok: true, text, kept };
  const edited = `${lines.join(eol)}${eol}`;
  const result = parseToml(edited);
  if (!result.ok || !Bun.deepEquals(plain(result.document), plain(expected))) {
    const place = result.ok ? placeOf(text, 0) : `line ${result.problem.line} of the result`;
    return { ok: false, problem: `its form cannot be edited line by line (${place}); add the lines by hand` };
  }
  return { ok: true, text: edited, kept };
};

/** Ordinary objects all the way down: tables are compared by what they say, not by their prototypes. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  return isTable(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)])) : value;
};
