/** Under random arrivals, aborts, crashes, failing loads and stuck servers: does everything end, and is nothing broken below a lease? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { isSlotRefusal } from '#core/slot-lease';
import { BEHAVIOUR, type Behaviour, createFakeServes } from '#tests/multiplexer/fake-driver';
import { type Asked, type House, type ModelWish, openHouse, passUntil } from '#tests/multiplexer/house';
import { createSimulatedClock, settle } from '#tests/support/clock';

const VRAM_MIB = 24_000;
const GPUS = [{ id: '0', vramMib: VRAM_MIB }];
/** Two that exclude each other, one of which can sleep, and a small one that fits beside the second. */
const MODELS: readonly ModelWish[] = [
  { name: 'a', vramMib: 20_000, asleepMib: 1_000, sleepLevel: 1, idleMs: 60_000 },
  { name: 'b', vramMib: 16_000, minResidentMs: 5_000, preload: true },
  { name: 'c', vramMib: 8_000, maxConcurrency: 2 },
];
const NAMES = MODELS.map(({ name }) => name);
const mibOf = (name: string): number => MODELS.find((model) => model.name === name)?.vramMib ?? 0;
const SETTINGS = { waitBoundMs: 90_000, drainMs: 20_000, queueMax: 12 };

type Flaw = Partial<Behaviour>;
type Step =
  | { readonly do: 'ask'; readonly model: string; readonly priority: number }
  | { readonly do: 'abort' | 'release'; readonly which: number }
  | { readonly do: 'crash' | 'load' | 'unload'; readonly model: string }
  | { readonly do: 'flaw'; readonly model: string; readonly flaw: Flaw }
  | { readonly do: 'wait'; readonly ms: number };

const model = fc.constantFrom(...NAMES);
const which = fc.nat({ max: 30 });
const FLAWS: readonly Flaw[] = [
  {},
  { startMs: 4_000 },
  { diesLoading: 'died loading' },
  { startFails: 'cannot start' },
  { immortal: true },
  { sleepFails: true },
  { wakeFails: true },
  { unreachable: true },
  { stranger: 'the port is taken' },
  { drift: ['arguments differ'] },
];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('ask' as const), model, priority: fc.integer({ min: -1, max: 1 }) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('release' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), model }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('load' as const, 'unload' as const), model }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flaw' as const), model, flaw: fc.constantFrom(...FLAWS) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 40_000 }) }) },
);

/** Holders of leases that have been neither released nor cut. */
interface Ledger {
  readonly asked: Asked[];
  readonly released: Set<Asked>;
}

const holders = ({ asked, released }: Ledger, name: string): readonly Asked[] =>
  asked.filter(
    (each) =>
      each.result !== undefined &&
      !isSlotRefusal(each.result) &&
      each.result.model === name &&
      !released.has(each) &&
      !each.result.cut.aborted,
  );

const open = async () => {
  const clock = createSimulatedClock();
  const ledger: Ledger = { asked: [], released: new Set() };
  const problems: string[] = [];
  const serves = createFakeServes(clock, (action, name) => {
    const held = holders(ledger, name).length;
    if ((action === 'stop' || action === 'sleep') && held > 0) problems.push(`${action} ${name} below ${held} leases`);
    // Whatever it was, its connections are gone with it.
    if (action === 'end') for (const each of holders(ledger, name)) ledger.released.add(each);
    const taken = serves
      .running()
      .filter((each) => serves.isAwake(each))
      .reduce((sum, each) => sum + mibOf(each), 0);
    if (taken > VRAM_MIB) problems.push(`${taken} MiB taken`);
  });
  const house = await openHouse({ models: MODELS, gpus: GPUS, settings: SETTINGS, clock, serves });
  return { house, ledger, problems };
};

const perform = async (house: House, ledger: Ledger, next: Step, commands: Promise<unknown>[]): Promise<void> => {
  const { multiplexer, serves, clock } = house;
  switch (next.do) {
    case 'ask':
      ledger.asked.push(house.ask(next.model, { priority: next.priority }));
      break;
    case 'abort':
      ledger.asked[next.which]?.abort();
      break;
    case 'release': {
      const each = ledger.asked[next.which];
      if (each?.word !== 'lease') break;
      ledger.released.add(each);
      each.lease.release();
      break;
    }
    case 'crash':
      serves.crash(next.model);
      break;
    case 'load':
    case 'unload':
      commands.push(multiplexer[next.do](next.model, new AbortController().signal));
      break;
    case 'flaw':
      Object.assign(serves.of(next.model), BEHAVIOUR, next.flaw);
      break;
    case 'wait':
      await clock.advance(next.ms);
      break;
  }
  await settle();
};

const releaseAll = (ledger: Ledger): void => {
  for (const each of ledger.asked) {
    if (each.word !== 'lease') continue;
    ledger.released.add(each);
    each.lease.release();
    each.lease.release();
  }
};

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
