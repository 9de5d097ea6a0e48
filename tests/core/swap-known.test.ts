/** Does what is worked out once change any answer? The same moments, decided with and without it. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { SwapView } from '#core/swap';
import { boardOf, withNewcomer } from '#core/swap-board';
import { estimate, estimateOn } from '#core/swap-estimate';
import { schedule } from '#core/swap-policy';
import { pressedAt } from '#core/swap-worth';
import { modelOf, slotOf, viewOf, waiterOf } from '#tests/core/swap-fixtures';
import { simulate } from '#tests/core/swap-simulator';
import { anySituation } from '#tests/core/swap-traces';

/** The same moment, of which nothing is known. */
const unknown = (view: SwapView): SwapView => ({ ...view, gpus: [...view.gpus] });

describe('what is known already', () => {
  test('changes no estimate and no decision', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        const watch = (view: SwapView, decided: ReturnType<typeof schedule>): void => {
          expect(schedule(unknown(view))).toEqual(decided);
          const board = boardOf(view);
          for (const slot of view.slots) {
            const fresh = estimate(unknown(view), slot.model.name);
            if (fresh === undefined) throw new Error(`${slot.model.name} is not there`);
            expect(estimateOn(board, slot)).toEqual(fresh);
          }
        };
        simulate({ ...situation, decide: schedule, watch });
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('of who waits is not known of who waits besides', () => {
    const slots = ['a', 'b', 'c'].map((name) => slotOf(modelOf(name), name === 'a' ? { state: 'ready' } : {}));
    const [, wanted = slotOf(modelOf('b'))] = slots;
    const board = boardOf(viewOf(slots, { now: 1000, waiting: [waiterOf('b', 0)] }));
    const alone = pressedAt(board, wanted);
    const beside = pressedAt(withNewcomer(board, waiterOf('c', 1000)), wanted);
    // The one behind it takes a load of 20 s, a drain and an end, and has to begin a second later at most.
    expect([alone, beside, pressedAt(board, wanted)]).toEqual([87_000, 35_000, 87_000]);
  });

  test('is of the very models that are asked about, on the same GPUs', () => {
    const gpus = [{ id: 'gpu0', vramMib: 10 }];
    const view = (sizeMib: number, pinned: boolean): SwapView =>
      viewOf(
        [
          slotOf(modelOf('a', { vramMib: sizeMib, pinned }), { state: 'ready', leases: 1 }),
          slotOf(modelOf('b', { vramMib: sizeMib })),
        ],
        // Forced at this moment, if the other one is in the way and takes three seconds to leave.
        { now: 87_000, gpus, waiting: [waiterOf('b', 0)] },
      );
    const said = (each: SwapView) => schedule(each).commands.map((command) => command.do);
    expect([said(view(3, false)), said(view(9, false)), said(view(9, true)), said(view(9, false))]).toEqual([
      ['load'],
      ['drain'],
      ['refuse'],
      ['drain'],
    ]);
  });
});
