/** What a quality profile looks like as JSON (v1 and v2), and how it is written byte for byte the same every time. */
import type { JsonObject } from '#core/message';
import type { Verdict } from '#core/tier';
import { isWorkClass, WORK_CLASSES, type WorkClass } from '#core/work-class';

export const PROFILE_SCHEMA = 'anvil-serving.router.profile_bootstrap/v2';
const PROFILE_SCHEMA_V1 = 'anvil-serving.router.profile_bootstrap/v1';
const ENTRIES_MAX = 10_000;
/** Problems reported per document. */
const PROBLEMS_MAX = 50;
const VERDICTS: readonly Verdict[] = ['allow', 'allow-with-verify', 'deny'];

/** One measurement: how good a tier is at one class of work. `workClass` null stands for requests without a class. */
export interface ProfileRow {
  readonly tierId: string;
  readonly workClass: WorkClass | null;
  readonly decision: Verdict;
  /** 0..1. */
  readonly qualityScore: number;
  readonly sampleN: number;
  readonly lastMeasured: string | null;
  /** SHA-256 hex of the serve that was measured; null when unknown. */
  readonly fingerprint: string | null;
  readonly modelLabel: string | null;
  readonly evalTotalAvg: number | null;
  readonly evalMax: number | null;
  readonly sourceEvals: readonly string[];
  /** The tier's `extra_body` when it was measured. */
  readonly reasoning: JsonObject | null;
}

export interface ProfileDocument {
  /** `seed`, `replay` or `live`: how the rows came about. */
  readonly mode: string;
  readonly evalMax: number;
  readonly rows: readonly ProfileRow[];
}

export type ProfileRead =
  | { readonly ok: true; readonly document: ProfileDocument }
  | { readonly ok: false; readonly problems: readonly string[] };

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** Checks the members of one row; each problem names the row, the key and what was expected. */
const rowProblems = (entry: JsonObject, where: string): string[] => {
  const problems: string[] = [];
  const expect = (key: string, fits: boolean, expected: string): void => {
    if (!fits)
      problems.push(`${where}, key ${key}: ${key in entry ? `expected ${expected}` : `missing, expected ${expected}`}`);
  };
  const { tier_id, work_class, decision, quality_score, sample_n, last_measured, fingerprint } = entry;
  const isClass = work_class === null || (typeof work_class === 'string' && isWorkClass(work_class));
  expect('tier_id', typeof tier_id === 'string' && tier_id !== '', 'a tier id');
  expect('work_class', isClass, `null or one of ${WORK_CLASSES.join(', ')}`);
  expect('decision', (VERDICTS as readonly unknown[]).includes(decision), `one of ${VERDICTS.join(', ')}`);
  expect(
    'quality_score',
    typeof quality_score === 'number' && quality_score >= 0 && quality_score <= 1,
    'a number 0..1',
  );
  expect('sample_n', Number.isSafeInteger(sample_n) && Number(sample_n) >= 0, 'a whole number, 0 or more');
  expect('last_measured', last_measured == null || typeof last_measured === 'string', 'an ISO date or null');
  expect('fingerprint', fingerprint == null || typeof fingerprint === 'string', 'SHA-256 hex or null');
  return problems;
};

const toRow = (entry: JsonObject): ProfileRow => ({
  tierId: String(entry.tier_id),
  workClass: entry.work_class as WorkClass | null,
  decision: entry.decision as Verdict,
  qualityScore: Number(entry.quality_score),
  sampleN: Number(entry.sample_n),
  lastMeasured: textOrNull(entry.last_measured),
  fingerprint: textOrNull(entry.fingerprint),
  modelLabel: textOrNull(entry.model_label),
  evalTotalAvg: numberOrNull(entry.eval_total_avg),
  evalMax: numberOrNull(entry.eval_max),
  sourceEvals: Array.isArray(entry.source_evals) ? entry.source_evals.map(String) : [],
  reasoning: isObject(entry.reasoning) ? entry.reasoning : null,
});

const schemaProblem = (document: JsonObject): string | undefined => {
  const { schema } = document;
  if (schema === PROFILE_SCHEMA || schema === PROFILE_SCHEMA_V1) return undefined;
  return `key schema: expected ${PROFILE_SCHEMA} or its /v1, found ${JSON.stringify(schema) ?? 'nothing'}`;
};

/** Reads a parsed v1 or v2 document. Extra keys are ignored; every problem names its row and key. */
export const readProfileDocument = (document: unknown): ProfileRead => {
  if (!isObject(document)) return { ok: false, problems: ['expected a JSON object with schema and entries'] };
  const wrongSchema = schemaProblem(document);
  if (wrongSchema !== undefined) return { ok: false, problems: [wrongSchema] };
  const { entries } = document;
  if (!Array.isArray(entries)) return { ok: false, problems: ['key entries: expected an array of rows'] };
  if (entries.length > ENTRIES_MAX) {
    return { ok: false, problems: [`key entries: ${entries.length} rows, at most ${ENTRIES_MAX} are read`] };
  }
  const problems: string[] = [];
  const seen = new Set<string>();
  const rows: ProfileRow[] = [];
  for (const [index, entry] of entries.entries()) {
    if (problems.length >= PROBLEMS_MAX) break;
    const where = `row ${index + 1}`;
    const found = isObject(entry) ? rowProblems(entry, where) : [`${where}: expected an object`];
    problems.push(...found);
    if (found.length > 0 || !isObject(entry)) continue;
    const row = toRow(entry);
    const key = `${row.tierId} ${row.workClass}`;
    if (seen.has(key)) problems.push(`${where}: second row for tier ${row.tierId}, work class ${row.workClass}`);
    seen.add(key);
    rows.push(row);
  }
  if (problems.length > 0) return { ok: false, problems };
  const mode = typeof document.mode === 'string' ? document.mode : 'replay';
  return { ok: true, document: { mode, evalMax: numberOrNull(document.eval_max) ?? 25, rows } };
};

/** Scores and totals are floats wherever v0.9 wrote them, so 25 is spelled 25.0. */
class Float {
  readonly text: string;
  constructor(value: number) {
    this.text = Number.isInteger(value) ? value.toFixed(1) : String(value);
  }
}

const floatOrNull = (value: number | null): Float | null => (value === null ? null : new Float(value));

const ascii = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** JSON with two-space indent, keys sorted, ASCII only: the form v0.9 writes. */
const write = (value: unknown, indent: string): string => {
  if (value instanceof Float) return value.text;
  if (typeof value === 'string') return ascii(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((item) => inner + write(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const keys = Object.keys(value).sort();
  if (keys.length === 0) return '{}';
  return `{\n${keys.map((key) => `${inner}${ascii(key)}: ${write(value[key], inner)}`).join(',\n')}\n${indent}}`;
};

const toEntry = (row: ProfileRow): JsonObject => ({
  tier_id: row.tierId,
  work_class: row.workClass,
  model_label: row.modelLabel,
  decision: row.decision,
  quality_score: new Float(row.qualityScore),
  sample_n: row.sampleN,
  eval_total_avg: floatOrNull(row.evalTotalAvg),
  eval_max: floatOrNull(row.evalMax),
  last_measured: row.lastMeasured,
  source_evals: row.sourceEvals,
  fingerprint: row.fingerprint,
  reasoning: row.reasoning,
});

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** A v2 document as text: rows sorted by tier and class, trailing newline. Equal documents give equal bytes. */
export const writeProfileDocument = (document: ProfileDocument): string => {
  const rows = [...document.rows].sort(
    (left, right) => compare(left.tierId, right.tierId) || compare(left.workClass ?? '', right.workClass ?? ''),
  );
  const body = {
    schema: PROFILE_SCHEMA,
    mode: document.mode,
    eval_max: new Float(document.evalMax),
    entries: rows.map(toEntry),
  };
  return `${write(body, '')}\n`;
};
