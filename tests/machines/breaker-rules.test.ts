/** What does each report do to a breaker, and how long does it stay open? */
import { describe, expect, test } from 'bun:test';
import { type BreakerEvent, type BreakerLimits, breakerMachine, GIVEN_UP_MAX } from '#machines/breaker.machine';
import { LIMITS } from '#tests/machines/breaker-limits';
import { simulated } from '#tests/machines/simulated';

/** Steps in short: `12` lets 12 s pass; `fail a`, `fail a 20` (Retry-After 20 s), `ok a`, `ask a`, `give a`. */
const eventOf = (words: readonly string[], at: number): BreakerEvent => {
  const [verb, requestId = 'a', seconds] = words;
  if (verb === 'fail' && seconds !== undefined) {
    return { type: 'attempt.failed', requestId, at, retryAfterMs: Number(seconds) * 1000 };
  }
  if (verb === 'fail') return { type: 'attempt.failed', requestId, at };
  if (verb === 'ok') return { type: 'attempt.succeeded', requestId, at };
  if (verb === 'ask') return { type: 'probe.request', requestId, at };
  if (verb === 'give') return { type: 'probe.release', requestId, at };
  throw new Error(`unknown step ${words.join(' ')}`);
};

const run = (steps: readonly string[], limits: BreakerLimits = LIMITS): string => {
  const { actors, clock, errors } = simulated();
  const actor = actors.start(breakerMachine, { id: 'breaker', input: limits });
  for (const step of steps) {
    if (Number.isNaN(Number(step))) actor.send(eventOf(step.split(' '), clock.now()));
    else clock.increment(Number(step) * 1000);
  }
  const { value, context } = actor.getSnapshot();
  actor.stop();
  expect(errors).toEqual([]);
  if (typeof value === 'string') return value;
  return context.probe === undefined ? value.halfOpen : `probe ${context.probe.requestId}`;
};

/** Limits: 2 failures in 60 s; open 10 s, at most 60 s; a probe has 5 s. */
const OPENED = ['fail a', 'fail b'];
const TABLE: readonly (readonly [title: string, steps: readonly string[], ends: string])[] = [
  ['one failure is not enough', ['fail a'], 'closed'],
  ['as many failures as the limit open it', OPENED, 'open'],
  ['failures older than the window do not count', ['fail a', '60', 'fail b'], 'closed'],
  ['failures just within the window count', ['fail a', '59.9', 'fail b'], 'open'],
  ['a success takes back one failure', ['fail a', 'ok b', 'fail c'], 'closed'],
  ['a success takes back no more than one', ['fail a', 'ok b', 'fail c', 'fail d'], 'open'],
  ['successes before a failure are no credit', ['ok a', 'ok b', 'fail c', 'fail d'], 'open'],
  ['a neutral end changes nothing while closed', ['fail a', 'give a', 'fail b'], 'open'],
  ['asking for a probe while closed does nothing', ['ask a'], 'closed'],
  ['nobody gets a probe while it is open', [...OPENED, '9.9', 'ask c'], 'open'],
  ['a success of an older request does not close it', [...OPENED, 'ok c'], 'open'],
  ['the probe is free after the cooldown', [...OPENED, '10'], 'idle'],
  ['the first to ask gets the probe', [...OPENED, '10', 'ask c', 'ask d'], 'probe c'],
  ['reports of others are not heard before a probe', [...OPENED, '10', 'ok a', 'fail b'], 'idle'],
  ['reports of others are not heard during a probe', [...OPENED, '10', 'ask c', 'ok a', 'fail b', 'give a'], 'probe c'],
  ['a good probe closes it', [...OPENED, '10', 'ask c', 'ok c'], 'closed'],
  ['after a good probe the count begins anew', [...OPENED, '10', 'ask c', 'ok c', 'fail d'], 'closed'],
  ['a bad probe opens it again', [...OPENED, '10', 'ask c', 'fail c'], 'open'],
  ['after one bad probe it stays open twice as long', [...OPENED, '10', 'ask c', 'fail c', '19.9'], 'open'],
  ['and no longer than that', [...OPENED, '10', 'ask c', 'fail c', '20'], 'idle'],
  [
    'a good probe ends the doubling',
    [...OPENED, '10', 'ask c', 'fail c', '20', 'ask d', 'ok d', ...OPENED, '10'],
    'idle',
  ],
  ['a neutral probe is free again at once', [...OPENED, '10', 'ask c', 'give c', 'ask d'], 'probe d'],
  ['a probe that never reports is given up', [...OPENED, '10', 'ask c', '5'], 'idle'],
  ['not before its time', [...OPENED, '10', 'ask c', '4.9'], 'probe c'],
  [
    'a given-up probe that fails late does not judge the next one',
    [...OPENED, '10', 'ask c', '5', 'ask d', 'fail c'],
    'probe d',
  ],
  ['a given-up probe that succeeds late closes it', [...OPENED, '10', 'ask c', '5', 'ask d', 'ok c'], 'closed'],
  ['also when nobody else has asked', [...OPENED, '10', 'ask c', '5', 'ok c'], 'closed'],
  [
    'a given-up probe that fails late opens it while the probe is free',
    [...OPENED, '10', 'ask c', '5', 'fail c'],
    'open',
  ],
  ['and that doubles', [...OPENED, '10', 'ask c', '5', 'fail c', '19.9'], 'open'],
  [
    'given-up probes of an earlier half-open time are not heard',
    [...OPENED, '10', 'ask c', '5', 'ask d', 'fail d', '20', 'ok c'],
    'idle',
  ],
  ['a probe given back is not heard later', [...OPENED, '10', 'ask c', 'give c', 'ok c'], 'idle'],
  ['giving a probe up does not double', [...OPENED, '10', 'ask c', '5', 'ask d', 'fail d', '20'], 'idle'],
  ['Retry-After lengthens the open time', ['fail a', 'fail b 30', '29.9'], 'open'],
  ['up to its end', ['fail a', 'fail b 30', '30'], 'idle'],
  ['Retry-After of an earlier failure counts too', ['fail a 30', 'fail b', '29.9'], 'open'],
  ['a short Retry-After does not shorten the open time', ['fail a', 'fail b 1', '9.9'], 'open'],
  ['Retry-After is bounded by the maximum', ['fail a', 'fail b 99999', '60'], 'idle'],
  ['one Retry-After alone does not open it', ['fail a 30'], 'closed'],
  ['a late Retry-After lengthens an open time under way', [...OPENED, '5', 'fail c 20', '19.9'], 'open'],
  ['but not beyond the maximum, counted from the opening', [...OPENED, '5', 'fail c 99999', '55'], 'idle'],
];

describe('a breaker', () => {
  test.each(TABLE)('%s', (_, steps, ends) => {
    expect(run(steps)).toBe(ends);
  });
});

test('the open time doubles per bad probe up to the maximum and stays there', () => {
  const bad = (seconds: number): string[] => [String(seconds), 'ask p', 'fail p'];
  const worse = [...OPENED, ...bad(10), ...bad(20), ...bad(40), ...bad(60)];
  expect(run([...worse, '59.9'])).toBe('open');
  expect(run([...worse, '60'])).toBe('idle');
});

test('an answer slower than the probe time closes it in the end, though every probe is given up', () => {
  const probes = ['p0', 'p1', 'p2', 'p3'].flatMap((id) => [`ask ${id}`, '5']);
  expect(run([...OPENED, '10', ...probes])).toBe('idle');
  expect(run([...OPENED, '10', ...probes, 'ask p4', 'ok p0'])).toBe('closed');
});

test('no more given-up probes are remembered than the maximum', () => {
  const probes = (count: number): string[] => Array.from({ length: count }, (_, i) => [`ask p${i}`, '5']).flat();
  expect(run([...OPENED, '10', ...probes(GIVEN_UP_MAX), 'ok p0'])).toBe('closed');
  expect(run([...OPENED, '10', ...probes(GIVEN_UP_MAX + 1), 'ok p0'])).toBe('idle');
});

describe('new limits', () => {
  const changed = (limits: BreakerLimits, waitMs: number): unknown => {
    const { actors, clock } = simulated();
    const actor = actors.start(breakerMachine, { id: 'breaker', input: LIMITS });
    for (const requestId of ['a', 'b']) actor.send({ type: 'attempt.failed', requestId, at: 0, retryAfterMs: 50_000 });
    clock.increment(20_000);
    actor.send({ type: 'limits.changed', limits, at: clock.now() });
    clock.increment(waitMs);
    return actor.getSnapshot().value;
  };

  test('leave an open breaker open for the rest of its time', () => {
    expect(changed(LIMITS, 29_999)).toBe('open');
    expect(changed(LIMITS, 30_000)).toEqual({ halfOpen: 'idle' });
  });

  test('cut an open time that is longer than the new maximum', () => {
    expect(changed({ ...LIMITS, cooldownMaxMs: 25_000 }, 4_999)).toBe('open');
    expect(changed({ ...LIMITS, cooldownMaxMs: 25_000 }, 5_000)).toEqual({ halfOpen: 'idle' });
    expect(changed({ ...LIMITS, cooldownMaxMs: 15_000 }, 0)).toEqual({ halfOpen: 'idle' });
  });

  test('apply to the next failure', () => {
    const { actors } = simulated();
    const actor = actors.start(breakerMachine, { id: 'breaker', input: LIMITS });
    actor.send({ type: 'limits.changed', limits: { ...LIMITS, failuresToOpen: 1 }, at: 0 });
    actor.send({ type: 'attempt.failed', requestId: 'a', at: 0 });
    expect(actor.getSnapshot().value).toBe('open');
  });
});
