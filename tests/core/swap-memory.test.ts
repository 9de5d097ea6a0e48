/** A model is refused when the host has too little memory for it, counting what leaves and what stays. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type MemoryQuestion, memoryShortage } from '#core/swap-memory';

const question = (changes: Partial<MemoryQuestion>): MemoryQuestion => ({
  weightGb: 10,
  freeGb: 100,
  stoppedGb: [],
  asleepGb: [],
  stayingGb: [],
  ramCapGb: undefined,
  ...changes,
});

describe('a model of 10 GiB, which needs 11.5', () => {
  const cases: readonly (readonly [what: string, changes: Partial<MemoryQuestion>, available: number | undefined])[] = [
    ['fits into what is free', { freeGb: 11.5 }, undefined],
    ['does not fit into less', { freeGb: 11.4 }, 11.4],
    ['fits when the resident that leaves gives back enough', { freeGb: 4, stoppedGb: [8] }, undefined],
    ['does not fit when it gives back too little', { freeGb: 4, stoppedGb: [7] }, 11],
    ['does not fit when the resident moves into host memory instead', { freeGb: 12, asleepGb: [8] }, 4],
    ['does not fit under a cap, however much is free', { ramCapGb: 11 }, 11],
    ['shares the cap with those that stay', { ramCapGb: 20, stayingGb: [9] }, 11],
    ['does not share it with those that leave', { ramCapGb: 20, stoppedGb: [9] }, undefined],
    ['is bound by what is free where that is less than the cap', { freeGb: 5, ramCapGb: 20 }, 5],
    ['is not guarded where nothing can be read', { freeGb: undefined }, undefined],
    ['is bound by the cap alone where nothing can be read', { freeGb: undefined, ramCapGb: 3 }, 3],
    ['is not guarded without a weight', { weightGb: undefined, freeGb: 0 }, undefined],
    ['never has less than nothing', { freeGb: 1, asleepGb: [5] }, 0],
  ];
  for (const [what, changes, available] of cases) {
    test(what, () => {
      const shortage = memoryShortage('small', question(changes));
      if (available === undefined) expect(shortage).toBeUndefined();
      else expect(shortage?.availableGb).toBeCloseTo(available, 9);
    });
  }

  test('is told what is short and what to do', () => {
    expect(memoryShortage('small', question({ freeGb: 5 }))?.message).toBe(
      'small needs 11.5 GiB of host memory to load, and the host has 5.0 GiB; ' +
        'free memory, or allow the machine (WSL, container) more of it',
    );
    expect(memoryShortage('small', question({ ramCapGb: 8, stayingGb: [2] }))?.message).toBe(
      'small needs 11.5 GiB of host memory to load, and the cap of 8.0 GiB leaves 6.0 GiB; raise ram_cap_gb',
    );
  });
});

test('more free memory, a higher cap or less that stays never turns a fit into a refusal', () => {
  const gb = fc.double({ min: 0, max: 200, noNaN: true });
  const list = fc.array(gb, { maxLength: 4 });
  fc.assert(
    fc.property(gb, gb, gb, list, list, list, gb, (weightGb, freeGb, cap, stoppedGb, asleepGb, stayingGb, more) => {
      const asked = question({ weightGb, freeGb, stoppedGb, asleepGb, stayingGb, ramCapGb: cap });
      if (memoryShortage('small', asked) !== undefined) return;
      const kinder = [
        { ...asked, freeGb: freeGb + more },
        { ...asked, ramCapGb: cap + more },
        { ...asked, stayingGb: stayingGb.slice(1) },
        { ...asked, stoppedGb: [...stoppedGb, more] },
      ];
      for (const each of kinder) expect(memoryShortage('small', each)).toBeUndefined();
    }),
  );
});
