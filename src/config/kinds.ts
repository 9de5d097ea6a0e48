/** What kinds of value can a key of the configuration hold? Builders of schema entries, each with its one-line help. */
import Type, { type TSchema, type TSchemaOptions } from 'typebox';

/** Extra words of a schema entry beyond JSON Schema; the reference page and the messages read them. */
export interface Notes {
  /** The default in words, where it is no constant. */
  readonly defaultNote?: string;
  /** What the pattern means, after "must": `be the NAME of an environment variable`. */
  readonly rule?: string;
  /** A value for the reference and for remedies. */
  readonly example?: string;
  /** A table short enough for one line: it gets no section of its own. */
  readonly inline?: boolean;
}

/** Keywords of JSON Schema that the checks honour, plus notes. */
type Options = TSchemaOptions & Notes;

/** One day: longer waits are mistakes, and timers overflow at 24.8 days. */
const SECONDS_MAX = 86_400;

export const optional = <S extends TSchema>(schema: S) => Type.Optional(schema);

export const text = (help: string, options: Options = {}) =>
  Type.String({ minLength: 1, description: help, ...options });

/** Text that may be empty, which then means absent. */
export const looseText = (help: string, options: Options = {}) => Type.String({ description: help, ...options });

export const flag = (help: string, options: Options = {}) => Type.Boolean({ description: help, ...options });

/** A whole number from `minimum` on. */
export const whole = (help: string, minimum: number, options: Options & { maximum?: number } = {}) =>
  Type.Integer({ description: help, minimum, ...options });

/** A finite number of at least 0. */
export const amount = (help: string, options: Options = {}) =>
  Type.Number({ description: help, minimum: 0, ...options });

/** A finite number between two, both included. */
export const within = (help: string, minimum: number, maximum: number, options: Options = {}) =>
  Type.Number({ description: help, minimum, maximum, ...options });

/** A duration in seconds above 0, at most a day. */
export const seconds = (help: string, options: Options = {}) =>
  Type.Number({ description: help, exclusiveMinimum: 0, maximum: SECONDS_MAX, ...options });

/** A time-out of v0.9: any finite number of seconds above 0. */
export const silence = (help: string) => Type.Number({ description: help, exclusiveMinimum: 0 });

export const oneOf = <V extends string[]>(help: string, values: readonly [...V], options: Options = {}) =>
  Type.Enum<V>(values, { description: help, ...options });

export const listOf = <S extends TSchema>(help: string, items: S, options: Options & { minItems?: number } = {}) =>
  Type.Array(items, { description: help, ...options });

/** A table whose keys the writer chooses. */
export const namesTo = <S extends TSchema>(help: string, values: S, options: Options = {}) =>
  Type.Record(Type.String(), values, { description: help, ...options });

/** A table passed on as JSON: anything that JSON can carry. */
export const jsonTable = (help: string) =>
  Type.Record(Type.String(), Type.Unknown(), { description: help, json: true });

/** Known but none of the router's business: never checked. */
export const ignored = (help: string) => Type.Unknown({ description: help, ignored: true });

/** The NAME of an environment variable. Amazon access keys fit the pattern of a name, so they are refused by shape. */
export const variableName = (help: string, options: Options = {}) =>
  Type.String({
    description: help,
    pattern: '^(?!(?:AKIA|ASIA)[0-9A-Z]{16}$)[A-Z][A-Z0-9_]*$',
    rule: 'be the NAME of an environment variable (capitals, digits, _), never a secret itself',
    example: '"ANVIL_KEY"',
    ...options,
  });

export const table = <P extends Record<string, TSchema>>(help: string, keys: P) =>
  Type.Object(keys, { additionalProperties: false, description: help });

/** A table that is written in one line, or not at all. */
export const inlineTable = <P extends Record<string, TSchema>>(help: string, keys: P, options: Options = {}) =>
  Type.Object(keys, { additionalProperties: false, description: help, inline: true, ...options });
