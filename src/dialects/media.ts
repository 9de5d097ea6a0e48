/** How is a picture or document written on the wire: data URL, plain URL or base64 with a type? */
import type { JsonObject, MediaSource } from '#core/message';

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/i;

/** Type assumed for base64 data that names none. */
const UNKNOWN_MEDIA_TYPE = 'application/octet-stream';

/** Reads `data:type;base64,…` as base64, everything else (percent-encoded data URLs included) as a URL to pass on. */
export const mediaOfUrl = (url: string): MediaSource => {
  const head = DATA_URL.exec(url);
  if (!head || !/;base64$/i.test(head[2] ?? '')) return { kind: 'url', url };
  return { kind: 'base64', mediaType: head[1] || UNKNOWN_MEDIA_TYPE, data: url.slice(head[0].length) };
};

export const urlOfMedia = (source: MediaSource): string =>
  source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;

/** OpenAI's `input_audio` part; undefined for sound that is not at hand. */
export const inputAudio = (source: MediaSource): JsonObject | undefined =>
  source.kind === 'url'
    ? undefined
    : { type: 'input_audio', input_audio: { data: source.data, format: source.mediaType.replace(/^audio\//, '') } };
