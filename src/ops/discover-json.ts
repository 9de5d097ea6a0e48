/** How is JSON from a server nobody vouches for read without trusting its shape? */
import type { JsonObject } from '#core/message';

/** The value as an object; empty when it is none. */
export const objectOf = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

/** The objects of an array, at most `max`; none when it is no array. */
export const objectsOf = (value: unknown, max = 200): readonly JsonObject[] =>
  Array.isArray(value) ? value.slice(0, max).map(objectOf) : [];

/**
 * A string of 1 to 200 characters that may be shown on a terminal and written to a file: no control characters, nothing
 * that turns the direction of writing, no half characters, no outer blanks. Undefined otherwise.
 */
export const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' &&
  value.trim() === value &&
  /^[^\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]{1,200}$/u.test(value)
    ? value
    : undefined;

/** A finite number above zero; undefined otherwise. */
export const positiveOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;

/** A token count: a whole number above zero, numbers in strings included; undefined otherwise. */
export const tokensOf = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? positiveOf(number) : undefined;
};

/** The strings of an array; undefined when it is no array. */
export const wordsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((word) => typeof word === 'string') : undefined;
