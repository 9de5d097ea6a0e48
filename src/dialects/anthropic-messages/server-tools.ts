/** What did tools that ran at Anthropic say? Tells their calls and results in words, for models that know no such blocks. */
import type { JsonObject } from '#core/message';
import { isObject, objectsOf, stringOr } from '#dialects/json';

/** Characters told of one call or result; the payloads can be whole web pages. */
const TOLD_CHARS_MAX = 16_384;
const ENTRIES_MAX = 64;
const DEPTH_MAX = 4;

const CALLS: ReadonlySet<unknown> = new Set(['server_tool_use', 'mcp_tool_use']);
const RESULT = /_tool_result$/;

/** Members of a result that are meant to be read, in the order they are told. Encrypted ones are not. */
const TOLD = ['title', 'url', 'source', 'text', 'data', 'stdout', 'stderr', 'error_code'] as const;

const toldOf = (value: unknown, depth: number): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (depth > DEPTH_MAX) return [];
  if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).flatMap((entry) => toldOf(entry, depth + 1));
  if (!isObject(value)) return [];
  const own = TOLD.map((name) => value[name]).filter((text) => typeof text === 'string' && text !== '');
  const nested = isObject(value.source) ? toldOf(value.source, depth + 1) : [];
  return [...own.map(String), ...nested, ...toldOf(value.content, depth + 1)];
};

/**
 * A call or result of a server tool in words; undefined for every other block.
 * @returns whole lines: an opening that names the tool, and at most 16,384 characters
 */
export const serverToolText = (block: JsonObject): string | undefined => {
  const type = stringOr(block.type, '');
  if (CALLS.has(type)) {
    const input = JSON.stringify(block.input ?? {}).slice(0, TOLD_CHARS_MAX);
    return `[server tool ${stringOr(block.name, 'call')}: ${input}]\n`;
  }
  if (!RESULT.test(type)) return undefined;
  const told = toldOf(block.content, 0).join('\n').slice(0, TOLD_CHARS_MAX);
  const references = objectsOf(isObject(block.content) ? block.content.tool_references : undefined);
  const names = references.map((reference) => stringOr(reference.tool_name, '')).join(', ');
  return `[${type.replaceAll('_', ' ')}]\n${names === '' ? told : names}\n`;
};
