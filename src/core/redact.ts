/** What must be masked before a value may be logged? Name rules for fields, shape rules for secrets in free text. */

export const MASK = '[REDACTED]';

/** Removes secrets from free text. Time is linear in the text and in the number of literals. */
export type Scrubber = (text: string) => string;

/** Literals shorter than this would shred ordinary words. */
export const LITERAL_CHARS_MIN = 6;
const LITERALS_MAX = 256;

interface Shape {
  readonly pattern: RegExp;
  readonly replace: (match: string, ...groups: string[]) => string;
}

const masked = (): string => MASK;
/** Long, or short with a digit: words such as `sk-learn` are neither. */
const looksRandom = (value: string): boolean => value.length >= 20 || /[0-9]/.test(value);

// Every pattern starts at a literal prefix and ends in one greedy run over a fixed character class, with nothing after
// the run that could fail. So no pattern backtracks over more than a bounded stretch.
const SHAPES: readonly Shape[] = [
  {
    pattern: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|$)/g,
    replace: masked,
  },
  {
    pattern: /(?<![A-Za-z0-9])sk-[\w-]{6,}/g,
    replace: (match) => (looksRandom(match) ? MASK : match),
  },
  { pattern: /(?<![A-Za-z0-9])(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}/g, replace: masked },
  { pattern: /(?<![A-Za-z0-9])github_pat_\w{20,}/g, replace: masked },
  { pattern: /(?<![A-Za-z0-9])gh[oprsu]_[A-Za-z0-9]{16,}/g, replace: masked },
  { pattern: /(?<![A-Za-z0-9])glpat-[\w-]{16,}/g, replace: masked },
  { pattern: /(?<![A-Za-z0-9])xox[baprs]-[\w-]{10,}/g, replace: masked },
  { pattern: /(?<![A-Za-z0-9])AIza[\w-]{30,}/g, replace: masked },
  { pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])/g, replace: masked },
  { pattern: /(?<![A-Za-z0-9])(?:hf|gsk|npm)_[A-Za-z0-9]{20,}/g, replace: masked },
  { pattern: /(?<![A-Za-z0-9])xai-[A-Za-z0-9]{20,}/g, replace: masked },
  // A run that fails here was preceded by no class character, so its later `eyJ`s are not tried again.
  { pattern: /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]{0,2048})?/g, replace: masked },
  {
    pattern: /(?<![A-Za-z0-9])(bearer|basic)(\s{1,16})([\w.~+/=-]{6,})/gi,
    replace: (match, scheme, gap, value) => (looksRandom(value ?? '') ? `${scheme}${gap}${MASK}` : match),
  },
  // A header written out. Its value may be a word of prose ("authorization: missing"), which is kept.
  {
    pattern:
      /(?<![A-Za-z0-9])((?:x-api-key|x-goog-api-key|(?:proxy-)?authorization|(?:set-)?cookie)["']?\s{0,4}[:=]\s{0,4}["']?)([^\s"'<>]{4,})/gi,
    replace: (match, name, value) => (looksRandom(value ?? '') ? `${name}${MASK}` : match),
  },
  // An assignment or a query parameter.
  {
    pattern:
      /(?<![A-Za-z0-9])((?:api[-_]?key|(?:access|auth|refresh|client|session)[-_]token|token|client[-_]secret|secret|password|passwd)\s{0,4}=\s{0,4}["']?)([^\s"'&;,<>]{4,})/gi,
    replace: (_match, name) => `${name}${MASK}`,
  },
  { pattern: /(:\/\/[^\s/:@]{0,256}:)[^\s/@]{1,256}@/g, replace: (_match, head) => `${head}${MASK}@` },
];

/** Cheap first look: text without any of these starts holds none of the shapes. */
const SUSPECT =
  /sk-|k_(?:live|test)_|github_pat_|gh[oprsu]_|glpat-|xox[baprs]-|AIza|AKIA|ASIA|hf_|gsk_|npm_|xai-|eyJ|-----BEGIN|:\/\/|bearer|basic|authorization|api[-_]?key|cookie|token\s{0,4}=|secret\s{0,4}=|passw/i;

/** True when the text may hold a secret by shape; false means that scrubbing would change nothing but literals. */
export const mayHoldSecret = (text: string): boolean => SUSPECT.test(text);

const scrubShapes = (text: string): string =>
  mayHoldSecret(text) ? SHAPES.reduce((rest, { pattern, replace }) => rest.replace(pattern, replace), text) : text;

/** A key of several lines is printed line by line. */
const piecesOf = (literal: string): readonly string[] =>
  literal.includes('\n') ? [literal, ...literal.split('\n')] : [literal];

/**
 * A scrubber that knows the given secrets by value as well as all shapes. At most 256 literals count, each of at least
 * six characters; longer ones are replaced first, so that one which contains another is masked whole.
 */
export const createScrubber = (literals: readonly string[] = []): Scrubber => {
  const forms = literals
    .flatMap(piecesOf)
    .flatMap((literal) => [literal.trim(), encodeURIComponent(literal.trim().toWellFormed())])
    .filter((form) => form.length >= LITERAL_CHARS_MIN);
  const known = [...new Set(forms)].sort((a, b) => b.length - a.length).slice(0, 2 * LITERALS_MAX);
  return (text) => {
    const rest = known.reduce(
      (left, literal) => (left.includes(literal) ? left.replaceAll(literal, MASK) : left),
      text,
    );
    return scrubShapes(rest);
  };
};

export type NameKind = 'metric' | 'secret' | 'prompt' | 'plain';

const METRIC_NAME = /tokens$|(?:^|_)token_(?:count|usage)$|_(?:id|ms|cost|limit|type)$|_cost_per_/;
const SECRET_NAME =
  /(?:^|_)(?:api_?keys?|secrets?|passwords?|passwd|passphrase|authorization|token|bearer|credentials?|cookies?|private_key|signing_key|session)(?:_|$)/;
const PROMPT_NAME =
  /(?:^|_)(?:prompt|messages?|completions?|content|system|input|output|response_text|user_text|query|data|text|request|response)(?:_|$)/;

/** `apiKey`, `API-Key` and `api_key` alike become `api_key`. Names are cut at 256 characters. */
const normaliseName = (name: string): string =>
  name
    .slice(0, 256)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');

/** What a field's name says about its value. Metric names win: `input_tokens` is a count, `session_id` an id. */
export const kindOfName = (name: string): NameKind => {
  const normal = normaliseName(name);
  if (METRIC_NAME.test(normal)) return 'metric';
  if (SECRET_NAME.test(normal)) return 'secret';
  return PROMPT_NAME.test(normal) ? 'prompt' : 'plain';
};

export interface RedactOptions {
  readonly scrub: Scrubber;
  /** Lower-case hex digest, for prompt fingerprints. */
  readonly sha256: (text: string) => string;
  /** Calibration: text under prompt names is kept, scrubbed. Secrets are masked all the same. */
  readonly keepPrompts?: boolean;
}

const DEPTH_MAX = 12;
const NODES_MAX = 5_000;
const CUT = '[CUT]';
/** Shorter values get no hint: four characters would be too much of them. */
const HINT_VALUE_CHARS_MIN = 16;

/** Masks a secret, keeping four characters of a long one so that two keys can be told apart. */
export const maskValue = (value: string): string =>
  value.length >= HINT_VALUE_CHARS_MIN ? `${value.slice(0, 4)}${MASK}` : MASK;

/** Stands for a text without telling it: its length and the start of its digest. */
export const fingerprintText = (text: string, sha256: (text: string) => string): string =>
  `[REDACTED_PROMPT chars=${text.length} sha256=${sha256(text).slice(0, 12)}]`;

/**
 * A copy that is safe to log: JSON-like values only, at most 12 levels and 5,000 values of it; the rest reads `[CUT]`.
 * Errors keep name, message, stack, code and cause, all scrubbed.
 */
export const redact = (value: unknown, options: RedactOptions): unknown => {
  let nodes = 0;
  const visit = (item: unknown, kind: NameKind, depth: number): unknown => {
    if (item === null || typeof item === 'boolean' || item === undefined) return item;
    nodes += 1;
    if (nodes > NODES_MAX || depth > DEPTH_MAX) return CUT;
    if (kind === 'secret') return typeof item === 'string' ? maskValue(item) : MASK;
    if (typeof item === 'number') return item;
    if (typeof item === 'string') {
      return kind === 'prompt' && !options.keepPrompts ? fingerprintText(item, options.sha256) : options.scrub(item);
    }
    if (typeof item !== 'object') return typeof item === 'bigint' ? item.toString() : undefined;
    if (item instanceof Error) return visitError(item, depth);
    if (ArrayBuffer.isView(item)) return `[BYTES ${item.byteLength}]`;
    if (Array.isArray(item)) return item.slice(0, NODES_MAX).map((entry) => visit(entry, kind, depth + 1));
    return visitFields(item, kind, depth);
  };
  const visitFields = (item: object, kind: NameKind, depth: number): unknown => {
    const fields = Object.entries(item).slice(0, NODES_MAX);
    return Object.fromEntries(
      fields.map(([name, entry]) => {
        const own = kindOfName(name);
        return [options.scrub(name.slice(0, 256)), visit(entry, own === 'plain' ? kind : own, depth + 1)];
      }),
    );
  };
  const visitError = (error: Error, depth: number): unknown => ({
    name: error.name,
    message: options.scrub(error.message),
    ...(error.stack ? { stack: options.scrub(error.stack) } : {}),
    ...('code' in error ? { code: visit(error.code, 'plain', depth + 1) } : {}),
    ...(error.cause === undefined ? {} : { cause: visit(error.cause, 'plain', depth + 1) }),
  });
  return visit(value, 'plain', 0);
};
