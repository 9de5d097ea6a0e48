/** A GPU on which the local tiers take turns: the real multiplexer over fake servers, troubled, and held to its promises. */
import type { SlotSource } from '#core/residency';
import { isSlotRefusal, type SlotLease } from '#core/slot-lease';
import type { Tier } from '#core/tier';
import type { Multiplexer } from '#multiplexer/multiplexer';
import { type Action, type Behaviour, createFakeServes, type FakeServes } from '#tests/multiplexer/fake-driver';
import { buildHouse, type ModelWish } from '#tests/multiplexer/house';
import { GPU_GROUP, GPU_TIERS, modelOfTier } from '#tests/simulation/configurations';
import type { HostCall, HostScript } from '#tests/simulation/scripted-hosts';
import type { SimulatedClock } from '#tests/support/clock';
import type { Random } from '#tests/support/random';

export interface OneGpu {
  readonly source: SlotSource;
  /** The script as it can be played: not at all without a server, and to the end only while that lives. */
  played(call: HostCall, script: HostScript): HostScript;
  /** Kills, jams and starves servers from time to time, until it is told that the callers have gone. */
  trouble(): Promise<void>;
  calm(): void;
  /** Ends the multiplexer. @returns what was not given back, and every promise broken until then */
  end(): Promise<readonly string[]>;
  /** How often each thing happened. */
  readonly seen: ReadonlyMap<string, number>;
}

const GPU_MIB = 24_000;
/** Simulated milliseconds that the end may take: a load that began, a drain, and a stop. */
const END_MS_MAX = 120_000;

const planModel = (random: Random, tier: string): ModelWish => {
  const sleeps = random.chance(0.6);
  return {
    name: modelOfTier(tier),
    times: { loadMs: random.integer(100, 3_000), wakeMs: 100, unloadMs: random.integer(20, 500), sleepMs: 50 },
    preload: random.chance(0.2),
    priority: random.pick([0, 0, 0, 1, 5]),
    minResidentMs: random.pick([0, 0, 500, 2_000]),
    ...(random.chance(0.6) ? { vramMib: random.pick([8_000, 12_000, 16_000, 24_000]) } : {}),
    ...(random.chance(0.3) ? { maxConcurrency: random.integer(1, 4) } : {}),
    ...(random.chance(0.3) ? { idleMs: random.integer(1_000, 20_000) } : {}),
    ...(sleeps ? { sleepLevel: random.pick([1, 2] as const), asleepMib: random.pick([500, 2_000]) } : {}),
  };
};

const planPolicy = (random: Random) => ({
  waitBoundMs: random.integer(500, 8_000),
  drainMs: random.pick([0, 200, 1_000, 5_000]),
  lingerMs: random.pick([0, 100, 1_000]),
  worth: random.pick([0.5, 1, 2]),
  queueMax: random.pick([2, 8, 64]),
  retryMs: random.integer(100, 1_000),
  retryMsMax: 2_000,
});

const behave = (serves: FakeServes, random: Random, model: string): Behaviour =>
  Object.assign(serves.of(model), {
    startMs: random.pick([0, 0, 50]),
    loadMs: random.integer(50, 2_500),
    wakeMs: random.integer(20, 400),
    sleepMs: random.integer(20, 200),
    stopMs: random.integer(10, 400),
  });

const WELL: Partial<Behaviour> = {
  diesLoading: undefined,
  startFails: undefined,
  immortal: false,
  sleepFails: false,
  wakeFails: false,
  unreachable: false,
};
/** What can be wrong with a server for a while. */
const TROUBLES: readonly (readonly [string, Partial<Behaviour>])[] = [
  ['dies while it loads', { diesLoading: 'CUDA out of memory' }],
  ['cannot be started', { startFails: 'no such image' }],
  ['cannot be ended', { immortal: true }],
  ['will not sleep', { sleepFails: true }],
  ['will not wake', { wakeFails: true }],
  ['has an engine that cannot be asked', { unreachable: true }],
];

/** Leases out, and which of them still bind: not those on a server that has died. One that is cut is given back at once. */
const createCounter = (seen: (what: string) => void) => {
  const out = new Map<string, Set<SlotLease>>();
  const dead = new WeakSet<SlotLease>();
  const of = (model: string): Set<SlotLease> => {
    const held = out.get(model) ?? new Set();
    out.set(model, held);
    return held;
  };
  return {
    hold(lease: SlotLease): SlotLease {
      of(lease.model).add(lease);
      lease.cut.addEventListener('abort', () => seen('answer cut'), { once: true });
      return {
        ...lease,
        release() {
          of(lease.model).delete(lease);
          lease.release();
        },
      };
    },
    held: (model: string): number => of(model).size,
    binding: (model: string): number => [...of(model)].filter((lease) => !dead.has(lease)).length,
    died(model: string): void {
      for (const lease of of(model)) dead.add(lease);
    },
    all: (): number => [...out.values()].reduce((sum, { size }) => sum + size, 0),
  };
};

const sourceOf = (
  multiplexer: Multiplexer,
  hold: (lease: SlotLease) => SlotLease,
  seen: (what: string) => void,
): SlotSource => {
  const modelFor = ({ swapGroup, model }: Tier): string | undefined => (swapGroup === GPU_GROUP ? model : undefined);
  return {
    residency(tier) {
      const model = modelFor(tier);
      return model === undefined ? undefined : multiplexer.estimate(model);
    },
    acquire(tier, wish) {
      const model = modelFor(tier);
      if (model === undefined) return undefined;
      return multiplexer.acquire(model, wish).then((got) => {
        seen(isSlotRefusal(got) ? `refused ${got.refused}` : `lease after ${got.needed}`);
        return isSlotRefusal(got) ? got : hold(got);
      });
    },
    groups: () => ({ [GPU_GROUP]: multiplexer.status() }),
  };
};

const left = ({ multiplexer }: { readonly multiplexer: Multiplexer }, out: number): string[] => {
  const { waiting, slots } = multiplexer.status();
  const leases = slots.reduce((sum, slot) => sum + slot.leases, 0);
  return [
    ...(out === 0 ? [] : [`${out} leases were never given back by the router`]),
    ...(leases === 0 ? [] : [`${leases} leases are still counted by the multiplexer`]),
    ...(waiting === 0 ? [] : [`${waiting} requests still wait for a model`]),
  ];
};

/** Starts to serve at once; loads take their time on the clock. */
export const openOneGpu = (random: Random, clock: SimulatedClock): OneGpu => {
  const problems: string[] = [];
  const counts = new Map<string, number>();
  const seen = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const counter = createCounter(seen);
  const deaths = new Map<string, AbortController>();
  const onAction = (action: Action, model: string): void => {
    seen(`server ${action}`);
    if (action === 'start') deaths.set(model, new AbortController());
    if (action === 'end') {
      deaths.get(model)?.abort(new Error('the server has ended'));
      counter.died(model);
    }
    const binding = action === 'stop' || action === 'sleep' ? counter.binding(model) : 0;
    if (binding > 0) problems.push(`${action} of ${model} below ${binding} leases`);
  };
  const serves = createFakeServes(clock, onAction);
  const models = GPU_TIERS.map((tier) => planModel(random.fork(tier), tier));
  for (const { name } of models) behave(serves, random.fork(`behaviour ${name}`), name);
  const gpus = [random.chance(0.7) ? { id: '0', vramMib: GPU_MIB } : { id: '0' }];
  const house = buildHouse({ models, gpus, settings: planPolicy(random.fork('policy')), clock, serves });
  const { multiplexer } = house;
  void multiplexer.start();
  const chances = random.fork('trouble');
  let calmed = false;

  const makeTrouble = async (): Promise<void> => {
    const { name } = chances.pick(models);
    if (chances.chance(0.4)) {
      if (serves.crash(name)) seen('trouble killed');
      return;
    }
    const [what, wrong] = chances.pick(TROUBLES);
    seen(`trouble ${what}`);
    Object.assign(serves.of(name), wrong);
    await pause(chances.integer(200, 6_000));
    Object.assign(serves.of(name), WELL);
  };
  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));

  return {
    source: sourceOf(multiplexer, counter.hold, seen),
    seen: counts,
    played(call, script) {
      const model = modelOfTier(call.host);
      if (!models.some(({ name }) => name === model)) return script;
      if (counter.held(model) === 0) problems.push(`${call.host} was called without a lease on its model`);
      if (!serves.running().includes(model)) return { ...script, refused: true };
      if (!serves.isAwake(model)) problems.push(`${call.host} was called while its model slept`);
      const dies = deaths.get(model)?.signal;
      return dies ? { ...script, dies } : script;
    },
    async trouble() {
      while (!calmed) {
        await pause(chances.integer(300, 8_000));
        if (!calmed) await makeTrouble();
      }
    },
    calm() {
      calmed = true;
    },
    async end() {
      const found = left(house, counter.all());
      for (const { name } of models) Object.assign(serves.of(name), WELL);
      let stopped = false;
      const stopping = multiplexer.stop(false).then(() => {
        stopped = true;
      });
      const due = clock.now() + END_MS_MAX;
      while (!stopped && clock.now() < due && (await clock.advanceToNext()));
      if (stopped) await stopping;
      else found.push('the multiplexer does not come to its end');
      const alive = serves.running();
      if (alive.length > 0) found.push(`servers were left behind: ${alive.join(', ')}`);
      return [...found, ...problems, ...house.errors.map((error) => `an actor died: ${String(error)}`)];
    },
  };
};
