// One ratio per tier, learned from its own answers and unlearned with its model.
import { expect, test } from 'bun:test';
import { RATIO_START } from '#core/estimate';
import { createEstimator } from '#router/estimator';
import { FAST, factsOf, HEAVY } from '#tests/core/decide-fixtures';

const facts = factsOf('', { chars: { system: 0, messages: 6_000, tools: 0 } });

test('a tier that nobody asked yet is estimated at the start ratio', () => {
  const estimator = createEstimator();
  expect(estimator.ratioOf(FAST)).toBe(RATIO_START);
  expect(estimator.estimate(FAST, facts).best).toBe(Math.ceil(6_000 / RATIO_START) + 4);
});

test('what one tier reports changes its own estimates only', () => {
  const estimator = createEstimator();
  estimator.learn(FAST, facts, { input: 3_004, output: 1 });
  expect([estimator.ratioOf(FAST), estimator.ratioOf(HEAVY)]).toEqual([2, RATIO_START]);
  expect(estimator.estimate(FAST, facts).best).toBe(3_004);
});

test('an answer that teaches nothing changes nothing', () => {
  const estimator = createEstimator();
  estimator.learn(FAST, facts, { input: 3_004, output: 1, estimated: true });
  expect(estimator.ratioOf(FAST)).toBe(RATIO_START);
});

test('another model under the same tier id starts over', () => {
  const estimator = createEstimator();
  estimator.learn(FAST, facts, { input: 3_004, output: 1 });
  const changed = { ...FAST, fingerprint: 'another' };
  expect(estimator.ratioOf(changed)).toBe(RATIO_START);
  estimator.learn(changed, facts, { input: 1_504, output: 1 });
  expect(estimator.ratioOf(changed)).toBe(4);
});
