/** What do a lease, an estimate and a status of the multiplexer cost, by number of models and of requests that wait? */
import { openHouse } from '#tests/multiplexer/house';
import { type Spread, spreadOf } from './numbers';

export interface Cost {
  readonly models: number;
  readonly waiting: number;
  /** How many of the models fit at a time. */
  readonly resident: number;
  /** Microseconds. */
  readonly lease: Spread;
  readonly estimate: Spread;
  readonly status: Spread;
}

const ROUNDS = 150;
/** Calls timed together, so that reading the clock does not count. */
const BATCH = 10;

const timed = async (run: () => Promise<void> | void): Promise<Spread> => {
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    for (let call = 0; call < BATCH; call++) await run();
    samples.push(((performance.now() - startedAt) * 1000) / BATCH);
  }
  // Without the first third, in which the code is still being compiled.
  return spreadOf(samples.slice(ROUNDS / 3));
};

const measureOne = async (count: number, waiting: number, resident: number): Promise<Cost> => {
  const names = Array.from({ length: count }, (_, index) => `m${index}`);
  const house = await openHouse({
    models: names.map((name) => ({ name, vramMib: 1000 })),
    gpus: [{ id: '0', vramMib: 1000 * resident }],
    // Nobody comes to the bound, or is worth a swap: what is measured stays as it is.
    settings: { queueMax: 1000, waitBoundMs: 1_000_000_000, worth: 1_000_000 },
  });
  const holders = names.slice(0, resident).map((name) => house.ask(name));
  await house.clock.advance(10_000);
  for (const { lease } of holders) if (lease.model !== 'm0') lease.release();
  for (let index = 0; index < waiting; index++) house.ask(names[resident + (index % (count - resident))] ?? '');
  await house.clock.advance(0);
  const { signal } = new AbortController();
  const lease = await timed(async () => {
    const got = await house.multiplexer.acquire('m0', { requestId: 'r', signal });
    if ('refused' in got) throw new Error(got.message);
    got.release();
  });
  const estimate = await timed(() => void house.multiplexer.estimate('m0'));
  const status = await timed(() => void house.multiplexer.status());
  if (house.multiplexer.status().waiting !== waiting) throw new Error('those who wait do not wait any more');
  return { models: count, waiting, resident, lease, estimate, status };
};

/** Models in the registry, and how many of them fit at a time. */
const FLOORS = [
  [2, 1],
  [10, 1],
  [10, 5],
  [50, 1],
  [50, 25],
] as const;

export const measureCosts = async (): Promise<readonly Cost[]> => {
  const costs: Cost[] = [];
  for (const [models, resident] of FLOORS) {
    for (const waiting of [0, 250]) costs.push(await measureOne(models, waiting, resident));
  }
  return costs;
};
