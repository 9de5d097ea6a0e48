/** What kind of JSON value is this? Small readers that never throw, shared by all dialects. */
import type { JsonObject } from '#core/message';

/** `oversized` is a number that JSON may spell and no double can hold, `1e999` for one. */
export type JsonKind = 'null' | 'boolean' | 'number' | 'oversized' | 'string' | 'array' | 'object';

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Absent counts as null. */
export const kindOf = (value: unknown): JsonKind => {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  const kind = typeof value;
  if (kind === 'number' && !Number.isFinite(value)) return 'oversized';
  return kind === 'boolean' || kind === 'number' || kind === 'string' ? kind : 'object';
};

export const stringOr = <T>(value: unknown, fallback: T): string | T => (typeof value === 'string' ? value : fallback);

/** The string, unless it is empty or none. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** A token count: finite and not negative. */
export const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The objects of an array; entries of any other kind are left out. */
export const objectsOf = (value: unknown): readonly JsonObject[] => listOf(value).filter(isObject);

/** The parsed value, or undefined when the text is no JSON. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Characters a value takes as compact JSON, escapes not counted: close enough for estimates at a fraction of the cost of
 * writing it out.
 */
export const jsonSize = (value: unknown): number => {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return String(value).length;
  let size = 2;
  if (Array.isArray(value)) {
    for (const entry of value) size += jsonSize(entry) + 1;
    return size;
  }
  for (const [key, entry] of Object.entries(value)) size += key.length + 4 + jsonSize(entry);
  return size;
};

/** Copies only the members that are not undefined; for optional members under exactOptionalPropertyTypes. */
export const defined = <T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T => {
  const kept: Partial<Record<keyof T, unknown>> = {};
  for (const key in members) if (members[key] !== undefined) kept[key] = members[key];
  return kept as T;
};
