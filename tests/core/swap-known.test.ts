/** Does what is worked out once change any answer? The same moments, decided with and without it. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { SwapView } from '#core/swap';
import { boardOf } from '#core/swap-board';
import { estimate, estimateOn } from '#core/swap-estimate';
import { schedule } from '#core/swap-policy';
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
            expect([slot.model.name, estimateOn(board, slot)]).toEqual([slot.model.name, fresh] as never);
          }
        };
        simulate({ ...situation, decide: schedule, watch });
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('is of the very models that are asked about, on the same GPUs', () => {
    const gpus = [{ id: 'gpu0', vramMib: 10 }];
    const view = (sizeMib: number, pinned: boolean): SwapView =>
      viewOf(
        [
          slotOf(modelOf('a', { vramMib: sizeMib, pinned }), { state: 'ready' }),
          slotOf(modelOf('b', { vramMib: sizeMib })),
        ],
        { now: 60_000, gpus, waiting: [waiterOf('b', 50_000)] },
      );
    const said = (each: SwapView) => schedule(each).commands.map((command) => command.do);
    expect([said(view(9, false)), said(view(3, false)), said(view(9, true)), said(view(9, false))]).toEqual([
      ['drain'],
      ['load'],
      ['refuse'],
      ['drain'],
    ]);
  });
});
