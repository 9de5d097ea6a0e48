// What fits beside what, and which slots are vacated so that something fits.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { SlotView, SwapModel } from '#core/swap';
import { cheapestRoom, fits, laterOccupantOf, type Occupant, occupantOf } from '#core/swap-fit';
import { modelOf, slotOf, TIMES } from '#tests/core/swap-fixtures';

const memory = new Map<string, number | undefined>([
  ['gpu0', 24],
  ['gpu1', 24],
  ['unknown', undefined],
]);

const sized = (name: string, vramMib: number, over: Partial<SwapModel> = {}): SwapModel =>
  modelOf(name, { vramMib, ...over });
const loaded = (model: SwapModel): Occupant => ({ model, loaded: true });
const asleep = (model: SwapModel): Occupant => ({ model, loaded: false });

describe('fits', () => {
  const unknown = { gpus: ['unknown'] };
  const both = { gpus: ['gpu0', 'gpu1'] };
  const table: readonly [string, SwapModel, readonly Occupant[], boolean][] = [
    ['alone, up to the last MiB', sized('a', 24), [], true],
    ['not when it is larger than the GPU', sized('a', 25), [], false],
    ['beside another while the sum fits', sized('a', 16), [loaded(sized('b', 8))], true],
    ['not when the sum is too large', sized('a', 16), [loaded(sized('b', 9))], false],
    ['on another GPU', sized('a', 24, { gpus: ['gpu1'] }), [loaded(sized('b', 24))], true],
    ['on all of its GPUs, or not at all', sized('a', 10, both), [loaded(sized('b', 20, { gpus: ['gpu1'] }))], false],
    ['beside what a sleeping one keeps', sized('a', 22), [asleep(sized('b', 20, { asleepMib: 2 }))], true],
    ['not where a sleeping one keeps too much', sized('a', 23), [asleep(sized('b', 20, { asleepMib: 2 }))], false],
    ['a model of unknown size alone only', modelOf('a'), [loaded(sized('b', 1))], false],
    ['beside a model of unknown size never', sized('a', 1), [loaded(modelOf('b'))], false],
    [
      'a model of unknown size not beside a sleeping one',
      modelOf('a'),
      [asleep(sized('b', 9, { asleepMib: 1 }))],
      false,
    ],
    [
      'a model of unknown size beside one that keeps nothing',
      modelOf('a'),
      [asleep(sized('b', 9, { asleepMib: 0 }))],
      true,
    ],
    ['one at a time where the memory is not known', sized('a', 1, unknown), [loaded(sized('b', 1, unknown))], false],
    ['one where the memory is not known', sized('a', 99, unknown), [], true],
    [
      'not beside one of its group',
      sized('a', 1, { exclusive: ['g'] }),
      [loaded(sized('b', 1, { exclusive: ['g'] }))],
      false,
    ],
    [
      'beside a sleeping one of its group',
      sized('a', 1, { exclusive: ['g'] }),
      [asleep(sized('b', 1, { exclusive: ['g'], asleepMib: 1 }))],
      true,
    ],
    ['without a GPU anywhere', modelOf('a', { gpus: [] }), [loaded(modelOf('b'))], true],
    [
      'its own sleep does not count twice',
      sized('a', 24, { asleepMib: 2 }),
      [asleep(sized('a', 24, { asleepMib: 2 }))],
      true,
    ],
  ];
  for (const [title, model, occupants, expected] of table) {
    test(title, () => expect(fits(model, occupants, memory)).toBe(expected));
  }
});

describe('what a slot takes', () => {
  const model = sized('a', 20, { asleepMib: 2 });
  const table: readonly [string, Partial<SlotView>, 'nothing' | 'all' | 'rest', 'nothing' | 'all' | 'rest'][] = [
    ['empty', { state: 'empty' }, 'nothing', 'nothing'],
    ['loading', { state: 'loading' }, 'all', 'all'],
    ['ready', { state: 'ready' }, 'all', 'all'],
    ['draining, to sleep', { state: 'draining', leaving: 'asleep' }, 'all', 'rest'],
    ['unloading', { state: 'unloading', leaving: 'empty' }, 'all', 'nothing'],
    ['unloading from sleep', { state: 'unloading', leaving: 'empty', slept: true }, 'rest', 'nothing'],
    ['asleep', { state: 'asleep' }, 'rest', 'rest'],
    ['failed', { state: 'failed' }, 'nothing', 'nothing'],
    ['failed and stuck', { state: 'failed', stuck: true }, 'all', 'all'],
  ];
  const said = (occupant: Occupant | undefined): string =>
    occupant === undefined ? 'nothing' : occupant.loaded ? 'all' : 'rest';
  for (const [title, over, now, later] of table) {
    test(`${title}: ${now} now, ${later} later`, () => {
      const slot = slotOf(model, over);
      expect([said(occupantOf(slot)), said(laterOccupantOf(slot))]).toEqual([now, later]);
    });
  }
});

describe('which slots are vacated', () => {
  const ready = (name: string, vramMib: number, over: Partial<SlotView> = {}, of: Partial<SwapModel> = {}): SlotView =>
    slotOf(sized(name, vramMib, of), { state: 'ready', ...over });
  const chosen = (
    model: SwapModel,
    slots: readonly SlotView[],
    busy: Readonly<Record<string, number>> = {},
  ): string[] | undefined =>
    cheapestRoom(
      model,
      [],
      slots.map((slot) => ({ slot, busy: busy[slot.model.name] ?? 0 })),
      memory,
    )
      ?.map(({ slot, to }) => `${slot.model.name}:${to}`)
      .sort();
  const a20 = sized('a', 20);

  test('none when it fits as it is', () => expect(chosen(sized('a', 8), [ready('b', 16)])).toEqual([]));
  test('as few as suffice', () =>
    expect(chosen(a20, [ready('b', 8), ready('c', 4), ready('d', 4, { lastUsedAt: 1 })])).toEqual([
      'b:empty',
      'c:empty',
    ]));
  test('the idle before the busy, though there are more of them', () =>
    expect(chosen(sized('a', 12), [ready('b', 12), ready('c', 6), ready('d', 6)], { b: 1 })).toEqual([
      'c:empty',
      'd:empty',
    ]));
  test('what sleeps before what is ready', () =>
    expect(chosen(a20, [slotOf(sized('b', 20, { asleepMib: 4 }), { state: 'asleep' }), ready('c', 4)])).toEqual([
      'b:empty',
    ]));
  test('to sleep where that frees enough', () =>
    expect(chosen(a20, [ready('b', 20, {}, { asleepMib: 4 })])).toEqual(['b:asleep']));
  test('unloaded where sleep would keep too much', () =>
    expect(chosen(a20, [ready('b', 20, {}, { asleepMib: 5 })])).toEqual(['b:empty']));
  test('unloaded where sleeping and waking cost more', () =>
    expect(chosen(a20, [ready('b', 20, { times: { ...TIMES, wakeMs: 60_000 } }, { asleepMib: 1 })])).toEqual([
      'b:empty',
    ]));
  test('between two equal ones, the one that was unused for longest', () =>
    expect(chosen(sized('a', 12), [ready('b', 12, { lastUsedAt: 9 }), ready('c', 12, { lastUsedAt: 5 })])).toEqual([
      'c:empty',
    ]));
  test('nothing helps against a model that is too large', () =>
    expect(chosen(sized('a', 25), [ready('b', 4)])).toBeUndefined());
  test('who is on other GPUs is left alone', () =>
    expect(chosen(a20, [ready('b', 20), ready('c', 24, {}, { gpus: ['gpu1'] })])).toEqual(['b:empty']));

  test('beyond six slots too, what is left fits, and no slot could have stayed', () => {
    const anySlots = fc.array(
      fc.record({
        vramMib: fc.integer({ min: 1, max: 6 }),
        asleepMib: fc.constantFrom(undefined, 0, 1),
        busy: fc.nat(2),
      }),
      { minLength: 7, maxLength: 12 },
    );
    fc.assert(
      fc.property(anySlots, fc.integer({ min: 1, max: 24 }), (rows, size) => {
        const wanted = sized('wanted', size);
        const removables = rows.map(({ vramMib, asleepMib, busy }, index) => ({
          busy,
          slot: ready(`m${index}`, vramMib, {}, asleepMib === undefined ? {} : { asleepMib }),
        }));
        const room = cheapestRoom(wanted, [], removables, memory);
        const left = (skipped: string | undefined): readonly Occupant[] =>
          removables.flatMap(({ slot }) => {
            const gone = room?.find((one) => one.slot === slot);
            if (gone === undefined || slot.model.name === skipped) return [loaded(slot.model)];
            return gone.to === 'asleep' ? [asleep(slot.model)] : [];
          });
        if (room === undefined) return expect(fits(wanted, [], memory)).toBeFalse();
        expect(fits(wanted, left(undefined), memory)).toBeTrue();
        for (const { slot } of room) expect(fits(wanted, left(slot.model.name), memory)).toBeFalse();
      }),
      { numRuns: 300 },
    );
  });
});
