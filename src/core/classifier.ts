/** What kind of work is asked for, judged from the request alone, and how sure is that? The floor under every caller. */
import { instructionIn } from '#core/instruction';
import { BUILT_IN_KEYWORDS, type KeywordTable } from '#core/keywords';
import type { RequestFacts } from '#core/message';
import type { Classification } from '#core/plan';
import { isStricterClass } from '#core/strictness';
import { type ClassEvidence, textEvidence } from '#core/text-evidence';
import type { WorkClass } from '#core/work-class';

/** Characters per token for sizing only; gating uses estimates learned per tier. */
const CHARS_PER_TOKEN = 3.6;
/** Input of one question, in tokens, from which it counts as long. Equals the 4,000 words of v0.9. */
const LONG_INPUT_TOKENS = 5_500;
/** History of an agent's loop grows by itself; it counts as long much later. */
const LONG_LOOP_TOKENS = 24_000;
/** A system prompt this short was written for the request; longer ones are a harness's standing prompt. */
const SHORT_SYSTEM_CHARS = 900;
/** Low enough that a system prompt alone never makes a class certain. */
const SYSTEM_FACTOR = 0.45;

/** Below this a keyword is only mentioned. */
const STRONG_SCORE = 0.6;
/** Share by which the best class must lead the next to be taken for certain. */
const MARGIN = 0.35;

/** Tools that only look: with nothing else on offer, no edit can be the aim. */
const LOOKING_TOOL = /^(?:read|view|list|ls|glob|grep|search|find|fetch|get|open|web|browse|show)/i;

interface Shape {
  readonly workClass: WorkClass;
  readonly confident: boolean;
  readonly confidence: number;
  readonly evidence: string;
}

const round = (value: number): number => Math.round(value * 100) / 100;

const evidenceName = ({ workClass, phrase }: ClassEvidence): string => `${workClass}:${phrase}`;

/** The last instruction of the user; a turn that holds only injected context falls back to the first one. */
const instructionOf = (facts: RequestFacts): string => {
  const last = instructionIn(facts.lastUserText);
  return last === '' && facts.firstUserText !== facts.lastUserText ? instructionIn(facts.firstUserText) : last;
};

const systemEvidence = (facts: RequestFacts, keywords: KeywordTable): readonly ClassEvidence[] =>
  facts.systemText === '' || facts.systemText.length > SHORT_SYSTEM_CHARS
    ? []
    : textEvidence(facts.systemText, keywords).map((found) => ({ ...found, score: found.score * SYSTEM_FACTOR }));

/** Text evidence: the instruction's own, or a short system prompt's at less than half weight when the instruction says nothing. */
const evidenceOf = (facts: RequestFacts, keywords: KeywordTable): readonly ClassEvidence[] => {
  const own = textEvidence(instructionOf(facts), keywords);
  return own.length > 0 ? own : systemEvidence(facts, keywords);
};

const sizeShape = (facts: RequestFacts): Shape | undefined => {
  const history = facts.chars.messages / CHARS_PER_TOKEN;
  const latest = facts.lastUserText.length / CHARS_PER_TOKEN;
  const isLong = facts.needsTools
    ? history > LONG_LOOP_TOKENS || latest > LONG_INPUT_TOKENS
    : history > LONG_INPUT_TOKENS;
  const evidence = 'size:long';
  return isLong ? { workClass: 'long-context', confident: true, confidence: 0.9, evidence } : undefined;
};

const toolShape = (toolNames: readonly string[]): Shape =>
  toolNames.every((name) => LOOKING_TOOL.test(name))
    ? { workClass: 'chat', confident: false, confidence: 0.4, evidence: 'tools:looking' }
    : { workClass: 'bounded-edit', confident: true, confidence: 0.7, evidence: 'tools:offered' };

/**
 * What the request's form says. Some harnesses switch thinking on for every turn, so beside tools it proves nothing:
 * the stricter class is kept, without confidence.
 */
const formShape = (facts: RequestFacts): Shape | undefined => {
  const hasTools = facts.toolNames.length > 0;
  if (facts.thinkingEnabled) {
    const confidence = hasTools ? 0.5 : 0.7;
    return { workClass: 'planning', confident: !hasTools, confidence, evidence: 'thinking:on' };
  }
  return hasTools ? toolShape(facts.toolNames) : undefined;
};

const byShape = (shape: Shape, rest: readonly string[], confident = shape.confident): Classification => ({
  workClass: shape.workClass,
  confident,
  confidence: confident ? shape.confidence : Math.min(shape.confidence, 0.5),
  evidence: [shape.evidence, ...rest],
  basis: 'shape',
});

interface TextVerdict extends ClassEvidence {
  readonly confident: boolean;
  readonly confidence: number;
}

/** The best class of the text: certain by its lead, else the first in table order among those close to the best. */
const judgeText = (found: readonly ClassEvidence[], keywords: KeywordTable): TextVerdict | undefined => {
  const [best, second] = found;
  if (best === undefined) return undefined;
  const margin = (best.score - (second?.score ?? 0)) / best.score;
  if (margin >= MARGIN) {
    const confident = best.score >= STRONG_SCORE;
    const confidence = confident ? Math.min(0.95, 0.6 + 0.35 * margin * Math.min(1, best.score)) : 0.45;
    return { ...best, confident, confidence: round(confidence) };
  }
  const contenders = found.filter(({ score }) => score >= best.score * (1 - MARGIN));
  const first = keywords.map((row) => contenders.find(({ workClass }) => workClass === row.workClass)).find(Boolean);
  return { ...(first ?? best), confident: false, confidence: 0.5 };
};

const byText = (text: TextVerdict, names: readonly string[], rest: readonly string[]): Classification => {
  const own = evidenceName(text);
  const { workClass, confident, confidence } = text;
  return {
    workClass,
    confident,
    confidence,
    evidence: [own, ...names.filter((name) => name !== own), ...rest],
    basis: 'text',
  };
};

/**
 * Classifies a request. Order of weight: a certain keyword class; the sheer size of the input, unless such a keyword
 * names stricter work; thinking and tools; nothing, which is `chat` without confidence. Pure and total; time is linear
 * and bounded, however large the body.
 */
export const classify = (facts: RequestFacts, keywords: KeywordTable = BUILT_IN_KEYWORDS): Classification => {
  const found = evidenceOf(facts, keywords);
  const names = found.map(evidenceName);
  const text = judgeText(found, keywords);
  const size = sizeShape(facts);
  if (size !== undefined) {
    const isStricter = text?.confident === true && isStricterClass(text.workClass, size.workClass);
    return isStricter ? byText(text, names, [size.evidence]) : byShape(size, names);
  }
  const form = formShape(facts);
  const shapeNames = form === undefined ? [] : [form.evidence];
  if (text !== undefined && (text.score >= STRONG_SCORE || form === undefined)) return byText(text, names, shapeNames);
  if (form !== undefined)
    return byShape(form, names, form.confident && (text?.workClass ?? form.workClass) === form.workClass);
  return { workClass: 'chat', confident: false, confidence: 0.3, evidence: ['nothing'], basis: 'shape' };
};
