/** Which value fits a JSON Schema and looks as if someone had meant it? Builds tool arguments and JSON answers. */
import type { JsonObject } from '#core/message';

/** Nesting and `$ref` hops before a schema is answered with null. */
const DEPTH_MAX = 16;
const STRING_CHARS_MAX = 200;
const ITEMS_MAX = 16;

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-15',
  time: '09:30:00Z',
  'date-time': '2026-01-15T09:30:00Z',
  email: 'demo@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  hostname: 'example.com',
  ipv4: '127.0.0.1',
  ipv6: '::1',
  uuid: '00000000-0000-4000-8000-000000000000',
};

interface Context {
  readonly root: JsonObject;
  readonly prompt: string;
  readonly subject: string;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objects = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

/** Follows a local reference such as `#/$defs/point`; remote ones are unknown. */
const resolve = (reference: string, root: JsonObject): JsonObject | undefined => {
  if (!reference.startsWith('#')) return undefined;
  let found: unknown = root;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    found = isObject(found) || Array.isArray(found) ? (found as JsonObject)[key] : undefined;
  }
  return isObject(found) ? found : undefined;
};

/** One schema that demands what all of them do, as far as objects go. */
const merged = (parts: readonly JsonObject[]): JsonObject => {
  const all: JsonObject = Object.assign({}, ...parts);
  if (!parts.some((part) => isObject(part.properties))) return all;
  return {
    ...all,
    properties: Object.assign({}, ...parts.map((part) => part.properties)),
    required: parts.flatMap((part) => (Array.isArray(part.required) ? part.required : [])),
  };
};

const typeOf = (schema: JsonObject): string => {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  if (typeof type === 'string') return type;
  if (schema.properties !== undefined || schema.required !== undefined) return 'object';
  return schema.items === undefined ? 'string' : 'array';
};

/** What a property's name suggests, taken from the prompt where it says something. */
const meant = (name: string, context: Context): string => {
  if (/path|file|folder|directory/i.test(name)) return /[\w./-]*\w\.\w{1,5}\b/.exec(context.prompt)?.[0] ?? 'README.md';
  if (/city|location|place|country/i.test(name)) return /(?<=\s)\p{Lu}\p{Ll}+/u.exec(context.prompt)?.[0] ?? 'Paris';
  if (/command|cmd|script/i.test(name)) return 'echo demo';
  if (/url|link/i.test(name)) return 'https://example.com/';
  return context.subject;
};

const matches = (pattern: unknown, value: string): boolean => {
  if (typeof pattern !== 'string') return true;
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
};

const stringValue = (schema: JsonObject, name: string, index: number, context: Context): string => {
  const format = FORMATS[String(schema.format)];
  const wish = format ?? meant(name, context);
  const candidates = [wish, 'demo', 'Demo', 'a', '1', '2026-01-15', 'demo-1', 'README.md', '#000000'];
  const chosen = candidates.find((candidate) => matches(schema.pattern, candidate)) ?? wish;
  const distinct = index === 0 ? chosen : `${chosen} ${index + 1}`;
  const longest = Math.min(numberOr(schema.maxLength, STRING_CHARS_MAX), STRING_CHARS_MAX);
  const shortest = Math.min(numberOr(schema.minLength, 0), 10_000);
  return distinct.slice(0, Math.max(longest, shortest)).padEnd(shortest, '.');
};

const numberValue = (schema: JsonObject, whole: boolean, index: number, context: Context): number => {
  const step = numberOr(schema.multipleOf, whole ? 1 : 0);
  const least = numberOr(schema.minimum, numberOr(schema.exclusiveMinimum, -Infinity) + (whole ? 1 : step || 0.5));
  const most = numberOr(schema.maximum, numberOr(schema.exclusiveMaximum, Infinity) - (whole ? 1 : step || 0.5));
  const wish = Number(/(?<![\w.])\d{1,9}\b/.exec(context.prompt)?.[0] ?? 1) + index;
  const inside = Math.min(Math.max(wish, least), most);
  if (step === 0) return inside;
  const down = Math.floor(inside / step) * step;
  return down >= least ? down : Math.ceil(inside / step) * step;
};

const objectValue = (schema: JsonObject, context: Context, depth: number): JsonObject => {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required.filter((key) => typeof key === 'string') : [];
  const optional = Object.keys(properties).filter((key) => !required.includes(key));
  const extra = optional.slice(0, Math.max(0, numberOr(schema.minProperties, 0) - required.length));
  return Object.fromEntries(
    [...new Set([...required, ...extra])].map((key) => [key, build(properties[key] ?? {}, key, 0, context, depth + 1)]),
  );
};

const arrayValue = (schema: JsonObject, name: string, context: Context, depth: number): unknown[] => {
  const fixed = objects(schema.prefixItems);
  const wanted = Math.max(fixed.length, numberOr(schema.minItems, 1));
  const count = Math.min(wanted, numberOr(schema.maxItems, ITEMS_MAX), ITEMS_MAX);
  return Array.from({ length: count }, (_, index) =>
    // Items differ only where they must: a changed string may no longer fit its pattern.
    build(fixed[index] ?? schema.items ?? {}, name, schema.uniqueItems === true ? index : 0, context, depth + 1),
  );
};

const build = (given: unknown, name: string, index: number, context: Context, depth: number): unknown => {
  if (depth > DEPTH_MAX || given === false) return null;
  const schema = isObject(given) ? given : {};
  if (typeof schema.$ref === 'string')
    return build(resolve(schema.$ref, context.root), name, index, context, depth + 1);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) {
    const named = schema.enum.find((one) => typeof one === 'string' && context.prompt.includes(one));
    return named ?? schema.enum[index % schema.enum.length];
  }
  if ('default' in schema) return schema.default;
  const choices = [...objects(schema.anyOf), ...objects(schema.oneOf)];
  const all = objects(schema.allOf);
  if (choices.length > 0 || all.length > 0) {
    const { anyOf: _any, oneOf: _one, allOf: _all, ...own } = schema;
    return build(merged([own, ...all, ...choices.slice(0, 1)]), name, index, context, depth + 1);
  }
  switch (typeOf(schema)) {
    case 'object':
      return objectValue(schema, context, depth);
    case 'array':
      return arrayValue(schema, name, context, depth);
    case 'integer':
      return numberValue(schema, true, index, context);
    case 'number':
      return numberValue(schema, false, index, context);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return stringValue(schema, name, index, context);
  }
};

/**
 * A value for a schema: every required property, each optional one left out, words and numbers taken from the prompt
 * where they fit. Covers what tools use (types, enum, const, ranges, lengths, formats, local references, combinations);
 * a `pattern` is met only by luck.
 */
export const jsonValueFor = (schema: JsonObject, prompt: string, subject: string): unknown =>
  build(schema, '', 0, { root: schema, prompt, subject }, 0);
