/** How strongly an instruction speaks for each work class: weighted keyword matches, by their role in the sentence. */
import type { KeywordTable } from '#core/keywords';
import type { WorkClass } from '#core/work-class';

export interface ClassEvidence {
  readonly workClass: WorkClass;
  /** 0..1.2: 1 is one keyword used as a command, 0.4 one mentioned as a thing. */
  readonly score: number;
  /** The phrase behind the score. */
  readonly phrase: string;
}

/** Weight of a keyword by its role. */
const ROLE_WEIGHT = { command: 1, deliverable: 0.9, plain: 0.7, mention: 0.4, none: 0 } as const;
type Role = keyof typeof ROLE_WEIGHT;

/** Instructions open and close with what they want; matches in the long middle weigh less. */
const EDGE_CHARS = 320;
const MIDDLE_FACTOR = 0.6;
/** Each further phrase of the same class adds this much, at most twice. */
const SUPPORT = 0.1;
const SUPPORT_MAX = 0.2;
/** Occurrences looked at per phrase. */
const OCCURRENCES_MAX = 32;
/** Characters looked back for the words in front of a match. */
const LOOK_BACK_CHARS = 48;

/** Words after which a keyword is what the caller asks to be done. */
const LEAD_INS: ReadonlySet<string> = new Set(
  (
    'please can could would will you we to then let lets us just now also first next should must need help ' +
    'carefully quickly kindly go try do me'
  ).split(' '),
);
/** Words after which it is a thing talked about. */
const DETERMINERS: ReadonlySet<string> = new Set(
  'the a an this that these those my your our their its his her some any each every last latest current'.split(' '),
);
const NEGATIONS: ReadonlySet<string> = new Set(
  'not no never without avoid don dont doesn didn shouldn t skip'.split(' '),
);
/** Verbs whose object is the thing to be delivered: "write a plan" asks for planning. */
const MAKERS: ReadonlySet<string> = new Set(
  'make write give create draft prepare propose produce provide need want do perform run start sketch suggest outline'.split(
    ' ',
  ),
);

const WORD_CHARACTER = /[\p{L}\p{N}_]/u;
const WORDS = /[\p{L}\p{N}_]+/gu;
/** Characters that make a neighbouring word part of a path, an identifier or a call. */
const GLUE_BEFORE: ReadonlySet<string> = new Set('/\\.@#$=:~%');
const GLUE_AFTER: ReadonlySet<string> = new Set('/\\(=[@:');

const isAsciiWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95 || (code >= 65 && code <= 90);

/** Is the character that ends before `at` (or starts at `at`) part of a word? Understands surrogate pairs. */
const isWordAt = (text: string, at: number, backwards: boolean): boolean => {
  const unit = backwards ? at - 1 : at;
  if (unit < 0 || unit >= text.length) return false;
  const code = text.charCodeAt(unit);
  if (code < 128) return isAsciiWord(code);
  const isLowSurrogate = code >= 0xdc00 && code <= 0xdfff;
  const start = backwards && isLowSurrogate && unit > 0 ? unit - 1 : unit;
  return WORD_CHARACTER.test(String.fromCodePoint(text.codePointAt(start) ?? 32));
};

/** "/plan" at the start of a word is a command of the harness; any other slash belongs to a path. */
const isGluedBefore = (text: string, at: number): boolean => {
  const before = text[at - 1];
  if (before === undefined || !GLUE_BEFORE.has(before)) return false;
  if (before === ':') return text[at - 2] === ':';
  if (before === '.') return isWordAt(text, at - 1, true);
  return !(before === '/' && (at === 1 || /\s/u.test(text[at - 2] ?? ' ')));
};

const isGluedAfter = (text: string, end: number): boolean => {
  const after = text[end];
  if (after === undefined) return false;
  if (after === '.') return isWordAt(text, end + 1, false);
  if (after === ':') return text[end + 1] === ':';
  return GLUE_AFTER.has(after);
};

/** The words in front of a match within its own clause, nearest first. */
const wordsBefore = (text: string, at: number): string[] => {
  const from = Math.max(0, at - LOOK_BACK_CHARS);
  const window = text.slice(from, at);
  const clauseStart = Math.max(
    window.lastIndexOf('.'),
    window.lastIndexOf('!'),
    window.lastIndexOf('?'),
    window.lastIndexOf(';'),
    window.lastIndexOf(':'),
    window.lastIndexOf(','),
    window.lastIndexOf('\n'),
    window.lastIndexOf('('),
  );
  return (window.slice(clauseStart + 1).match(WORDS) ?? []).reverse();
};

/** "don't change", "do not want to change", "without a change". */
const isNegated = (words: readonly string[]): boolean => words.slice(0, 3).some((word) => NEGATIONS.has(word));

const roleOf = (text: string, at: number): Role => {
  const words = wordsBefore(text, at);
  const [previous] = words;
  if (previous === undefined) return 'command';
  if (isNegated(words)) return 'none';
  if (LEAD_INS.has(previous)) return 'command';
  const isDelivered = words.slice(0, 4).some((word) => MAKERS.has(word));
  if (DETERMINERS.has(previous)) return isDelivered ? 'deliverable' : 'mention';
  return 'plain';
};

/** The weight of the strongest occurrence of one phrase; 0 when it does not occur as words of the sentence. */
const phraseWeight = (text: string, phrase: string): number => {
  let best = 0;
  let at = text.indexOf(phrase);
  for (let seen = 0; at !== -1 && seen < OCCURRENCES_MAX; seen += 1) {
    const end = at + phrase.length;
    const isWhole = !isWordAt(text, at, true) && !isWordAt(text, end, false);
    if (isWhole && !isGluedBefore(text, at) && !isGluedAfter(text, end)) {
      const isEdge = at < EDGE_CHARS || at >= text.length - EDGE_CHARS;
      best = Math.max(best, ROLE_WEIGHT[roleOf(text, at)] * (isEdge ? 1 : MIDDLE_FACTOR));
      if (best === 1) return best;
    }
    at = text.indexOf(phrase, end);
  }
  return best;
};

/**
 * Scores per class, strongest first and in table order among equals; classes without a match are absent. `instruction`
 * is what `instructionIn` returned. Linear: each phrase is searched once.
 */
export const textEvidence = (instruction: string, keywords: KeywordTable): readonly ClassEvidence[] => {
  const text = instruction.toLowerCase();
  const found: ClassEvidence[] = [];
  for (const { workClass, phrases } of keywords) {
    let score = 0;
    let phrase = '';
    let matches = 0;
    for (const candidate of phrases) {
      const weight = phraseWeight(text, candidate);
      if (weight > 0) matches += 1;
      if (weight > score) {
        score = weight;
        phrase = candidate;
      }
    }
    const support = Math.min(SUPPORT_MAX, SUPPORT * (matches - 1));
    if (score > 0) found.push({ workClass, score: score + support, phrase });
  }
  return found.sort((left, right) => right.score - left.score);
};
