// What a request that came now is told about its wait, and that it is about what it then has to wait.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { SlotView, SwapEstimate, SwapModel, SwapView } from '#core/swap';
import { estimate } from '#core/swap-estimate';
import { schedule } from '#core/swap-policy';
import { modelOf, slotOf, viewOf, waiterOf } from '#tests/core/swap-fixtures';
import { type Arrival, simulate } from '#tests/core/swap-simulator';
import { anySituation, exclusiveModels } from '#tests/core/swap-traces';

const NOW = 100_000;
const told = (slots: readonly SlotView[], over: Partial<SwapView> = {}): SwapEstimate | undefined =>
  estimate(viewOf(slots, { now: NOW, ...over }), 'a');
const other = (over: Partial<SlotView>, of: Partial<SwapModel> = {}): SlotView => slotOf(modelOf('b', of), over);
const mine = (over: Partial<SlotView> = {}, of: Partial<SwapModel> = {}): SlotView => slotOf(modelOf('a', of), over);

describe('the estimate', () => {
  const table: readonly [string, readonly SlotView[], Partial<SwapView>, SwapEstimate][] = [
    ['ready', [mine({ state: 'ready', leases: 9 })], {}, { state: 'ready', readyInMs: 0, needs: 'nothing' }],
    [
      'busy, two turns before it',
      [mine({ state: 'ready', leases: 1 }, { maxConcurrency: 1 })],
      { waiting: [waiterOf('a', 1)] },
      { state: 'ready', readyInMs: 30_000, needs: 'turn' },
    ],
    ['room is free', [mine(), other({})], {}, { state: 'empty', readyInMs: 20_000, needs: 'load' }],
    ['asleep', [mine({ state: 'asleep' }, { asleepMib: 0 })], {}, { state: 'asleep', readyInMs: 2000, needs: 'wake' }],
    [
      'loading for a while',
      [mine({ state: 'loading', since: NOW - 15_000 })],
      {},
      { state: 'loading', readyInMs: 5000, needs: 'load' },
    ],
    [
      'loading for longer than ever',
      [mine({ state: 'loading', since: 0 })],
      {},
      { state: 'loading', readyInMs: 0, needs: 'load' },
    ],
    [
      'waking',
      [mine({ state: 'loading', since: NOW - 500, waking: true }, { asleepMib: 0 })],
      {},
      { state: 'loading', readyInMs: 1500, needs: 'wake' },
    ],
    [
      'resting',
      [mine({ state: 'failed', retryAt: NOW + 4000 })],
      {},
      { state: 'failed', readyInMs: 24_000, needs: 'retry' },
    ],
    [
      'behind one with nothing to do',
      [mine(), other({ state: 'ready', lastUsedAt: 0 })],
      {},
      { state: 'empty', readyInMs: 23_000, needs: 'swap' },
    ],
    [
      'behind one that lingers',
      [mine(), other({ state: 'ready', lastUsedAt: NOW - 500 })],
      {},
      { state: 'empty', readyInMs: 24_500, needs: 'swap' },
    ],
    [
      'behind one that is busy: until it is worth it, and half a drain',
      [mine(), other({ state: 'ready', leases: 1 })],
      {},
      { state: 'empty', readyInMs: 20_000 + 15_000 + 3000 + 20_000, needs: 'swap' },
    ],
    [
      'ready, but it gives no more leases: half a drain, the other one with its shortest stay, and back again',
      [mine({ state: 'ready', leases: 1 }), other({})],
      { waiting: [waiterOf('b', 50_000)] },
      { state: 'ready', readyInMs: 15_000 + 3000 + 20_000 + 10_000 + 3000 + 20_000, needs: 'swap' },
    ],
    [
      'behind one that leaves',
      [mine(), other({ state: 'unloading', since: NOW - 1000 })],
      {},
      { state: 'empty', readyInMs: 22_000, needs: 'swap' },
    ],
  ];
  for (const [title, slots, over, expected] of table) {
    test(title, () => expect(told(slots, over)).toEqual(expected));
  }
  test('is longer behind another that waits for the same room', () => {
    const slots = [mine(), other({}), slotOf(modelOf('c'), { state: 'ready' })];
    const alone = told(slots)?.readyInMs ?? Number.NaN;
    expect(told(slots, { waiting: [waiterOf('b', 50_000)] })?.readyInMs).toBeGreaterThan(alone + 20_000);
  });
  test('is undefined for a model that has no slot', () => expect(estimate(viewOf([]), 'a')).toBeUndefined());
});

describe('every estimate', () => {
  test('is a finite time, and 0 only where the next request gets its lease at once', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        const watch = (view: SwapView): void => {
          if (schedule(view).commands.length > 0) return;
          for (const { model } of view.slots) {
            const found = estimate(view, model.name);
            expect(found !== undefined && Number.isFinite(found.readyInMs) && found.readyInMs >= 0).toBeTrue();
            if (found?.needs !== 'nothing') continue;
            const asked = { ...view, waiting: [...view.waiting, waiterOf(model.name, view.now, { id: 'new' })] };
            const granted = schedule(asked).commands.some(
              (command) => command.do === 'grant' && command.waiter === 'new',
            );
            expect(granted).toBeTrue();
          }
        };
        simulate({ ...situation, decide: schedule, watch });
      }),
      { numRuns: 100 },
    );
  });

  test('is what a request that comes alone to an idle resident of another model waits', () => {
    fc.assert(
      fc.property(exclusiveModels(2), (situation) => {
        const first: Arrival = { id: 'first', model: 'a', at: 0, serviceMs: 100 };
        const second: Arrival = { id: 'second', model: 'b', at: 200_000, serviceMs: 100 };
        let expected = Number.NaN;
        const { endings } = simulate({
          ...situation,
          arrivals: [first, second],
          decide: schedule,
          watch: (view) => {
            if (view.now === second.at && Number.isNaN(expected))
              expected = estimate({ ...view, waiting: [] }, 'b')?.readyInMs ?? Number.NaN;
          },
        });
        const waited = endings.find(({ arrival }) => arrival === second)?.grantedAt ?? Number.NaN;
        const sleeping = situation.models[0]?.swap.asleepMib !== undefined;
        // Where the resident may sleep instead of being unloaded, the longer of the two is expected.
        if (sleeping) expect(waited - second.at).toBeLessThanOrEqual(expected);
        else expect(waited - second.at).toBe(expected);
      }),
      { numRuns: 100 },
    );
  });
});
