/** What does a received frame carry? Its JSON payload, read from the bytes of one SSE event. */
import type { JsonObject } from '#core/message';
import { isObject, parseJson } from '#dialects/json';

const decoder = new TextDecoder();
const DATA = /^data:\s?/;

/** The JSON object in a frame's data lines; undefined for comments, end markers and anything that is no object. */
export const eventOfFrame = (raw: Uint8Array): JsonObject | undefined => {
  const lines = decoder.decode(raw).split(/\r\n|\r|\n/);
  const data = lines.flatMap((line) => (DATA.test(line) ? [line.replace(DATA, '')] : [])).join('\n');
  const payload = data.startsWith('{') ? parseJson(data) : undefined;
  return isObject(payload) ? payload : undefined;
};
