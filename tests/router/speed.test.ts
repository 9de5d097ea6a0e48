/** Is what tiers are said to decode an average over time of the newest whole answers of the present model? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { AttemptRecord } from '#core/decision';
import { createSpeed, speedOf, type Timing } from '#router/speed';

const tier = (id: string, fingerprint = 'a') => ({ id, fingerprint });
/** An answer of 100 tokens a second, unless said otherwise. */
const answer = (fields: Partial<AttemptRecord> = {}): Timing => ({
  outcome: 'served',
  firstPartMs: 500,
  endedMs: 2_500,
  usage: { input: 9_000, output: 200 },
  ...fields,
});
const at = (tokensPerSecond: number): Timing => answer({ usage: { input: 1, output: 2 * tokensPerSecond } });

test('is output over the time from the first part to the end', () => {
  expect(speedOf(answer())).toBe(100);
});

test.each<readonly [string, Partial<AttemptRecord>]>([
  ['an answer that was rejected, and perhaps stopped', { outcome: 'rejected' }],
  ['an answer that broke off', { outcome: 'broken' }],
  ['an answer of which nothing came', { outcome: 'error' }],
  ['tokens that we counted ourselves', { usage: { input: 1, output: 200, estimated: true } }],
  ['fewer than 16 tokens', { usage: { input: 1, output: 15 } }],
  ['an answer in one piece', { firstPartMs: 2_500 }],
  ['less than 200 ms', { firstPartMs: 2_301 }],
  ['an end before the beginning', { firstPartMs: 9_000 }],
  ['a count that no model reaches', { usage: { input: 1, output: 9_000_000 } }],
  ['a count that is none', { usage: { input: 1, output: Number.NaN } }],
  ['an infinite count', { usage: { input: 1, output: Number.POSITIVE_INFINITY } }],
])('%s tells nothing', (_what, fields) => {
  expect(speedOf(answer(fields))).toBeUndefined();
  const speed = createSpeed();
  speed.learn(tier('fast'), answer(fields));
  expect(speed.of(tier('fast'))).toBeUndefined();
});

test('an answer without a first part or without usage tells nothing', () => {
  const { firstPartMs: _first, ...nothing } = answer();
  const { usage: _usage, ...uncounted } = answer();
  expect([speedOf(nothing), speedOf(uncounted)]).toEqual([undefined, undefined]);
});

test('the shortest answer that tells something', () => {
  expect(speedOf(answer({ firstPartMs: 2_300, usage: { input: 1, output: 16 } }))).toBe(80);
});

describe('learning', () => {
  test('the first answer counts in full, and for its own tier', () => {
    const speed = createSpeed();
    speed.learn(tier('fast'), at(40));
    expect([speed.of(tier('fast')), speed.of(tier('heavy'))]).toEqual([40, undefined]);
  });

  test('the newest answers outweigh the older ones', () => {
    const speed = createSpeed();
    for (let count = 0; count < 100; count++) speed.learn(tier('fast'), at(40));
    for (let count = 0; count < 20; count++) speed.learn(tier('fast'), at(100));
    expect(speed.of(tier('fast'))).toBeWithin(95, 100);
  });

  test('one answer that seems very fast cannot hide the slow ones', () => {
    const speed = createSpeed();
    speed.learn(tier('fast'), at(20));
    speed.learn(tier('fast'), at(9_000));
    expect(speed.of(tier('fast'))).toBeWithin(20, 26);
  });

  test('another model starts over', () => {
    const speed = createSpeed();
    speed.learn(tier('fast'), at(40));
    expect(speed.of(tier('fast', 'b'))).toBeUndefined();
    speed.learn(tier('fast', 'b'), at(90));
    expect([speed.of(tier('fast', 'b')), speed.of(tier('fast'))]).toEqual([90, undefined]);
  });

  test('never leaves the range of what was seen', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 8, max: 9_000 }), { minLength: 1, maxLength: 60 }), (speeds) => {
        const speed = createSpeed();
        for (const each of speeds) speed.learn(tier('fast'), at(each));
        const known = speed.of(tier('fast')) ?? Number.NaN;
        expect(known).toBeWithin(Math.min(...speeds) - 1e-6, Math.max(...speeds) + 1e-6);
      }),
    );
  });
});
