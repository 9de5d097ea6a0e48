/** Which headers pass between a caller and a model's server? Two short lists: everything else stays on its side. */
import type { SlotLease } from '#core/slot-lease';

/**
 * From the caller: what is wanted back, and ids to find a request by. Never a key: it is meant for us,
 * and what a model's server needs it has in its own environment.
 */
const TO_SERVER: ReadonlySet<string> = new Set([
  'accept',
  'anthropic-version',
  'anthropic-beta',
  'openai-beta',
  'x-request-id',
  'x-correlation-id',
  'traceparent',
  'tracestate',
]);
const OUR_FAMILY = 'x-anvil-';

/** From the server: lengths and encodings are of the hop, not of the answer, whose bytes arrive here unpacked. */
const TO_CALLER = ['content-type', 'cache-control', 'retry-after', 'x-request-id', 'request-id'] as const;

const HEADERS_MAX = 32;
const VALUE_CHARS_MAX = 1_024;

/** Headers of the request to a model's server. */
export const headersToServer = (headers: Headers): Record<string, string> => {
  const passed: Record<string, string> = {};
  let count = 0;
  headers.forEach((value, name) => {
    if (count >= HEADERS_MAX || value.length > VALUE_CHARS_MAX) return;
    if (!TO_SERVER.has(name) && !name.startsWith(OUR_FAMILY)) return;
    passed[name] = value;
    count++;
  });
  // What was read as JSON is JSON, whatever the caller called it: engines refuse the type that curl gives it.
  passed['content-type'] = 'application/json';
  passed['accept-encoding'] = 'identity';
  return passed;
};

/** What the lease cost, for a router on another machine and for people with `curl -i`. */
export const leaseHeaders = (
  { needed, waitedMs }: Pick<SlotLease, 'needed' | 'waitedMs'>,
  requestId: string,
): Record<string, string> => ({
  'x-request-id': requestId,
  'x-anvil-slot-needed': needed,
  'x-anvil-slot-waited-ms': String(Math.round(waitedMs)),
});

/** Headers of the answer; those of the server win. */
export const headersToCaller = (headers: Headers, ours: Readonly<Record<string, string>>): Record<string, string> => {
  const passed = { ...ours };
  for (const name of TO_CALLER) {
    const value = headers.get(name);
    if (value !== null && value.length <= VALUE_CHARS_MAX) passed[name] = value;
  }
  return passed;
};
