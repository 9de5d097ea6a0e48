/** What do tokens cost, and which tiers cost money at all? Price arithmetic only. */
import type { Usage } from '#core/message';
import type { Prices, Tier } from '#core/tier';

/** Money and tokens, as budgets count them. */
export interface Amount {
  readonly usd: number;
  readonly tokens: number;
}

export const NOTHING: Amount = { usd: 0, tokens: 0 };

export const add = (left: Amount, right: Amount): Amount => ({
  usd: left.usd + right.usd,
  tokens: left.tokens + right.tokens,
});

export const subtract = (left: Amount, right: Amount): Amount => ({
  usd: Math.max(0, left.usd - right.usd),
  tokens: Math.max(0, left.tokens - right.tokens),
});

const PER_MILLION = 1e6;

const count = (tokens: number | undefined): number =>
  tokens !== undefined && Number.isFinite(tokens) && tokens > 0 ? tokens : 0;

/**
 * USD for one attempt at its tier's prices. `usage.input` is gross, so cached tokens are taken out of it and billed at
 * their own prices, which default to the input price. A missing price counts as 0.
 */
export const costOf = (usage: Usage, prices: Prices): number => {
  const input = prices.input ?? 0;
  const cacheRead = count(usage.cacheRead);
  const cacheWrite = count(usage.cacheWrite);
  const fresh = Math.max(0, count(usage.input) - cacheRead - cacheWrite);
  const total =
    fresh * input +
    cacheRead * (prices.cacheRead ?? input) +
    cacheWrite * (prices.cacheWrite ?? input) +
    count(usage.output) * (prices.output ?? 0);
  return total / PER_MILLION;
};

/** Every cloud tier, and any tier with a price above zero: budgets count and stop these. */
export const isMetered = (tier: Tier): boolean =>
  tier.privacy === 'cloud' || (tier.prices.input ?? 0) > 0 || (tier.prices.output ?? 0) > 0;

/** What one answer takes out of a budget: nothing on a free tier. */
export const chargeOf = (tier: Tier, usage: Usage): Amount =>
  isMetered(tier) ? { usd: costOf(usage, tier.prices), tokens: count(usage.input) + count(usage.output) } : NOTHING;
