// How long a prompt is taken to be, what real answers teach, and which output cap a window leaves.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  estimatePrompt,
  expectedCharge,
  expectedOutput,
  fitOf,
  learnRatio,
  outputCap,
  RATIO_START,
} from '#core/estimate';
import { CLOUD, FAST, factsOf, tierOf } from '#tests/core/decide-fixtures';

const facts = (chars: number, fields = {}) =>
  factsOf('', { chars: { system: chars, messages: chars, tools: chars }, ...fields });

describe('an estimate', () => {
  test('counts system, messages and tools', () => {
    expect(estimatePrompt(facts(6_000))).toEqual({ floor: 3_000, best: 5_004 });
  });
  test('counts images little in the floor and fully in the guess', () => {
    expect(estimatePrompt(facts(0, { imageCount: 2, messageCount: 1 }))).toEqual({ floor: 32, best: 2_004 });
  });
  test('uses the ratio learned for a tier; a dense tokenizer lowers the floor as well', () => {
    expect(estimatePrompt(facts(6_000), 2)).toEqual({ floor: 3_000, best: 9_004 });
    expect(estimatePrompt(facts(6_000), 8)).toEqual({ floor: 1_800, best: 2_254 });
  });
  test('never guesses below its floor', () => {
    fc.assert(
      fc.property(fc.nat(1e7), fc.nat(50), fc.double({ min: 1.5, max: 8, noNaN: true }), (chars, imageCount, ratio) => {
        const { floor, best } = estimatePrompt(facts(chars, { imageCount }), ratio);
        expect(floor).toBeLessThanOrEqual(best);
        expect(floor).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('learning', () => {
  const seen = (input: number, output = 1) => ({ input, output });
  test('takes the first observation whole and later ones by fifteen percent', () => {
    const first = learnRatio(undefined, facts(1_000), seen(1_004));
    expect(first).toBe(3);
    expect(learnRatio(3, facts(1_000), seen(604))).toBeCloseTo(3 + 0.15 * 2);
  });
  test('learns nothing from images, short prompts, our own counts and nonsense', () => {
    expect(learnRatio(3, facts(9_000, { imageCount: 1 }), seen(1_000))).toBe(3);
    expect(learnRatio(3, facts(100), seen(203))).toBe(3);
    expect(learnRatio(3, facts(9_000), { ...seen(1_000), estimated: true })).toBe(3);
    expect(learnRatio(undefined, facts(9_000), seen(Number.NaN))).toBeUndefined();
  });
  test('stays between 1.5 and 8 whatever is reported', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1e7), fc.double()), { minLength: 1 }), (answers) => {
        let ratio: number | undefined;
        for (const [chars, input] of answers) ratio = learnRatio(ratio, facts(chars), seen(input));
        if (ratio === undefined) return;
        expect(ratio).toBeGreaterThanOrEqual(1.5);
        expect(ratio).toBeLessThanOrEqual(8);
      }),
    );
  });
  test('converges on a steady tokenizer', () => {
    let ratio: number | undefined = RATIO_START;
    for (let turn = 0; turn < 40; turn += 1) ratio = learnRatio(ratio, facts(1_000), seen(1_504));
    expect(ratio).toBeCloseTo(2, 1);
  });
});

describe('fit', () => {
  const fit = (best: number, maxOutputTokens?: number) =>
    fitOf(FAST, { floor: 0, best }, factsOf('', { maxOutputTokens }));
  test('leaves room for an answer of at most 4,096 tokens, however large the cap of the caller', () => {
    expect([fit(28_672), fit(28_673), fit(28_673, 32_000), fit(28_673, 100), fit(32_769)]).toEqual([
      'fits',
      'tight',
      'tight',
      'fits',
      'doubtful',
    ]);
  });
  test('expects no more than the tier can say', () => {
    expect(expectedOutput(factsOf(''), tierOf('x', { maxOutputTokens: 500 }))).toBe(500);
  });
});

describe('the output cap for a tier', () => {
  const estimate = { floor: 0, best: 20_000 };
  test('is what the window leaves after a prompt that may be a tenth longer than guessed', () => {
    expect(outputCap(FAST, estimate, 32_000)).toBe(32_768 - 22_000);
    expect(outputCap(FAST, estimate, 100)).toBe(100);
  });
  test("is the tier's own limit where that is less", () => {
    expect(outputCap({ ...FAST, maxOutputTokens: 50 }, estimate, undefined)).toBe(50);
  });
  test('is absent when nobody sets one', () => expect(outputCap(FAST, estimate, undefined)).toBeUndefined());
  test('never falls below 256 unless less was asked', () => {
    expect(outputCap(FAST, { floor: 0, best: 40_000 }, 9_000)).toBe(256);
    expect(outputCap(FAST, { floor: 0, best: 40_000 }, 9)).toBe(9);
  });
});

test('the expected charge is nothing on a free tier and the guess at its prices on a metered one', () => {
  const estimate = { floor: 0, best: 10_000 };
  expect(expectedCharge(FAST, estimate, factsOf(''))).toEqual({ usd: 0, tokens: 0 });
  expect(expectedCharge(CLOUD, estimate, factsOf('', { maxOutputTokens: 1_000 }))).toEqual({
    usd: 0.045,
    tokens: 11_000,
  });
});
