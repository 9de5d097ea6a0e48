/** What does a TOML text say, number kinds kept apart, and on which line is each of its keys? */
import { parse, TomlError } from 'smol-toml';
import { type KeyPath, tomlLines } from '#platform/toml-lines';

/** A parsed table: integers are `bigint`, floats `number`, dates `Date` subclasses; objects have no prototype. */
export type TomlTable = { readonly [key: string]: unknown };

export interface TomlProblem {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  /** Never quotes the text: a line of a configuration may hold a secret by mistake. */
  readonly message: string;
  readonly remedy: string;
}

export type TomlResult =
  | {
      readonly ok: true;
      readonly document: TomlTable;
      /** Line of a key, or of its nearest ancestor that the text mentions; undefined for the document itself. */
      readonly locate: (path: KeyPath) => number | undefined;
    }
  | { readonly ok: false; readonly problem: TomlProblem };

/** Nesting of arrays and inline tables. */
const DEPTH_MAX = 64;

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /redefine/,
    'write each key and each [table] once; several tiers are several [[router.tiers]] headers, several models several [[models]]',
  ],
  [/string|control characters|escape/, 'close the text with the quote it began with; use \\\\ for a backslash'],
  [/key/, 'write key = value, one per line; quote a key that has other characters than A-Z a-z 0-9 _ -'],
  [/table|array|structure|nested/, 'check that every [ and { is closed and that entries are separated by commas'],
];
const REMEDY_OTHERWISE = 'quote text, write true or false in lower case, and numbers without units';

/** Parses TOML 1.0. Never throws: a text that is no TOML is a problem with its place and a remedy. */
export const parseToml = (text: string): TomlResult => {
  try {
    const document = parse(text, { integersAsBigInt: true, maxDepth: DEPTH_MAX });
    let locate: ((path: KeyPath) => number | undefined) | undefined;
    return {
      ok: true,
      document,
      locate: (path) => {
        locate ??= tomlLines(text);
        return locate(path);
      },
    };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n', 1)[0]?.replace('Invalid TOML document: ', '') ?? 'not valid';
    const remedy = REMEDIES.find(([pattern]) => pattern.test(reason))?.[1] ?? REMEDY_OTHERWISE;
    return { ok: false, problem: { line: error.line, column: error.column, message: `TOML: ${reason}`, remedy } };
  }
};
