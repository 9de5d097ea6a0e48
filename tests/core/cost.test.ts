// What an attempt costs at its own tier's prices, cache tokens included, and what counts against a budget.
import { describe, expect, test } from 'bun:test';
import { chargeOf, costOf, isMetered } from '#core/cost';
import { CLOUD, FAST, tierOf } from '#tests/core/decide-fixtures';

const M = 1_000_000;

test.each([
  ['input and output', { input: 2 * M, output: M }, { input: 3, output: 15 }, 21],
  ['a missing price as nothing', { input: M, output: M }, { output: 15 }, 15],
  ['no prices as nothing', { input: M, output: M }, {}, 0],
  [
    'cached input at its own prices',
    { input: 3 * M, output: 0, cacheRead: M, cacheWrite: M },
    { input: 3, cacheRead: 0.3, cacheWrite: 3.75 },
    7.05,
  ],
  ['cached input at the input price without one', { input: 3 * M, output: 0, cacheRead: M }, { input: 3 }, 9],
  [
    'more cached input than input as cached only',
    { input: M, output: 0, cacheRead: 2 * M },
    { input: 3, cacheRead: 1 },
    2,
  ],
  ['nonsense as nothing', { input: Number.NaN, output: -5 }, { input: 3, output: 15 }, 0],
] as const)('counts %s', (_name, usage, prices, usd) => expect(costOf(usage, prices)).toBeCloseTo(usd, 9));

describe('metered', () => {
  test('is every cloud tier and every tier with a price', () => {
    expect(
      [
        FAST,
        CLOUD,
        tierOf('x', { privacy: 'cloud' }),
        tierOf('y', { prices: { output: 1 } }),
        tierOf('z', { prices: { input: 0, output: 0 } }),
      ].map(isMetered),
    ).toEqual([false, true, true, true, false]);
  });
  test('tiers alone are charged', () => {
    const usage = { input: M, output: 10 };
    expect(chargeOf(FAST, usage)).toEqual({ usd: 0, tokens: 0 });
    expect(chargeOf(CLOUD, usage)).toEqual({ usd: 3.00015, tokens: 1_000_010 });
  });
});
