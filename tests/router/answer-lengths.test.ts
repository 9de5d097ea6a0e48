/** Is what answers are said to be long the mean of the finished ones, per tier and class, and bounded? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createAnswerLengths } from '#router/answer-lengths';

const tier = (id: string, fingerprint = 'a') => ({ id, fingerprint });
const fast = tier('fast');

test('nothing is known before the first answer of the class', () => {
  const lengths = createAnswerLengths();
  lengths.learn(fast, 'chat', 300);
  expect(lengths.of(fast, 'chat')).toBe(300);
  expect([lengths.of(fast, 'review'), lengths.of(fast, undefined), lengths.of(tier('heavy'), 'chat')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('the mean of some answers is their mean', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 200 }), (tokens) => {
      const lengths = createAnswerLengths();
      for (const count of tokens) lengths.learn(fast, undefined, count);
      const mean = tokens.reduce((sum, count) => sum + count, 0) / tokens.length;
      expect(lengths.of(fast, undefined)).toBeCloseTo(mean, 3);
    }),
  );
});

test('after many answers it follows what they are like now', () => {
  const lengths = createAnswerLengths();
  for (let count = 0; count < 10_000; count++) lengths.learn(fast, 'chat', 100);
  for (let count = 0; count < 1_000; count++) lengths.learn(fast, 'chat', 2_000);
  expect(lengths.of(fast, 'chat')).toBeWithin(1_950, 2_000);
});

test('of a tier that is new to the class, what is known of the others is expected', () => {
  const lengths = createAnswerLengths();
  expect(lengths.ofAny('chat')).toBeUndefined();
  lengths.learn(fast, 'chat', 100);
  lengths.learn(tier('heavy'), 'chat', 300);
  lengths.learn(fast, 'review', 5_000);
  expect([lengths.of(tier('new'), 'chat'), lengths.ofAny('chat'), lengths.ofAny('review')]).toEqual([
    undefined,
    200,
    5_000,
  ]);
});

test('another model starts over', () => {
  const lengths = createAnswerLengths();
  lengths.learn(fast, 'chat', 300);
  expect(lengths.of(tier('fast', 'b'), 'chat')).toBeUndefined();
  lengths.learn(tier('fast', 'b'), 'chat', 900);
  expect([lengths.of(tier('fast', 'b'), 'chat'), lengths.of(fast, 'chat')]).toEqual([900, undefined]);
});

test('a number that is no length teaches nothing', () => {
  const lengths = createAnswerLengths();
  for (const tokens of [Number.NaN, -1, 0, Number.POSITIVE_INFINITY, 1e9]) lengths.learn(fast, 'chat', tokens);
  expect(lengths.of(fast, 'chat')).toBeUndefined();
});

test('of very many tiers the one that has not answered for longest is forgotten', () => {
  const lengths = createAnswerLengths();
  lengths.learn(tier('idle'), 'chat', 5);
  for (let number = 0; number < 1_023; number++) lengths.learn(tier(`t${number}`), 'chat', 5);
  lengths.learn(tier('idle'), 'chat', 5);
  lengths.learn(tier('one more'), 'chat', 5);
  expect([lengths.of(tier('idle'), 'chat'), lengths.of(tier('t0'), 'chat'), lengths.of(tier('t1'), 'chat')]).toEqual([
    5,
    undefined,
    5,
  ]);
});
