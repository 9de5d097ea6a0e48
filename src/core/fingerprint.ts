/** Which serve is behind a tier: a digest of everything that could change the quality of its answers. */
import type { DialectName } from '#core/message';

/** JSON with TOML's two number kinds kept apart: `bigint` is an integer, `number` always a float (`90` is `90.0`). */
export type CanonicalValue =
  | string
  | boolean
  | number
  | bigint
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/** What identifies a serve. Absent fields are left out of the digest; `mode` is the router's, not the tier's. */
export interface ServeIdentity {
  readonly tierId: string;
  readonly model?: string;
  readonly quantization?: string;
  readonly engine?: string;
  /** The base URL, verbatim. */
  readonly endpoint: string;
  readonly dialect: DialectName;
  /** Tokens. */
  readonly contextLimit: number;
  readonly params?: CanonicalValue;
  /** The tier's `extra_body`; its defaults do not take part. */
  readonly reasoning?: CanonicalValue;
  readonly mode?: string;
}

const SCHEMA = 'anvil-serving.router.fingerprint/v1';

/** Dialects keep the names that profiles measured by v0.9 were digested with. */
const DIALECT_IN_DIGEST: Record<DialectName, string> = {
  'anthropic-messages': 'anthropic',
  'openai-chat': 'openai',
  'openai-responses': 'openai-responses',
};

/**
 * SHA-256 hex of the identity's canonical JSON: compact, sorted by key, ASCII only, floats as Python writes them.
 * Profile rows of v0.9 carry the same digests, so this form may never change under the same schema name.
 */
export const fingerprint = (identity: ServeIdentity, sha256: (text: string) => string): string =>
  sha256(canonicalIdentity(identity));

/** The text that `fingerprint` digests. */
export const canonicalIdentity = (identity: ServeIdentity): string => {
  const { tierId, contextLimit, dialect, ...rest } = identity;
  const fields: Record<string, CanonicalValue> = {
    tier_id: tierId,
    context_limit: BigInt(contextLimit),
    dialect: DIALECT_IN_DIGEST[dialect],
  };
  for (const [key, value] of Object.entries(rest)) if (value !== undefined) fields[key] = value;
  return canonicalJson({ identity: fields, schema: SCHEMA });
};

/** Compact JSON with keys in code point order, non-ASCII escaped, and numbers as Python's `json.dumps` prints them. */
export const canonicalJson = (value: CanonicalValue): string => {
  if (typeof value === 'string') return asciiString(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return pythonFloat(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value)
    .sort(([left], [right]) => compareCodePoints(left, right))
    .map(([key, member]) => `${asciiString(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
};

const isList = (value: CanonicalValue): value is readonly CanonicalValue[] => Array.isArray(value);

const asciiString = (text: string): string =>
  JSON.stringify(text).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** UTF-16 order differs from code point order where a surrogate pair meets U+E000 to U+FFFF. */
const compareCodePoints = (left: string, right: string): number => {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return rankOfUnit(a) - rankOfUnit(b);
  }
  return left.length - right.length;
};

const rankOfUnit = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/**
 * The shortest decimal that reads back as the same double, laid out like Python's `repr`: positional for exponents
 * from -4 to 15, else scientific with at least two exponent digits; always a point or an exponent.
 */
export const pythonFloat = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '0', power = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) return sign + scientific(digits, exponent);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
};

const scientific = (digits: string, exponent: number): string => {
  const mantissa = digits.length > 1 ? `${digits.slice(0, 1)}.${digits.slice(1)}` : digits;
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent).toString().padStart(2, '0')}`;
};
