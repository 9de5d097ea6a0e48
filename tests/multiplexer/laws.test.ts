/** What holds at every moment of a random life: order, limits, cuts, waits, and what a later life finds? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { BEHAVIOUR } from '#tests/multiplexer/fake-driver';
import { openHouse, passUntil } from '#tests/multiplexer/house';
import {
  holders,
  type Ledger,
  MODELS,
  NAMES,
  open,
  perform,
  type Running,
  SETTINGS,
  step,
} from '#tests/multiplexer/schedules';
import { settle } from '#tests/support/clock';

const RUNS = 150;
const steps = (maxLength: number) => fc.array(step, { maxLength, size: 'max' });

/** The longest that coming up can take: it will not wake, is stopped, and is started by a slow engine. */
const LOAD_MS_MAX = 1_000 + 1_000 + 4_000 + 10_000;
/** The bound, a load broken off by an operator, and one more. Nobody waits longer, however it ends. */
const WAIT_MS_MAX = SETTINGS.waitBoundMs + 2 * LOAD_MS_MAX + 5_000;

const askedFor = ({ asked }: Ledger, models: ReadonlyMap<unknown, string>, name: string) =>
  asked.filter((each) => models.get(each) === name);

const brokenNow = ({ house, ledger }: Running, models: ReadonlyMap<unknown, string>): readonly string[] => {
  const { slots } = house.multiplexer.status();
  return slots.flatMap(({ model, leases, state, waiting }) => {
    const held = holders(ledger, model).length;
    const most = MODELS.find(({ name }) => name === model)?.maxConcurrency ?? Number.POSITIVE_INFINITY;
    const queue = askedFor(ledger, models, model);
    const first = queue.findIndex(({ word }) => word === 'waits');
    const waits = queue.filter(({ word }) => word === 'waits').length;
    const overtaken = first >= 0 && queue.slice(first).some((each) => each.word === 'lease');
    return [
      ...(leases === held ? [] : [`${leases} leases of ${model} are counted, ${held} are held`]),
      ...(leases > most ? [`${leases} leases of ${model} at a time`] : []),
      ...(leases > 0 && state !== 'ready' && state !== 'draining' ? [`${model} is ${state} below leases`] : []),
      ...(leases > 0 && !house.serves.isAwake(model) ? [`${model} is lent and does not run`] : []),
      ...(overtaken ? [`somebody was served before one who came earlier for ${model}`] : []),
      ...(waiting >= waits ? [] : [`${waits} wait for ${model}, ${waiting} are counted`]),
    ];
  });
};

test('leases are counted, ordered, limited, and on a server that runs, after every step', async () => {
  await fc.assert(
    fc.asyncProperty(steps(40), async (all) => {
      const running = await open();
      const { house, ledger, problems } = running;
      const models = new Map<unknown, string>();
      for (const next of all) {
        await perform(house, ledger, next, []);
        const newest = ledger.asked.at(-1);
        if (next.do === 'ask' && newest !== undefined) models.set(newest, next.model);
        expect([next, brokenNow(running, models)]).toEqual([next, []]);
      }
      await passUntil(house.clock, house.multiplexer.stop(false));
      expect([problems, house.errors]).toEqual([[], []]);
    }),
    { numRuns: RUNS },
  );
}, 60_000);

test('nobody waits for longer than the bound and the loads under way, and answers are cut only at the drain limit', async () => {
  await fc.assert(
    fc.asyncProperty(steps(40), async (all) => {
      const { house, ledger } = await open();
      for (const next of all) await perform(house, ledger, next, []);
      await house.clock.advance(2 * WAIT_MS_MAX);
      expect(ledger.waits.length).toBe(ledger.asked.length);
      expect(ledger.waits.filter(({ ms }) => ms > WAIT_MS_MAX)).toEqual([]);
      const cuts = house.events.flatMap((event) => (event.kind === 'vacated' && event.cut > 0 ? [event] : []));
      expect(cuts.filter(({ drainedMs }) => drainedMs < SETTINGS.drainMs)).toEqual([]);
      const told = ledger.asked.filter((each) => each.word === 'lease' && each.lease.cut.aborted).length;
      expect(house.multiplexer.status().swaps.cut).toBe(told);
      await passUntil(house.clock, house.multiplexer.stop(false));
    }),
    { numRuns: RUNS },
  );
}, 60_000);

test('left to run at any moment, the servers are there for the next life, which takes over or removes them', async () => {
  await fc.assert(
    fc.asyncProperty(steps(25), async (all) => {
      const { house, ledger, problems } = await open();
      for (const next of all) await perform(house, ledger, next, []);
      const { serves, clock } = house;
      for (const name of NAMES) Object.assign(serves.of(name), BEHAVIOUR);
      const staying = house.multiplexer
        .status()
        .slots.flatMap(({ model, state }) => (state === 'ready' || state === 'asleep' ? [model] : []));
      await passUntil(clock, house.multiplexer.stop(true));
      expect(ledger.asked.map(({ word }) => word)).not.toContain('waits');
      expect(staying.filter((name) => !serves.running().includes(name))).toEqual([]);
      await clock.advance(60_000);
      const next = await openHouse({ models: MODELS, gpus: [{ id: '0', vramMib: 24_000 }], clock, serves });
      await clock.advance(60_000);
      const fresh = NAMES.map((name) => next.multiplexer.load(name, new AbortController().signal));
      await clock.advance(600_000);
      expect(await Promise.all(fresh)).toEqual([undefined, undefined, undefined]);
      await passUntil(clock, next.multiplexer.stop(false));
      await settle();
      expect([serves.running(), problems, house.errors, next.errors]).toEqual([[], [], [], []]);
    }),
    { numRuns: RUNS },
  );
}, 60_000);
