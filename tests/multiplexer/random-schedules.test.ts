/** Under random arrivals, aborts, crashes, failing loads and stuck servers: does everything end, and is nothing broken below a lease? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { BEHAVIOUR } from '#tests/multiplexer/fake-driver';
import { passUntil } from '#tests/multiplexer/house';
import { NAMES, open, perform, releaseAll, step } from '#tests/multiplexer/schedules';

/** Longer than any rest, bound and load together. */
const LONG_MS = 1_000_000;

test('every wait and every lease ends, and no server is vacated below a lease', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const { house, ledger, problems } = await open();
      const commands: Promise<unknown>[] = [];
      for (const next of steps) await perform(house, ledger, next, commands);
      for (const name of NAMES) Object.assign(house.serves.of(name), BEHAVIOUR);
      for (let round = 0; round < 10; round++) {
        releaseAll(ledger);
        await house.clock.advance(LONG_MS / 10);
      }
      await Promise.all(commands);
      expect(ledger.asked.map(({ word }) => word)).not.toContain('waits');
      const { slots, waiting } = house.multiplexer.status();
      expect([waiting, ...slots.map(({ leases }) => leases)]).toEqual([0, 0, 0, 0]);
      expect(slots.filter(({ state }) => !['empty', 'ready', 'asleep'].includes(state))).toEqual([]);
      // It has recovered from all of it.
      const fresh = NAMES.map((name) => house.multiplexer.load(name, new AbortController().signal));
      await house.clock.advance(LONG_MS);
      expect(await Promise.all(fresh)).toEqual([undefined, undefined, undefined]);
      await passUntil(house.clock, house.multiplexer.stop(false));
      expect([house.serves.running(), house.clock.pending]).toEqual([[], 0]);
      expect([problems, house.errors]).toEqual([[], []]);
    }),
    { numRuns: 150 },
  );
}, 60_000);

test('stopped at any moment, it answers all who wait and leaves no server behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
      const { house, ledger, problems } = await open();
      const commands: Promise<unknown>[] = [];
      for (const next of steps) await perform(house, ledger, next, commands);
      for (const name of NAMES) Object.assign(house.serves.of(name), BEHAVIOUR);
      await passUntil(house.clock, house.multiplexer.stop(false));
      await house.clock.advance(60_000);
      await Promise.all(commands);
      expect(ledger.asked.map(({ word }) => word)).not.toContain('waits');
      expect(house.serves.running()).toEqual([]);
      expect([problems, house.errors]).toEqual([[], []]);
    }),
    { numRuns: 150 },
  );
}, 60_000);
