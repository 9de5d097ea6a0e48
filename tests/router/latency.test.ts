/** Is what tiers are said to need for their first byte an average of the newest answers of the present model? */
import { expect, test } from 'bun:test';
import { createLatency } from '#router/latency';

const tier = (id: string, fingerprint = 'a') => ({ id, fingerprint });

test('nothing is known before the first answer, which counts in full', () => {
  const latency = createLatency();
  expect(latency.of(tier('fast'))).toBeUndefined();
  latency.learn(tier('fast'), 400);
  expect([latency.of(tier('fast')), latency.of(tier('heavy'))]).toEqual([400, undefined]);
});

test('the newest answers outweigh the older ones', () => {
  const latency = createLatency();
  for (let count = 0; count < 100; count++) latency.learn(tier('fast'), 400);
  for (let count = 0; count < 15; count++) latency.learn(tier('fast'), 2_000);
  expect(latency.of(tier('fast'))).toBeWithin(1_900, 2_000);
});

test('another model starts over', () => {
  const latency = createLatency();
  latency.learn(tier('fast'), 400);
  expect(latency.of(tier('fast', 'b'))).toBeUndefined();
  latency.learn(tier('fast', 'b'), 9_000);
  expect(latency.of(tier('fast', 'b'))).toBe(9_000);
});

test('a time that is none teaches nothing', () => {
  const latency = createLatency();
  for (const ms of [Number.NaN, -1, Number.POSITIVE_INFINITY]) latency.learn(tier('fast'), ms);
  expect(latency.of(tier('fast'))).toBeUndefined();
});

test('a tier that had not begun in time is at least so slow, and faster answers make it fast again', () => {
  const latency = createLatency();
  latency.learnAtLeast(tier('fast'), 5_000);
  latency.learnAtLeast(tier('fast'), 200);
  expect(latency.of(tier('fast'))).toBe(5_000);
  for (let count = 0; count < 30; count++) latency.learn(tier('fast'), 300);
  expect(latency.of(tier('fast'))).toBeWithin(300, 320);
});
