/** How does a thinking budget compare with a reasoning effort? One table, read in both directions. */
import type { Conversation, Effort } from '#core/message';

/**
 * Budget in tokens that stands for an effort. 8,192 for `medium` and 2,048 for `low` are what harnesses send themselves;
 * Messages accepts no budget under 1,024.
 */
export const BUDGET_TOKENS_OF: Record<Effort, number> = { minimal: 1_024, low: 2_048, medium: 8_192, high: 24_576 };

/** Upper bounds: a budget up to here counts as that effort. Never `minimal`, which few servers know. */
const LOW_TOKENS_MAX = 4_096;
const MEDIUM_TOKENS_MAX = 16_384;

const effortOfBudget = (budgetTokens: number): Effort => {
  if (budgetTokens <= LOW_TOKENS_MAX) return 'low';
  return budgetTokens <= MEDIUM_TOKENS_MAX ? 'medium' : 'high';
};

/** The effort that thinking is asked with, be it named or meant by a budget. */
export const effortOfThinking = ({ effort, budgetTokens }: NonNullable<Conversation['thinking']>): Effort | undefined =>
  effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens));

const EFFORTS: Readonly<Record<string, Effort>> = {
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** The effort a request names; undefined for `none`, unknown words and anything that is no string. */
export const effortOf = (value: unknown): Effort | undefined =>
  typeof value === 'string' && Object.hasOwn(EFFORTS, value) ? EFFORTS[value] : undefined;
