/** Reads a request body within its limits, and turns it into text and JSON or a clear refusal. */
import { joinBytes } from '#core/bytes';
import { type Failure, failure } from '#core/failure';
import { scanJson } from '#core/json-splice';
import type { JsonObject } from '#core/message';
import type { LimitSettings } from '#core/settings';
import type { Clock } from '#platform/effects';

export interface JsonBody {
  readonly text: string;
  readonly value: JsonObject;
}

export type BodyLimits = Pick<LimitSettings, 'bodyBytesMax' | 'bodyReadMs' | 'jsonDepthMax'>;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const tooLarge = (limits: BodyLimits): Failure =>
  failure('body-too-large', `request body too large: the limit is ${limits.bodyBytesMax} bytes`);

const checkHead = (headers: Headers, limits: BodyLimits): Failure | undefined => {
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity')
    return failure(
      'bad-request',
      `content-encoding ${JSON.stringify(encoding.slice(0, 40))} is not supported; send the body uncompressed`,
      {
        status: 415,
      },
    );
  const length = headers.get('content-length');
  if (length === null) return undefined;
  if (!/^[0-9]+$/.test(length)) return failure('bad-request', 'invalid or duplicate Content-Length');
  return Number(length) > limits.bodyBytesMax ? tooLarge(limits) : undefined;
};

/** Collects a body of unknown length, stopping at the limit. */
const readCapped = async (stream: ReadableStream<Uint8Array>, bytesMax: number): Promise<Uint8Array | undefined> => {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joinBytes(chunks);
    size += value.length;
    if (size > bytesMax) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
};

const readBytes = async (request: Request, limits: BodyLimits): Promise<Uint8Array | Failure> => {
  // Of known length the body is read in one piece; asking for its stream would cost more than reading it.
  if (request.headers.get('content-length') !== null) return request.bytes();
  if (!request.body) return new Uint8Array(0);
  return (await readCapped(request.body, limits.bodyBytesMax)) ?? tooLarge(limits);
};

/** Text and JSON of a body. */
export const parseJsonBody = (bytes: Uint8Array, limits: Pick<BodyLimits, 'jsonDepthMax'>): JsonBody | Failure => {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return failure('bad-json', 'bad JSON body: it is not valid UTF-8');
  }
  if (text === '') return { text: '{}', value: {} };
  if (scanJson(text, limits.jsonDepthMax).depth > limits.jsonDepthMax)
    return failure('too-deep', `bad JSON body: nested deeper than ${limits.jsonDepthMax} levels`);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { text, value: value as JsonObject };
    return failure('bad-request', 'body must be a JSON object');
  } catch (error) {
    return failure(
      'bad-json',
      `bad JSON body: ${error instanceof Error ? error.message.slice(0, 200) : 'cannot be parsed'}`,
    );
  }
};

/** The body as received. A slow sender gets a 408 once `bodyReadMs` have passed. */
export const readBody = async (request: Request, limits: BodyLimits, clock: Clock): Promise<Uint8Array | Failure> => {
  const refused = checkHead(request.headers, limits);
  if (refused) return refused;
  const late = Promise.withResolvers<Failure>();
  const timer = clock.setTimeout(
    () =>
      late.resolve(
        failure('bad-request', `the request body did not arrive within ${limits.bodyReadMs / 1000} s`, { status: 408 }),
      ),
    limits.bodyReadMs,
  );
  try {
    return await Promise.race([readBytes(request, limits), late.promise]);
  } catch {
    return failure('bad-request', 'the request body broke off');
  } finally {
    clock.clearTimeout(timer);
  }
};

/** Reads and parses the body. */
export const readJsonBody = async (request: Request, limits: BodyLimits, clock: Clock): Promise<JsonBody | Failure> => {
  const bytes = await readBody(request, limits, clock);
  return bytes instanceof Uint8Array ? parseJsonBody(bytes, limits) : bytes;
};
