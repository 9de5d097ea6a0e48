/** How does a check of an OpenAI body say what is wrong? The kinds of JSON values, and refusals in OpenAI's words. */
import { type Failure, failure } from '#core/failure';
import type { JsonObject } from '#core/message';
import { isObject, type JsonKind, kindOf } from '#dialects/json';

const ARTICLE: Record<JsonKind, string> = {
  null: 'null',
  boolean: 'a boolean',
  number: 'a number',
  oversized: 'a number too large to hold',
  string: 'a string',
  array: 'an array',
  object: 'an object',
};

/** Fields whose kind matters to us. `null` always counts as absent; unknown fields are nobody's business. */
export type FieldKinds = Readonly<Record<string, readonly JsonKind[]>>;

export const reject = (param: string, message: string): Failure => failure('bad-request', message, { param });

export const missing = (param: string): Failure => reject(param, `Missing required parameter: '${param}'.`);

export const wrongKind = (param: string, wanted: readonly JsonKind[], value: unknown): Failure =>
  reject(
    param,
    `Invalid type for '${param}': expected ${wanted.map((kind) => ARTICLE[kind]).join(' or ')}, but got ${ARTICLE[kindOf(value)]} instead.`,
  );

/** @returns why `value` is none of the wanted kinds; null passes */
export const checkKind = (param: string, wanted: readonly JsonKind[], value: unknown): Failure | undefined => {
  const kind = kindOf(value);
  return kind === 'null' || wanted.includes(kind) ? undefined : wrongKind(param, wanted, value);
};

/** The first member of the wrong kind. @param at path in front of the members' names, with its dot */
export const checkKinds = (object: JsonObject, kinds: FieldKinds, at = ''): Failure | undefined => {
  for (const [name, wanted] of Object.entries(kinds)) {
    const wrong = checkKind(`${at}${name}`, wanted, object[name]);
    if (wrong) return wrong;
  }
  return undefined;
};

/** The first entry that is no object, or that `check` finds wrong. */
export const checkEach = (
  param: string,
  entries: readonly unknown[],
  check: (param: string, entry: JsonObject) => Failure | undefined,
): Failure | undefined => {
  for (const [index, entry] of entries.entries()) {
    const at = `${param}[${index}]`;
    const wrong = isObject(entry) ? check(at, entry) : wrongKind(at, ['object'], entry);
    if (wrong) return wrong;
  }
  return undefined;
};
