/** Does a parsed document have the shape of the schema? Finds every deviation, with a remedy for each. */
import { nearestName } from '#config/nearest';
import type { KeyPath, Report } from '#config/problem';
import { configTables, freeValueNode, kindInWords, type SchemaNode } from '#config/schema-node';

/**
 * Checks a TOML value (integers as `bigint`) against a schema entry, reports all that is wrong, and answers with the
 * value as plain data: integers as numbers, tables as ordinary objects. After a report the answer is not to be used.
 */
export const checkShape = (node: SchemaNode, value: unknown, path: KeyPath, report: Report): unknown => {
  if (node.ignored === true) return undefined;
  if (node.json === true) return isTable(value) ? checkJson(value, path, report) : wrongKind(node, value, path, report);
  if (node.enum !== undefined) return checkChoice(node, value, path, report);
  switch (node.type) {
    case 'object':
      return isTable(value) ? checkTable(node, value, path, report) : wrongKind(node, value, path, report);
    case 'array':
      return Array.isArray(value) ? checkList(node, value, path, report) : wrongKind(node, value, path, report);
    case 'string':
      return typeof value === 'string' ? checkText(node, value, path, report) : wrongKind(node, value, path, report);
    case 'boolean':
      return typeof value === 'boolean' ? value : wrongKind(node, value, path, report);
    case 'integer':
      return typeof value === 'bigint' ? checkNumber(node, value, path, report) : wrongKind(node, value, path, report);
    default:
      return typeof value === 'bigint' || typeof value === 'number'
        ? checkNumber(node, value, path, report)
        : wrongKind(node, value, path, report);
  }
};

export const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const checkTable = (
  node: SchemaNode,
  value: Readonly<Record<string, unknown>>,
  path: KeyPath,
  report: Report,
): unknown => {
  const keys = node.properties ?? {};
  const free = freeValueNode(node);
  const missing = (node.required ?? []).filter((key) => !Object.hasOwn(value, key));
  if (missing.length > 0) reportMissing(node, missing, path, report);
  const entries: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    const child = Object.hasOwn(keys, key) ? keys[key] : free;
    const at = [...path, key];
    if (child === undefined) {
      const remedy = () => unknownKeyRemedy(key, Object.keys(keys), path);
      report({ path: at, message: 'unknown key', remedy });
    } else if (child.ignored !== true) entries.push([key, checkShape(child, member, at, report)]);
  }
  return Object.fromEntries(entries);
};

const reportMissing = (node: SchemaNode, missing: readonly string[], path: KeyPath, report: Report): void => {
  if (path.length === 0) {
    const remedy = 'add [router] with mapping_version and at least one [[router.tiers]]; see configs/example.toml';
    report({ path, message: 'no [router] block', remedy });
    return;
  }
  const lines = missing.map((key) => {
    const child = node.properties?.[key] ?? {};
    return `${key}: ${child.rule === undefined ? kindInWords(child) : `must ${child.rule}`}`;
  });
  const noun = missing.length === 1 ? 'required key is missing' : 'required keys are missing';
  report({ path, message: `${noun}: ${missing.join(', ')}`, remedy: `add ${lines.join('; ')}` });
};

const unknownKeyRemedy = (key: string, siblings: readonly string[], path: KeyPath): string => {
  const near = nearestName(key, siblings);
  if (near !== undefined) return `did you mean "${near}"?`;
  const homes = configTables().filter(({ node }) => Object.hasOwn(node.properties ?? {}, key));
  const elsewhere = homes.map(({ header }) => (header === '' ? 'the top of the file' : header));
  if (elsewhere.length > 0) return `this key belongs to ${elsewhere.join(' or ')}`;
  const where = path.length === 0 ? 'the top of the file' : 'this table';
  return `remove it; keys of ${where} are ${siblings.join(', ')}`;
};

const checkList = (node: SchemaNode, value: readonly unknown[], path: KeyPath, report: Report): unknown => {
  if (value.length < (node.minItems ?? 0)) {
    report({ path, message: 'must not be empty', remedy: remedyOf(node, path) });
  }
  const { items } = node;
  if (items === undefined) return value;
  if (node.uniqueItems === true) reportRepeats(value, path, report);
  return value.map((item, index) => checkShape(items, item, [...path, index], report));
};

const reportRepeats = (value: readonly unknown[], path: KeyPath, report: Report): void => {
  const seen = new Set<unknown>();
  value.forEach((item, index) => {
    if (seen.has(item) && typeof item === 'string') {
      report({ path: [...path, index], message: `"${item}" is listed twice`, remedy: 'list it once' });
    }
    seen.add(item);
  });
};

const checkChoice = (node: SchemaNode, value: unknown, path: KeyPath, report: Report): unknown => {
  if (node.enum?.includes(value)) return value;
  if (typeof value !== 'string') return wrongKind(node, value, path, report);
  const names = (node.enum ?? []).filter((name) => typeof name === 'string');
  const near = nearestName(value, names);
  const remedy = near === undefined ? remedyOf(node, path) : `did you mean "${near}"?`;
  report({ path, message: `must be ${kindInWords(node)}`, remedy });
  return value;
};

const checkText = (node: SchemaNode, value: string, path: KeyPath, report: Report): string => {
  if (value.length < (node.minLength ?? 0))
    report({ path, message: 'must not be empty', remedy: remedyOf(node, path) });
  else if (node.pattern !== undefined && !new RegExp(node.pattern).test(value)) {
    report({ path, message: `must ${node.rule ?? `match ${node.pattern}`}`, remedy: remedyOf(node, path) });
  }
  return value;
};

const checkNumber = (node: SchemaNode, value: bigint | number, path: KeyPath, report: Report): number => {
  const number = Number(value);
  const largest = node.type === 'integer' ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE;
  // NaN fails every comparison.
  const fits =
    number >= (node.minimum ?? -largest) &&
    number <= (node.maximum ?? largest) &&
    number > (node.exclusiveMinimum ?? Number.NEGATIVE_INFINITY);
  const ceiling =
    node.maximum === undefined && number > largest && Number.isFinite(number) ? `, at most ${largest}` : '';
  if (!fits) {
    report({
      path,
      message: `must be ${kindInWords(node)}${ceiling}, not ${inDigits(value)}`,
      remedy: remedyOf(node, path),
    });
  }
  return number;
};

/** Steps from the top of the file. */
const JSON_DEPTH_MAX = 64;

/** What JSON cannot carry is refused here, because it would change on its way to the tier. */
const checkJson = (value: unknown, path: KeyPath, report: Report): unknown => {
  if (path.length > JSON_DEPTH_MAX) {
    report({ path, message: `nested more than ${JSON_DEPTH_MAX} levels deep`, remedy: 'flatten the table' });
    return undefined;
  }
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') {
    if (!Number.isSafeInteger(Number(value))) {
      const message = `${value} is too large for a JSON number to carry exactly`;
      report({ path, message, remedy: 'stay within 9007199254740991, or write it as text in quotes' });
    }
    return Number(value);
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) report({ path, message: `JSON has no ${value}`, remedy: 'write a finite number' });
    return value;
  }
  if (Array.isArray(value)) return value.map((item, index) => checkJson(item, [...path, index], report));
  if (isTable(value)) {
    const members = Object.entries(value).map(([key, member]) => [key, checkJson(member, [...path, key], report)]);
    return Object.fromEntries(members);
  }
  report({ path, message: 'JSON has no dates', remedy: 'write the date as text in quotes' });
  return undefined;
};

const wrongKind = (node: SchemaNode, value: unknown, path: KeyPath, report: Report): undefined => {
  report({ path, message: `must be ${kindInWords(node)}, not ${kindOfValue(value)}`, remedy: remedyOf(node, path) });
  return undefined;
};

/** Digits that are shown of a number; nobody reads more. */
const DIGITS_MAX = 24;

const inDigits = (value: bigint | number): string => {
  const digits = String(value);
  return digits.length > DIGITS_MAX ? `${digits.slice(0, DIGITS_MAX)}…` : digits;
};

/** Names the kind and shows harmless values only: a text could be a secret in the wrong place. */
const kindOfValue = (value: unknown): string => {
  if (typeof value === 'bigint') return `the whole number ${inDigits(value)}`;
  if (typeof value === 'number') return `the decimal ${Number.isInteger(value) ? value.toFixed(1) : value}`;
  if (typeof value === 'boolean') return `${value}`;
  if (typeof value === 'string') return value === '' ? 'empty text' : 'text';
  if (Array.isArray(value)) return 'a list';
  return value instanceof Date ? 'a date' : 'a table';
};

const remedyOf = (node: SchemaNode, path: KeyPath): string => {
  const key = path.findLast((step) => typeof step === 'string') ?? '';
  const isNames = freeValueNode(node) !== undefined;
  if (node.example !== undefined) {
    return `write for example ${key} = ${isNames ? `{ NAME = ${node.example} }` : node.example}`;
  }
  if (node.default !== undefined)
    return `write for example ${key} = ${JSON.stringify(node.default)}, which is the default`;
  if (node.defaultNote !== undefined) return `correct it, or remove it (default: ${node.defaultNote})`;
  return `write ${kindInWords(node)}${node.description ? `. ${node.description}` : ''}`;
};
