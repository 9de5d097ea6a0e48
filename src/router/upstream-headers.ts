/** Which headers of a tier's reply reach the caller? A short list: limits it has to mind, and the name of the reply. */

/** Families by their beginning, and single names. Everything else stays here: cookies, servers, and the model's name. */
const FAMILIES = ['x-ratelimit-', 'anthropic-ratelimit-'] as const;
const NAMES: ReadonlySet<string> = new Set(['request-id', 'x-request-id']);

/** Headers passed on of one reply, and characters of one value. */
const HEADERS_MAX = 32;
const VALUE_CHARS_MAX = 256;
const VISIBLE_ASCII = /^[\x20-\x7e]*$/;

const isListed = (name: string): boolean => NAMES.has(name) || FAMILIES.some((family) => name.startsWith(family));

/**
 * The headers to pass on; undefined when there are none, which is the rule for local servers. Values that are too long or
 * not plain ASCII stay here.
 */
export const passedHeaders = (headers: Headers): Readonly<Record<string, string>> | undefined => {
  let passed: Record<string, string> | undefined;
  let count = 0;
  headers.forEach((value, name) => {
    if (count >= HEADERS_MAX || !isListed(name)) return;
    if (value.length > VALUE_CHARS_MAX || !VISIBLE_ASCII.test(value)) return;
    passed ??= {};
    passed[name] = value;
    count++;
  });
  return passed;
};
