/** Which phrases speak for which work class: the built-in table, and the check of an operator's own. */
import { isWorkClass, WORK_CLASSES, type WorkClass } from '#core/work-class';
import builtIn from './data/tier0_keywords.json';

export interface KeywordRow {
  readonly workClass: WorkClass;
  /** Lower case; words separated by one space. */
  readonly phrases: readonly string[];
}

/** Rows in priority order: the first of two equally strong classes wins. */
export type KeywordTable = readonly KeywordRow[];

export type KeywordsRead =
  | { readonly ok: true; readonly table: KeywordTable }
  | { readonly ok: false; readonly problems: readonly string[] };

const PHRASES_MAX = 64;
const PHRASE_CHARS_MAX = 64;

const readPhrases = (name: string, value: unknown, problems: string[]): string[] => {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`${name}: expected a non-empty array of phrases`);
    return [];
  }
  if (value.length > PHRASES_MAX) problems.push(`${name}: ${value.length} phrases, at most ${PHRASES_MAX} are allowed`);
  const phrases: string[] = [];
  for (const [index, entry] of value.slice(0, PHRASES_MAX).entries()) {
    const phrase = typeof entry === 'string' ? entry.trim().toLowerCase().replace(/\s+/gu, ' ') : '';
    if (phrase === '' || phrase.length > PHRASE_CHARS_MAX) {
      problems.push(`${name}[${index}]: expected a phrase of 1 to ${PHRASE_CHARS_MAX} characters`);
    } else if (!phrases.includes(phrase)) {
      phrases.push(phrase);
    }
  }
  return phrases;
};

/**
 * Reads a table in the shape of `tier0_keywords.json`: work class to phrases, key order is priority, keys that start
 * with an underscore are remarks. Reports every problem, each naming the key.
 */
export const parseKeywords = (document: unknown): KeywordsRead => {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return { ok: false, problems: ['expected an object: work class to array of phrases'] };
  }
  const problems: string[] = [];
  const table: KeywordRow[] = [];
  for (const [name, value] of Object.entries(document)) {
    if (name.startsWith('_')) continue;
    if (!isWorkClass(name)) {
      problems.push(`${name}: not a work class; use one of ${WORK_CLASSES.join(', ')}`);
      continue;
    }
    table.push({ workClass: name, phrases: readPhrases(name, value, problems) });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, table };
};

const readBuiltIn = (): KeywordTable => {
  const read = parseKeywords(builtIn);
  if (!read.ok) throw new Error(`built-in keyword table: ${read.problems.join('; ')}`);
  return read.table;
};

export const BUILT_IN_KEYWORDS: KeywordTable = readBuiltIn();
