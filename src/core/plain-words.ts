/** How do numbers, times and foreign names read in a sentence for a person? */

/** 1234567 → `1,234,567`. */
export const inThousands = (value: number): string => String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');

/** Milliseconds as `0.4 ms`, `87 ms`, `1.85 s` or `2 min 5 s`. */
export const inTime = (ms: number): string => {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/** US dollars: `nothing`, `$0.000420`, `$0.0312`, `$1.25`. */
export const inDollars = (usd: number): string => {
  if (usd === 0) return 'nothing';
  if (usd < 0.000_001) return 'less than $0.000001';
  return `$${usd < 0.01 ? usd.toFixed(6) : usd.toFixed(usd < 1 ? 4 : 2)}`;
};

/** Bytes as `812 bytes`, `3.3 KB` or `1.2 MB`. */
export const inBytes = (bytes: number): string => {
  if (bytes < 1_024) return `${bytes} bytes`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
};

/** Text of unknown origin on one line: control characters become blanks, the end is cut. */
export const inOneLine = (text: string, charsMax = 300): string => {
  const flat = text
    .slice(0, 8 * charsMax)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return flat.length > charsMax ? `${flat.slice(0, charsMax)}…` : flat;
};

/** `one attempt`, `3 attempts`. */
export const inNumber = (count: number, noun: string): string =>
  count === 1 ? `one ${noun}` : `${inThousands(count)} ${noun}s`;
