/** Which words of a prompt look as if they change by themselves? Dates, clocks, numbers and ids; never prose. */

const MONTH =
  '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)';
const DAY = '(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?';
const CLOCK = '\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?';
const OFFSET = '[+-]\\d{1,2}(?::?\\d{2})?';
const ISO = `\\d{4}-\\d{2}-\\d{2}(?:[T ]${CLOCK}(?:Z|${OFFSET})?)?`;
const UUID = '[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}';
const AM_PM = '(?:[AaPp][Mm]|[ap]\\.m\\.)';
/** Hex digits with a decimal one among them, so that no word is one. */
const HEX = '(?=[a-fA-F]{0,40}\\d)[0-9a-fA-F]{6,64}';
/** A long word with three digits in it: base64, base36 and the like. The bounds keep a search linear. */
const TOKEN = '(?=(?:[A-Za-z_-]{0,40}\\d){3})[A-Za-z0-9_-]{16,128}={0,2}';
const NUMBER = '\\d+(?:[.,:/-]\\d+)*%?';

const START = '(?<![A-Za-z0-9_])';
const END = '(?![A-Za-z0-9_])';

const RUN = new RegExp(
  `${START}(?:${UUID}|${ISO}|${CLOCK}|${TOKEN}${END}|${HEX}${END}|${NUMBER}|${MONTH}|${DAY}|${AM_PM})${END}`,
  'g',
);

/** A piece of a text, in UTF-16 code units. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** The volatile words of a text in order; undefined when there are more than `runsMax`. */
export const volatileRuns = (text: string, runsMax: number): readonly Stretch[] | undefined => {
  const runs: Stretch[] = [];
  for (const { index, 0: run } of text.matchAll(RUN)) {
    if (runs.length === runsMax) return undefined;
    runs.push({ start: index, end: index + run.length });
  }
  return runs;
};

// ---- what may stand behind a label ------------------------------------------------------------------------------

const ZONE = `(?:(?:UTC|GMT|Z|[A-Z]{1,4}T)(?:${OFFSET})?|${OFFSET}|[A-Z][a-z]+/[A-Z][A-Za-z_]+)${END}`;
const BRACKETS = '\\([^()\\n]{0,30}(?:UTC|GMT|[A-Z][a-z]+/[A-Z])[^()\\n]{0,30}\\)';
const SLASHED = '\\d{1,4}[/.]\\d{1,2}[/.]\\d{1,4}';
const EPOCH = '\\d{10}(?:\\d{3})?';
const COUNT = '\\d{1,4}(?:st|nd|rd|th)?';
const DATE_WORD = [
  ISO,
  `${CLOCK}(?: ?${AM_PM})?`,
  SLASHED,
  EPOCH,
  `(?:${DAY}|${MONTH}|${AM_PM})${END}\\.?`,
  `${COUNT}${END}`,
  ZONE,
  BRACKETS,
].join('|');
const BETWEEN = '(?:,?[ \\t]{1,2}(?:[–—-][ \\t])?(?:(?:at|of|the)[ \\t])?|,)';

const DATE = new RegExp(`(?:${DATE_WORD})(?:${BETWEEN}(?:${DATE_WORD})){0,9}${END}`, 'y');
const DATED = new RegExp(
  `\\d{4}-\\d{2}|\\d:\\d{2}|\\d[/.]\\d{1,2}[/.]\\d|\\d{10}|(?:19|20)\\d{2}|${MONTH}.{0,8}\\d|\\d.{0,8}${MONTH}`,
);
const ID = new RegExp(`(?:${UUID}|${TOKEN}${END}|${HEX}${END}|\\d{3,})${END}`, 'y');
const AMOUNT = /\$?\d+(?:[.,:/]\d+)*(?: ?(?:%|k\b|seconds?\b|minutes?\b|hours?\b|s\b|m\b|h\b|tokens?\b))?/y;

const endOf = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
};

/** Where the value that begins at an offset ends; the offset itself when none begins there. */
export type ValueEnd = (text: string, at: number) => number;

export const dateEnd: ValueEnd = (text, at) => {
  const end = endOf(DATE, text, at);
  return DATED.test(text.slice(at, end)) ? end : at;
};
export const idEnd: ValueEnd = (text, at) => endOf(ID, text, at);
export const amountEnd: ValueEnd = (text, at) => endOf(AMOUNT, text, at);
