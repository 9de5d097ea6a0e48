/** Is a multiplexer believed as far as it makes sense, and no further? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { SlotsStatus } from '#core/slots-status';
import { sampleSlot, sampleSlots } from '#tests/upstream/sample-slots';
import { parseSlotsStatus, readSlotsStatus } from '#upstream/slots-reading';

const everything = sampleSlots({
  state: 'leaving',
  slots: [
    sampleSlot('coder', {
      state: 'draining',
      leaving: 'asleep',
      vacated_for: 'thinker',
      serve: '4711',
      vram_mib: null,
      pinned: true,
    }),
    sampleSlot('thinker', {
      state: 'failed',
      needs: 'retry',
      retry_in_ms: 0,
      last_failure: 'exited with 1',
      lines: ['no such file', ''],
    }),
  ],
});

const slotOf = (fields: object) => readSlotsStatus({ ...sampleSlots(), slots: [{ ...sampleSlot('m'), ...fields }] });

test('a status that says all it can comes back as it was', () => {
  expect(readSlotsStatus(everything)).toEqual(everything);
  expect(parseSlotsStatus(JSON.stringify(everything))).toEqual(everything);
});

test('members that nobody knows are dropped', () => {
  const newer = { ...everything, future: 1, slots: everything.slots.map((slot) => ({ ...slot, heat: 'high' })) };
  expect(readSlotsStatus(newer)).toEqual(everything);
});

test('members that are missing are nothing', () => {
  expect(readSlotsStatus({ object: 'slots', slots: [{ model: 'm', state: 'ready' }] })).toEqual({
    object: 'slots',
    at: 0,
    state: 'serving',
    gpus: [],
    slots: [
      {
        ...sampleSlot('m', { gpus: [], state_ms: 0, needs: 'turn', load_ms: 0, wake_ms: 0, vram_mib: null, loads: 0 }),
      },
    ],
    queue: [],
    waiting: 0,
    swaps: { total: 0, by_reason: {}, cut: 0, last: [] },
  });
});

test.each([
  [null],
  [7],
  ['slots'],
  [[]],
  [{}],
  [{ object: 'slots' }],
  [{ object: 'list', slots: [] }],
  [{ object: 'slots', slots: {} }],
])('%j is no status', (value) => {
  expect(readSlotsStatus(value)).toBeUndefined();
  expect(parseSlotsStatus(JSON.stringify(value))).toBeUndefined();
});

test.each(['', '{', '<html>', 'undefined', '[DONE]'])('%j is no status either', (text) => {
  expect(parseSlotsStatus(text)).toBeUndefined();
});

describe('nonsense', () => {
  test.each([{ model: '' }, { model: 7 }, { model: 'x'.repeat(201) }, { state: 'melting' }, { state: undefined }])(
    'in the name or the state of a slot drops it: %j',
    (fields) => {
      expect(slotOf(fields)?.slots).toEqual([]);
    },
  );

  test.each([-5, Number.NaN, Number.POSITIVE_INFINITY, '12', null, {}])('for a number is nothing: %p', (value) => {
    const slot = slotOf({ ready_in_ms: value, leases: value, waiting: value, load_ms: value })?.slots[0];
    expect([slot?.leases, slot?.waiting]).toEqual(value === Number.POSITIVE_INFINITY ? [1e15, 1e15] : [0, 0]);
    expect(Number.isFinite(slot?.ready_in_ms)).toBe(true);
  });

  test.each([
    ['ready', 'turn'],
    ['empty', 'load'],
    ['asleep', 'load'],
  ] as const)('for a need of a model that is %s is read as %s', (state, needs) => {
    expect(slotOf({ state, needs: 'miracle' })?.slots[0]?.needs).toBe(needs);
  });

  test('among the reasons of swaps is dropped, and prototypes are no reasons', () => {
    const swaps = {
      ...everything.swaps,
      by_reason: { worth: 2, magic: 9, constructor: 1 },
      last: [{ why: 'magic' }, 7],
    };
    expect(readSlotsStatus({ ...everything, swaps })?.swaps).toMatchObject({ by_reason: { worth: 2 }, last: [] });
  });
});

test('whatever comes, the answer is bounded, and reading it again changes nothing', () => {
  const fields = fc.dictionary(
    fc.constantFrom(...Object.keys(everything), ...Object.keys(everything.slots[1] ?? {}), 'why', 'request', 'id'),
    fc.anything(),
  );
  const status = fc.record({
    object: fc.constant('slots'),
    slots: fc.array(fc.oneof(fields, fc.anything())),
    rest: fields,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        status.map(({ rest, ...own }) => ({ ...rest, ...own })),
        fc.anything(),
      ),
      (value) => {
        const read: SlotsStatus | undefined = readSlotsStatus(value);
        if (read !== undefined) expect(readSlotsStatus(read)).toEqual(read);
      },
    ),
    { numRuns: 300 },
  );
  const huge = {
    ...everything,
    slots: Array.from({ length: 9_000 }, (_, index) =>
      sampleSlot(`m${index}`, { lines: Array(999).fill('x'.repeat(999)) }),
    ),
  };
  const { slots = [] } = readSlotsStatus(huge) ?? {};
  expect([slots.length, slots[0]?.lines?.length, slots[0]?.lines?.[0]?.length]).toEqual([256, 50, 400]);
});
