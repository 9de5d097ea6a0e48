/** How long does a resident stay when nobody says how long: as much as its load, and that of the other, are worth? */
import { describe, expect, test } from 'bun:test';
import type { SlotView, SwapModel, SwapPolicy, SwapTimes } from '#core/swap';
import { SWAP_DEFAULTS } from '#core/swap-defaults';
import { schedule } from '#core/swap-policy';
import { modelOf, slotOf, viewOf, waiterOf } from '#tests/core/swap-fixtures';

const timesOf = (loadMs: number, wakeMs = 1_000): SwapTimes => ({ loadMs, wakeMs, unloadMs: 500, sleepMs: 500 });

interface Case {
  /** Load times of the resident and of the one that is asked for. */
  readonly own?: number;
  readonly other?: number;
  readonly resident?: Partial<SlotView>;
  readonly model?: Partial<SwapModel>;
  readonly policy?: Partial<SwapPolicy>;
  /** Arrival of who waits for the other model. */
  readonly since?: number;
}

/** First moment, in whole tenths of a second, at which a resident that became ready at 0 is vacated for another model. */
const leavesAt = ({
  own = 60_000,
  other = 60_000,
  resident = {},
  model = {},
  policy = {},
  since = 0,
}: Case): number => {
  const slots = [
    slotOf(modelOf('a', model), { state: 'ready', times: timesOf(own), ...resident }),
    slotOf(modelOf('b'), { times: timesOf(other) }),
  ];
  for (let now = since; now < 200_000; now += 100) {
    const view = viewOf(slots, { now, waiting: [waiterOf('b', since)], policy: { ...SWAP_DEFAULTS, ...policy } });
    if (schedule(view).commands.some((command) => command.do === 'drain')) return now;
  }
  return Number.POSITIVE_INFINITY;
};

const busy: Partial<SlotView> = { lastUsedAt: 1_000_000 };

describe('a resident that nobody uses', () => {
  test.each([
    ['stays for ten seconds at most after loading', {}, 10_000],
    ['stays no longer than its own load took', { own: 2_000 }, 3_000],
    ['lingers no longer than the load of the other takes', { own: 2_000, other: 1_000, since: 0 }, 2_000],
    [
      'lingers for three seconds at most after its last lease',
      { resident: { lastUsedAt: 50_000 }, since: 50_000 },
      53_000,
    ],
    [
      'lingers no longer than that after its last lease either',
      { other: 700, resident: { lastUsedAt: 50_000 }, since: 49_900 },
      50_700,
    ],
    ['stays no longer than it takes to wake, if it can sleep', { model: { asleepMib: 0 } }, 3_000],
    ['stays for as long as somebody has said', { own: 2_000, model: { minResidentMs: 7_000 } }, 7_000],
    ['lingers for as long as somebody has said', { own: 500, other: 700, policy: { lingerMs: 9_000 } }, 9_000],
    ['goes at once if somebody has said so', { model: { minResidentMs: 0 }, policy: { lingerMs: 0 } }, 0],
  ] satisfies readonly (readonly [string, Case, number])[])('%s', (_, given, at) => {
    expect(leavesAt(given)).toBe(at);
  });
});

describe('a resident that was used a moment ago', () => {
  test.each([
    [
      'stays for ten seconds, however quickly it loads, since swaps that are worth little in each case add up',
      2_000,
      10_000,
    ],
    ['leaves for who has waited longer than their load is worth', 20_000, 30_000],
  ])('%s', (_, other, at) => {
    expect(leavesAt({ own: 2_000, other, resident: busy })).toBe(at);
  });
});
