/** How many tokens is this prompt: surely at least, and most likely? And does it fit a tier? */
import { type Amount, costOf, isMetered, NOTHING } from '#core/cost';
import type { RequestFacts, Usage } from '#core/message';
import type { Tier } from '#core/tier';

export interface PromptEstimate {
  /** The prompt is surely no shorter; only this may refuse a tier. */
  readonly floor: number;
  /** Best guess; orders tiers and scales deadlines. */
  readonly best: number;
}

/** `fits` with room for an answer, `tight` without it, `doubtful` when the guess says no but the floor does not. */
export type Fit = 'fits' | 'tight' | 'doubtful';

/** Characters per token before anything was learned: between English prose (about 4.3) and program code (about 3). */
export const RATIO_START = 3.6;
const RATIO_MIN = 1.5;
const RATIO_MAX = 8;
/** Weight of the newest observation. */
const RATIO_STEP = 0.15;
/** Prompts shorter than this teach nothing: the template outweighs the text. */
const LEARN_TOKENS_MIN = 200;

/** No mainstream tokenizer packs real prompts denser than this on the average; a learned ratio may show otherwise. */
const FLOOR_RATIO = 6;
const FLOOR_OVER_LEARNED = 1.25;

/** Role markers and separators of the chat template, per message. */
const MESSAGE_TOKENS = 4;
/** A thumbnail costs this much at least; a screenshot typically costs `IMAGE_TOKENS`. */
const IMAGE_TOKENS_FLOOR = 16;
const IMAGE_TOKENS = 1_000;

/**
 * Room kept for an answer when tiers are ordered. Harnesses send their model's maximum (32,000 and more) as a routine
 * cap; counting it in full would put every small window last on every request.
 */
const ANSWER_TOKENS = 4_096;
/** Kept free when a cap is cut to the window: the estimate may be off by as much. */
const ROOM_MARGIN = 0.1;
const ROOM_MIN = 256;

/** Characters of system text, messages and tools. */
export const promptChars = ({ chars }: RequestFacts): number => chars.system + chars.messages + chars.tools;

/** Estimates for a tier whose text averages `charsPerToken` characters per token. */
export const estimatePrompt = (facts: RequestFacts, charsPerToken: number = RATIO_START): PromptEstimate => {
  const chars = promptChars(facts);
  const floorRatio = Math.max(FLOOR_RATIO, charsPerToken * FLOOR_OVER_LEARNED);
  const floor = Math.floor(chars / floorRatio) + facts.imageCount * IMAGE_TOKENS_FLOOR;
  const best = Math.ceil(chars / charsPerToken) + facts.messageCount * MESSAGE_TOKENS + facts.imageCount * IMAGE_TOKENS;
  return { floor, best: Math.max(best, floor) };
};

/**
 * The ratio after one real answer. Prompts with images, short prompts and counts made by us teach nothing; `undefined`
 * as `current` takes the first observation whole.
 */
export const learnRatio = (current: number | undefined, facts: RequestFacts, usage: Usage): number | undefined => {
  const tokens = usage.input - facts.messageCount * MESSAGE_TOKENS;
  if (usage.estimated === true || facts.imageCount > 0 || !(tokens >= LEARN_TOKENS_MIN)) return current;
  const observed = Math.min(RATIO_MAX, Math.max(RATIO_MIN, promptChars(facts) / tokens));
  return current === undefined ? observed : current + RATIO_STEP * (observed - current);
};

/** Answer tokens to expect: the caller's cap, the tier's limit or 4,096, whichever is least. */
export const expectedOutput = (facts: RequestFacts, tier: Tier): number =>
  Math.min(facts.maxOutputTokens ?? ANSWER_TOKENS, tier.maxOutputTokens ?? ANSWER_TOKENS, ANSWER_TOKENS);

export const fitOf = (tier: Tier, estimate: PromptEstimate, facts: RequestFacts): Fit => {
  if (estimate.best > tier.contextLimit) return 'doubtful';
  return estimate.best + expectedOutput(facts, tier) > tier.contextLimit ? 'tight' : 'fits';
};

/**
 * The output cap to give a tier: what was asked, cut to the tier's own limit and to what its window leaves. Engines
 * refuse a request whose prompt and cap together exceed the window, however short the answer would be. Undefined when
 * neither the caller nor the tier sets a cap.
 */
export const outputCap = (tier: Tier, estimate: PromptEstimate, asked: number | undefined): number | undefined => {
  const wanted = Math.min(asked ?? Number.POSITIVE_INFINITY, tier.maxOutputTokens ?? Number.POSITIVE_INFINITY);
  if (!Number.isFinite(wanted)) return undefined;
  const left = tier.contextLimit - Math.ceil(estimate.best * (1 + ROOM_MARGIN));
  return Math.min(wanted, Math.max(left, ROOM_MIN));
};

/** What serving this request on this tier will probably take out of a budget. */
export const expectedCharge = (tier: Tier, estimate: PromptEstimate, facts: RequestFacts): Amount => {
  if (!isMetered(tier)) return NOTHING;
  const usage = { input: estimate.best, output: expectedOutput(facts, tier) };
  return { usd: costOf(usage, tier.prices), tokens: usage.input + usage.output };
};
