/** How much of a prompt does an engine know already from the one before? */
import type { JsonObject } from '#core/message';

/** Characters per token for a number that only compares. */
const CHARS_PER_TOKEN = 4;

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: JsonObject) => (typeof part.text === 'string' ? part.text : JSON.stringify(part)))
    .join('\n');
};

/**
 * A Chat body as the template of an engine lays it out: instructions, then tools, then the talk. Templates differ in
 * their marks, not in this order (Hermes, Qwen and Llama alike).
 */
export const promptOf = (body: JsonObject): string => {
  const messages = body.messages as readonly JsonObject[];
  const start = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer');
  const opening = messages.slice(0, start).map(({ content }) => textOf(content));
  const tools = Array.isArray(body.tools) ? body.tools.map((tool) => JSON.stringify(tool)) : [];
  const talk = messages.slice(start).map(({ role, content, tool_calls, reasoning_content }) => {
    const calls = Array.isArray(tool_calls) ? tool_calls.map((call) => `\n${JSON.stringify(call)}`).join('') : '';
    return `<|im_start|>${role}\n${reasoning_content ?? ''}${textOf(content)}${calls}<|im_end|>`;
  });
  return [`<|im_start|>system\n${opening.join('\n\n')}`, ...tools, '<|im_end|>', ...talk].join('\n');
};

export interface Share {
  /** UTF-8 bytes of the prompt, and of the part that it begins like the one before. */
  readonly bytes: number;
  readonly shared: number;
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

export const shareOf = (before: string, prompt: string): Share => {
  let at = 0;
  while (at < prompt.length && prompt.charCodeAt(at) === before.charCodeAt(at)) at++;
  return { bytes: bytesOf(prompt), shared: bytesOf(prompt.slice(0, at)) };
};

/** Shared part of all prompts together, 0 to 1. */
export const shareOfAll = (shares: readonly Share[]): number => {
  const total = shares.reduce((sum, { bytes }) => sum + bytes, 0);
  return total === 0 ? 0 : shares.reduce((sum, { shared }) => sum + shared, 0) / total;
};

/** Tokens that have to be read anew per prompt, estimated. */
export const readAnew = (shares: readonly Share[]): number =>
  shares.reduce((sum, { bytes, shared }) => sum + bytes - shared, 0) / CHARS_PER_TOKEN / Math.max(1, shares.length);
