/** The receipt: what the response says about how it came to be, in headers and in a last comment of a stream. */
import type { DecisionRecord } from '#core/decision';
import { type Candidate, isUnproven, type Plan } from '#core/plan';
import type { Settings } from '#core/settings';

const INTENT_WORD = {
  declared: 'declared',
  pinned: 'pinned',
  alias: 'pinned',
  inferred: 'inferred',
  hinted: 'hinted',
} as const;

/** Header values must be visible ASCII; anything else in a configured name is percent-encoded. */
const headerSafe = (value: string): string => (/^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value));

/** Headers known before any tier has answered. */
export const decisionHeaders = (id: string, plan: Plan | undefined, settings: Settings): Record<string, string> => {
  const headers: Record<string, string> = {
    'x-anvil-decision': id,
    'x-anvil-mapping': headerSafe(settings.mappingVersion),
  };
  if (!plan) return headers;
  headers['x-anvil-intent'] = INTENT_WORD[plan.intent.source];
  if (plan.intent.workClass) headers['x-anvil-work-class'] = plan.intent.workClass;
  if (plan.unproven) headers['x-anvil-unproven'] = 'true';
  return headers;
};

/** Headers of an answer that begins to leave now, added to `base`. */
export const servedHeaders = (
  base: Record<string, string>,
  served: Candidate,
  model: string,
  attempts: number,
): Record<string, string> => {
  base['x-anvil-tier'] = headerSafe(served.tier.id);
  base['x-anvil-model'] = headerSafe(model);
  base['x-anvil-attempts'] = String(attempts);
  if (isUnproven(served)) base['x-anvil-unproven'] = 'true';
  return base;
};

/**
 * SSE comment that closes a stream with what the headers could not know. Comments are invisible to every client
 * measured; values are bare words and numbers.
 */
export const closingComment = (
  id: string,
  { servedTier, attempts, usage, costUsd }: Pick<DecisionRecord, 'servedTier' | 'attempts' | 'usage' | 'costUsd'>,
): string => {
  const words = [`decision=${id}`];
  if (servedTier) words.push(`tier=${headerSafe(servedTier)}`);
  words.push(`attempts=${attempts.length}`);
  if (usage) {
    words.push(`input_tokens=${usage.input}`, `output_tokens=${usage.output}`);
    if (usage.estimated) words.push('usage=estimated');
  }
  words.push(`cost_usd=${Number(costUsd.toFixed(6))}`);
  return `: anvil ${words.join(' ')}\n\n`;
};
