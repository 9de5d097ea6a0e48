/** Shared by the dialect tests: tiers, requests read from a body, streams cut into chunks, and parts made of bytes. */
import type { Dialect, EncodeContext } from '#core/dialect';
import type { JsonObject, ModelRequest, StreamPart } from '#core/message';
import type { Tier } from '#core/tier';
import { createSseSplitter } from '#upstream/sse';

const EVENT_BYTES_MAX = 16 * 1024 * 1024;

export const utf8 = new TextEncoder();
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A local Chat tier, unless told otherwise. */
export const tierOf = (fields: Partial<Tier> = {}): Tier => ({
  id: 'tier',
  baseUrl: 'http://127.0.0.1:30001/v1',
  dialect: 'openai-chat',
  contextLimit: 131_072,
  privacy: 'local',
  toolSupport: true,
  authEnv: 'ANVIL_TEST_KEY',
  prices: {},
  forward: [],
  deadlines: { connectMs: 1_000, firstByteMs: 1_000, firstBytePer1kTokensMs: 10, idleMs: 1_000, totalMs: 10_000 },
  upstreamStream: 'as-caller',
  fingerprint: '0'.repeat(64),
  ...fields,
});

/** Reads a body that must be valid. */
export const requestOf = (dialect: Dialect, body: JsonObject, text = JSON.stringify(body)): ModelRequest => {
  const read = dialect.readRequest(body, text);
  if ('kind' in read) throw new Error(`${read.message} (${read.param ?? 'no param'})`);
  return read;
};

/** A member of an untyped document by path, for assertions. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );

export const contextOf = (fields: Partial<EncodeContext> = {}): EncodeContext => ({
  responseId: '0123456789abcdef01234567',
  model: 'planning',
  created: 1_763_700_000,
  promptTokens: 12,
  includeUsage: true,
  toolOrigin: () => undefined,
  ...fields,
});

/** All parts of a stream that arrives in these chunks, those owed at its end included. */
export const decodeChunks = (dialect: Dialect, chunks: readonly Uint8Array[]): readonly StreamPart[] => {
  const splitter = createSseSplitter(EVENT_BYTES_MAX);
  const decoder = dialect.decoder();
  const frames = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.flush()];
  return [...frames.flatMap((frame) => decoder.event(frame)), ...decoder.close()];
};

export const decodeText = (dialect: Dialect, text: string): readonly StreamPart[] =>
  decodeChunks(dialect, [utf8.encode(text)]);

/** SSE text of some parts. */
export const encodeParts = (
  dialect: Dialect,
  parts: readonly StreamPart[],
  context: EncodeContext = contextOf(),
): string => {
  const encoder = dialect.encoder(context);
  return parts.map((part) => encoder.part(part)).join('');
};

/** The JSON payloads of a stream's events; `[DONE]` stays a string. */
export const payloadsOf = (text: string): readonly unknown[] =>
  text
    .split('\n\n')
    .filter((event) => event.includes('data: '))
    .map((event) => event.slice(event.indexOf('data: ') + 6))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)));

/** Chat stream of the given deltas, for decoder tests: one chunk each, then the closing lines given. */
export const chatStream = (deltas: readonly object[], ...closing: readonly (object | string)[]): string => {
  const chunks = deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] }));
  return [...chunks, ...closing]
    .map((line) => `data: ${typeof line === 'string' ? line : JSON.stringify(line)}\n\n`)
    .join('');
};

export const chatFinish = (reason: string, more: object = {}): object => ({
  choices: [{ index: 0, delta: {}, finish_reason: reason, ...more }],
});
