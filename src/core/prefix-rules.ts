/** Which spans of standing text are known to change between turns without meaning, and what becomes of each? */
import { amountEnd, dateEnd, idEnd, type Stretch, type ValueEnd } from '#core/prefix-shapes';

/** `remove` takes a span out, `blank` puts a constant in its place, `move` restates it at the end of the newest turn. */
export type PrefixAction = 'remove' | 'blank' | 'move';

/** A span to change. `statement` is what is restated of it, in the caller's words. */
export interface PrefixSpan extends Stretch {
  readonly rule: string;
  readonly action: PrefixAction;
  readonly statement: string;
}

interface LineRule {
  readonly name: string;
  readonly action: 'remove';
  /** Anchored: matches at the start of a text only. */
  readonly line: RegExp;
}

interface LabelRule {
  readonly name: string;
  readonly action: 'blank' | 'move';
  /** Global and case-insensitive; ends where the value begins. */
  readonly label: RegExp;
  readonly value: ValueEnd;
}

export type PrefixRule = LineRule | LabelRule;

/** Between a label and its value: quotes, markup, and one separator. */
const LINK = '["\'*_`]{0,3}[ \\t]{0,3}(?::|=|>|\\n|(?<=[ \\t])is(?=[ \\t:]):?)[ \\t"\'*_`]{0,6}';
const labelled = (words: string): RegExp => new RegExp(`(?<![A-Za-z])(?:${words})${LINK}`, 'gi');

const NOW =
  "today(?:['’]s[ \\t]date)?|current[ _-]?(?:local[ _-]?)?(?:date(?:[ _-]?(?:and|&|/)?[ _-]?time)?|time(?:stamp)?|day|month|year)|date (?:and|&) time|local[ _-]time|timestamp";
const LEFT =
  '(?:tokens?|context(?: window)?|time|turns?|steps?|messages?|budget|credits?) (?:remaining|left|used)|(?:remaining|elapsed) (?:tokens?|context|time|turns?|steps?|messages?|budget|credits?)';

/** In order: what an earlier rule has taken, a later one leaves alone. */
export const PREFIX_RULES: readonly PrefixRule[] = [
  {
    // First system block of Claude Code: version, entry point and, before 2.1.3, a digest of the whole request.
    name: 'billing-line',
    action: 'remove',
    line: /^x-anthropic-billing-header:(?:[^\n]{0,400}(?:\n|$)|(?:[ \t]*[a-z_]+=[^;\n]{0,200};)+ ?)/,
  },
  { name: 'date', action: 'move', label: labelled(NOW), value: dateEnd },
  { name: 'countdown', action: 'move', label: labelled(LEFT), value: amountEnd },
  {
    name: 'id',
    action: 'move',
    label: labelled('(?:session|conversation|thread|message|turn|run|request)[ _-]?id'),
    value: idEnd,
  },
  {
    // Of use to those who trace requests, never to a model.
    name: 'trace-id',
    action: 'blank',
    label: labelled('(?:trace|span|correlation)[ _-]?id|nonce'),
    value: idEnd,
  },
];

/** Spans that one rule may mark in one text. */
const SPANS_PER_RULE_MAX = 32;

/** Label and value as one line, without the markup around them. */
const statementOf = (label: string, value: string): string =>
  `${label.replace(/(?:\s+is)?["'*_`=>:\s]*$/i, '')}: ${value}`;

const byLine = ({ name, action, line }: LineRule, text: string): readonly PrefixSpan[] => {
  const end = line.exec(text)?.[0].length ?? 0;
  return end === 0 ? [] : [{ start: 0, end, rule: name, action, statement: '' }];
};

const byLabel = ({ name, action, label, value }: LabelRule, text: string): readonly PrefixSpan[] => {
  const spans: PrefixSpan[] = [];
  for (const { index, 0: words } of text.matchAll(label)) {
    if (spans.length === SPANS_PER_RULE_MAX) break;
    const start = index + words.length;
    const end = value(text, start);
    if (end > start)
      spans.push({ start, end, rule: name, action, statement: statementOf(words, text.slice(start, end)) });
  }
  return spans;
};

export const overlaps = (one: Stretch, other: Stretch): boolean => one.start < other.end && other.start < one.end;

/** What the rules mark in a text, in order and without overlaps. */
export const ruleSpans = (text: string): readonly PrefixSpan[] => {
  const found: PrefixSpan[] = [];
  for (const rule of PREFIX_RULES) {
    const spans = 'line' in rule ? byLine(rule, text) : byLabel(rule, text);
    for (const span of spans) if (!found.some((taken) => overlaps(taken, span))) found.push(span);
  }
  return found.sort((one, other) => one.start - other.start);
};

/** A text without what the rules mark, for telling conversations apart by their opening words. */
export const withoutRuleSpans = (text: string): string => {
  let kept = '';
  let from = 0;
  for (const { start, end } of ruleSpans(text)) {
    kept += text.slice(from, start);
    from = end;
  }
  return kept + text.slice(from);
};
