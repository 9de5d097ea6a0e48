/** What was said so far in a Responses request? Turns its items into typed blocks, naming what has no neutral form. */
import type { Conversation, JsonObject, ModelRequest, OutputFormat, Turn } from '#core/message';
import { effortOf } from '#dialects/effort';
import { defined, isObject, listOf, numberOf, textOf } from '#dialects/json';
import { createLosses, type Losses } from '#dialects/losses';
import { inputItems } from '#dialects/openai-responses/items';
import { responsesThinkingEnabled } from '#dialects/openai-responses/request';
import { readResponsesTools } from '#dialects/openai-responses/tools';
import { readTurns } from '#dialects/openai-responses/turns';
import { readSchemaFormat } from '#dialects/output-format';

/**
 * Fields that are read here, or that steer the transport, a cache or a client's own bookkeeping only; every other one is
 * a loss.
 */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'max_output_tokens',
  'temperature',
  'top_p',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'text',
  'include',
  'prompt_cache_key',
  'prompt_cache_retention',
  'client_metadata',
]);

/** Values that ask for what happens anyway. */
const PLAIN_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  store: [false],
  background: [false],
  truncation: ['disabled'],
  service_tier: ['auto', 'default'],
  top_logprobs: [0],
};

/** The typed conversation of a Responses request. */
export const responsesConversation = (request: ModelRequest): Conversation => {
  const { raw } = request;
  const losses = createLosses();
  noteLostFields(raw, losses);
  const { tools, toolChoice, names } = readResponsesTools(raw, losses);
  const spoken = readTurns(inputItems(raw), names, losses);
  const instructions = textOf(raw.instructions);
  const standing: readonly Turn[] =
    instructions === undefined ? [] : [{ role: 'system', parts: [{ kind: 'text', text: instructions }] }];
  return {
    turns: [...standing, ...spoken],
    tools,
    ...defined({
      toolChoice,
      parallelToolCalls: typeof raw.parallel_tool_calls === 'boolean' ? raw.parallel_tool_calls : undefined,
      maxOutputTokens: numberOf(raw.max_output_tokens),
      temperature: numberOf(raw.temperature),
      topP: numberOf(raw.top_p),
      thinking: readThinking(raw, losses),
      outputFormat: readFormat(raw, losses),
    }),
    losses: losses.list(),
  };
};

const noteLostFields = (raw: JsonObject, losses: Losses): void => {
  for (const [name, value] of Object.entries(raw)) {
    if (value === null || KNOWN_FIELDS.has(name)) continue;
    const plain = Object.hasOwn(PLAIN_VALUES, name) ? (PLAIN_VALUES[name] ?? []) : [];
    if (!plain.includes(value)) losses.add(name);
  }
  for (const wanted of listOf(raw.include)) {
    if (typeof wanted === 'string' && wanted !== 'reasoning.encrypted_content') losses.add(`include.${wanted}`);
  }
};

/** A summary is how reasoning is shown here anyway, so a wish for one is granted by showing what the tier thinks. */
const readThinking = (raw: JsonObject, losses: Losses): Conversation['thinking'] => {
  const { reasoning } = raw;
  if (!isObject(reasoning)) return undefined;
  for (const [name, value] of Object.entries(reasoning)) {
    const read = name === 'effort' || name === 'summary' || name === 'generate_summary';
    if (value !== null && !read) losses.add(`reasoning.${name}`);
  }
  const effort = textOf(reasoning.effort);
  if (effort === undefined) return undefined;
  if (effort !== 'none' && effortOf(effort) === undefined) losses.add('reasoning.effort');
  return { enabled: responsesThinkingEnabled(raw), ...defined({ effort: effortOf(effort) }) };
};

const readFormat = ({ text }: JsonObject, losses: Losses): OutputFormat | undefined => {
  if (!isObject(text)) return undefined;
  for (const [name, value] of Object.entries(text)) if (value !== null && name !== 'format') losses.add(`text.${name}`);
  const { format } = text;
  if (!isObject(format) || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { kind: 'json' };
  const read = format.type === 'json_schema' ? readSchemaFormat(format) : undefined;
  if (read === undefined) losses.add('text.format');
  else if (textOf(format.description) !== undefined) losses.add('text.format.description');
  return read;
};
