/** Random registries and arrivals for the properties of the swap scheduler. */
import fc from 'fast-check';
import type { SwapGpu, SwapModel, SwapPolicy } from '#core/swap';
import { modelOf, policyOf } from '#tests/core/swap-fixtures';
import type { Arrival, SimulatedModel, SimulationInput } from '#tests/core/swap-simulator';

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;

/** Multiples of a tenth of a second, so that moments coincide often. */
const tenths = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max }).map((count) => count * 100);

const anyTimes = fc.record({
  loadMs: tenths(1, 600),
  wakeMs: tenths(1, 50),
  unloadMs: tenths(0, 100),
  sleepMs: tenths(0, 50),
});

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

/** Leaves out what is undefined. */
const compact = <T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

const anyModel = (name: string): fc.Arbitrary<SimulatedModel> =>
  fc
    .record({
      gpus: fc.constantFrom(['gpu0'], ['gpu0'], ['gpu1'], ['gpu0', 'gpu1'], []),
      vramMib: optional(fc.integer({ min: 1, max: 24 })),
      asleepMib: optional(fc.integer({ min: 0, max: 3 })),
      exclusive: fc.constantFrom([], [], ['g']),
      pinned: fc.constantFrom(false, false, false, false, true),
      minResidentMs: optional(tenths(0, 200)),
      idleMs: optional(tenths(1, 600)),
      maxConcurrency: optional(fc.integer({ min: 1, max: 3 })),
      times: anyTimes,
    })
    .map(({ times, asleepMib, ...swap }) => {
      // Nothing keeps more than it takes.
      const kept = asleepMib === undefined ? undefined : Math.min(asleepMib, swap.vramMib ?? asleepMib);
      return { swap: modelOf(name, compact({ ...swap, asleepMib: kept }) as Partial<SwapModel>), times };
    });

const anyGpus: fc.Arbitrary<readonly SwapGpu[]> = fc
  .tuple(optional(fc.integer({ min: 8, max: 32 })), optional(fc.integer({ min: 8, max: 32 })))
  .map(([first, second]) => [
    { id: 'gpu0', ...(first === undefined ? {} : { vramMib: first }) },
    { id: 'gpu1', ...(second === undefined ? {} : { vramMib: second }) },
  ]);

const compactPolicy = (lingerMs: number | undefined, over: Partial<SwapPolicy>): SwapPolicy => {
  const { lingerMs: _, ...rest } = policyOf(over);
  return lingerMs === undefined ? rest : { ...rest, lingerMs };
};

const anyPolicy = fc
  .record({
    waitBoundMs: tenths(0, 1500),
    drainMs: tenths(0, 300),
    lingerMs: optional(tenths(0, 50)),
    worth: fc.constantFrom(0, 0.5, 1, 3),
  })
  .map(({ lingerMs, ...policy }) => compactPolicy(lingerMs, policy));

const arrivalsFor = (names: readonly string[], patient: boolean): fc.Arbitrary<readonly Arrival[]> =>
  fc
    .array(
      fc.record({
        model: fc.constantFrom(...names),
        gapMs: tenths(0, 150),
        serviceMs: tenths(0, 500),
        priority: fc.constantFrom(0, 0, 0, -1, 2),
        patienceMs: patient ? fc.constant(undefined) : optional(tenths(0, 900)),
      }),
      { minLength: 1, maxLength: 30 },
    )
    .map((rows) => {
      let at = 0;
      return rows.map(({ gapMs, patienceMs, ...row }, index) => {
        at += gapMs;
        return { ...row, id: `r${index}`, at, ...(patienceMs === undefined ? {} : { patienceMs }) };
      });
    });

type Situation = Omit<SimulationInput, 'decide'>;

/** Everything varies: memory, groups, pins, sleep, failures, impatience. */
export const anySituation: fc.Arbitrary<Situation> = fc
  .record({
    models: fc
      .integer({ min: 1, max: NAMES.length })
      .chain((count) => fc.tuple(...NAMES.slice(0, count).map(anyModel))),
    gpus: anyGpus,
    policy: anyPolicy,
    arrivals: arrivalsFor(NAMES, false),
    wanted: fc.subarray([...NAMES]),
    crashes: fc.array(fc.record({ at: tenths(0, 3000), model: fc.constantFrom(...NAMES) }), { maxLength: 3 }),
    failing: fc.array(fc.nat(5), { maxLength: 3 }),
    sticking: fc.array(fc.nat(3), { maxLength: 2 }),
    retryMs: tenths(1, 600),
  })
  .map(({ models, arrivals, wanted, crashes, failing, sticking, ...rest }) => {
    const known = new Set(models.map(({ swap }) => swap.name));
    return {
      ...rest,
      models,
      arrivals: arrivals.filter(({ model }) => known.has(model)),
      wanted: wanted.filter((name) => known.has(name)),
      crashes: crashes.filter(({ model }) => known.has(model)),
      mishaps: {
        loadFails: (_model, attempt) => failing.includes(attempt),
        removalFails: (_model, attempt) => sticking.includes(attempt),
      },
    };
  });

/** Models of which only one fits at a time, that never fail, and callers that wait. */
export const exclusiveModels = (count: number): fc.Arbitrary<Situation> => {
  const names = NAMES.slice(0, count);
  return fc.record({
    models: fc.tuple(
      ...names.map((name) =>
        fc
          .record({
            times: anyTimes,
            asleepMib: optional(fc.constant(1)),
            idleMs: optional(tenths(1, 600)),
            minResidentMs: optional(tenths(0, 200)),
          })
          .map(({ times, ...swap }) => ({
            swap: modelOf(name, { vramMib: 20, ...compact(swap) } as Partial<SwapModel>),
            times,
          })),
      ),
    ),
    gpus: fc.constant([{ id: 'gpu0', vramMib: 24 }]),
    policy: anyPolicy,
    arrivals: arrivalsFor(names, true),
  });
};
