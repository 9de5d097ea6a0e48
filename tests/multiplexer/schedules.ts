/** Random lives of a multiplexer: what may happen to it, step by step, and what is held meanwhile. */
import fc from 'fast-check';
import { isSlotRefusal } from '#core/slot-lease';
import { BEHAVIOUR, type Behaviour, createFakeServes } from '#tests/multiplexer/fake-driver';
import { type Asked, type House, type ModelWish, openHouse } from '#tests/multiplexer/house';
import { createSimulatedClock, settle } from '#tests/support/clock';

const VRAM_MIB = 24_000;
const GPUS = [{ id: '0', vramMib: VRAM_MIB }];
/** Two that exclude each other, one of which can sleep, and a small one that fits beside the second. */
export const MODELS: readonly ModelWish[] = [
  { name: 'a', vramMib: 20_000, asleepMib: 1_000, sleepLevel: 1, idleMs: 60_000 },
  { name: 'b', vramMib: 16_000, minResidentMs: 5_000, preload: true },
  { name: 'c', vramMib: 8_000, maxConcurrency: 2 },
];
export const NAMES = MODELS.map(({ name }) => name);
const mibOf = (name: string): number => MODELS.find((model) => model.name === name)?.vramMib ?? 0;
export const SETTINGS = { waitBoundMs: 90_000, drainMs: 20_000, queueMax: 12 };

type Flaw = Partial<Behaviour>;
export type Step =
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
export const step: fc.Arbitrary<Step> = fc.oneof(
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
export interface Ledger {
  readonly asked: Asked[];
  readonly released: Set<Asked>;
  /** Model, and milliseconds from asking to the answer, of every wait that has ended. */
  readonly waits: { readonly model: string; readonly ms: number }[];
}

export const holders = ({ asked, released }: Ledger, name: string): readonly Asked[] =>
  asked.filter(
    (each) =>
      each.result !== undefined &&
      !isSlotRefusal(each.result) &&
      each.result.model === name &&
      !released.has(each) &&
      !each.result.cut.aborted,
  );

export interface Running {
  readonly house: House;
  readonly ledger: Ledger;
  /** Laws broken so far, in words. */
  readonly problems: string[];
}

export const open = async (): Promise<Running> => {
  const clock = createSimulatedClock();
  const ledger: Ledger = { asked: [], released: new Set(), waits: [] };
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

export const perform = async (
  house: House,
  ledger: Ledger,
  next: Step,
  commands: Promise<unknown>[],
): Promise<void> => {
  const { multiplexer, serves, clock } = house;
  switch (next.do) {
    case 'ask': {
      const asked = house.ask(next.model, { priority: next.priority });
      const since = clock.now();
      ledger.asked.push(asked);
      void asked.promise.then(() => ledger.waits.push({ model: next.model, ms: clock.now() - since }));
      break;
    }
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

export const releaseAll = (ledger: Ledger): void => {
  for (const each of ledger.asked) {
    if (each.word !== 'lease') continue;
    ledger.released.add(each);
    each.lease.release();
    each.lease.release();
  }
};
