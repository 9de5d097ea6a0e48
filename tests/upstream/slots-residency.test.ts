/** Do times of an old status count down exactly where something is under way? */
import { expect, test } from 'bun:test';
import type { SlotStatus } from '#core/slots-status';
import { sampleSlot, sampleSlots } from '#tests/upstream/sample-slots';
import { residencyIn } from '#upstream/slots-residency';

const OTHER = sampleSlot('other');

test.each<readonly [string, Partial<SlotStatus>, Partial<SlotStatus>, number]>([
  ['a load under way comes nearer', { state: 'loading', ready_in_ms: 30_000, needs: 'load' }, {}, 25_000],
  ['but is never there before it says so', { state: 'loading', ready_in_ms: 3_000, needs: 'load' }, {}, 0],
  ['what drains comes nearer to its return', { state: 'draining', ready_in_ms: 30_000, needs: 'swap' }, {}, 25_000],
  [
    'a swap nobody has begun takes as long as before',
    { state: 'empty', ready_in_ms: 42_000, needs: 'swap' },
    {},
    42_000,
  ],
  [
    'a swap that has begun with making room comes nearer',
    { state: 'empty', ready_in_ms: 42_000, needs: 'swap' },
    { state: 'draining', vacated_for: 'coder' },
    37_000,
  ],
  [
    'room that is made for another one does not count',
    { state: 'empty', ready_in_ms: 42_000, needs: 'swap' },
    { state: 'draining', vacated_for: 'third' },
    42_000,
  ],
  [
    'a failed one rests for less and less, and has to be loaded then',
    { state: 'failed', ready_in_ms: 44_000, retry_in_ms: 4_000, needs: 'retry' },
    {},
    40_000,
  ],
  ['a queue does not move by itself', { state: 'ready', ready_in_ms: 8_000, needs: 'turn' }, {}, 8_000],
])('%s', (_what, own, other, expected) => {
  const status = sampleSlots({ slots: [sampleSlot('coder', own), { ...OTHER, ...other }] });
  expect(residencyIn(status, 'coder', 5_000)?.readyInMs).toBe(expected);
});

test('who is served and who waits is told, and a model that is not there is unknown', () => {
  expect(residencyIn(sampleSlots(), 'coder', 0)).toEqual({
    state: 'ready',
    needs: 'nothing',
    readyInMs: 0,
    inFlight: 2,
    queued: 1,
  });
  expect(residencyIn(sampleSlots(), 'stranger', 0)).toBeUndefined();
});
