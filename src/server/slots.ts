/** Who looks after the GPUs that tiers share: which multiplexers are open, in this process or elsewhere, under which group? */
import type { SlotSource, TierResidency } from '#core/residency';
import type { Settings, SwapGroup, SwapGroupSource } from '#core/settings';
import type { SlotLease, SlotRefusal, SlotWish } from '#core/slot-lease';
import type { SlotsStatus } from '#core/slots-status';
import type { Tier } from '#core/tier';
import type { Multiplexer } from '#multiplexer/multiplexer';

/** One multiplexer, as far as the router needs it. */
export interface OpenMultiplexer {
  /** Undefined while nothing fresh is known. */
  status(): SlotsStatus | undefined;
  residency(model: string): TierResidency | undefined;
  /** Absent where leases are the multiplexer's own business: it is elsewhere, and the tier is its front door. */
  acquire?(model: string, wish: SlotWish): Promise<SlotLease | SlotRefusal>;
  /** Set where it runs in this process. */
  readonly local?: Multiplexer;
  /** Text for `/metrics`; absent where it has a page of its own. */
  metrics?(): Promise<string>;
  /** @param keepServes its servers run on, for the next start to take over; without effect on one elsewhere */
  close(keepServes: boolean): Promise<void>;
}

/** Opens what a group names. @throws Error with a remedy */
export type OpenSource = (source: SwapGroupSource) => Promise<OpenMultiplexer>;

export interface Slots {
  readonly source: SlotSource;
  /** The multiplexer in this process; there is one at most. */
  local(): Multiplexer | undefined;
  /** Metrics of the multiplexers in this process; empty without any. */
  metrics(): Promise<string>;
  /** Opens what is new, then lets go of what is not named any more. @throws Error with a remedy; then everything stays */
  replace(groups: Settings['swapGroups']): Promise<void>;
  close(): Promise<void>;
}

/** Groups of one source share one multiplexer. */
const keyOf = (source: SwapGroupSource): string =>
  source.kind === 'registry' ? `registry ${source.path}` : `url ${source.url} ${source.authEnv ?? ''}`;

/** One that two groups name is left running if either says so. */
const keepsServes = (groups: readonly SwapGroup[], key: string): boolean =>
  groups.some(({ source }) => source.kind === 'registry' && keyOf(source) === key && source.keepServes === true);

type ByKey = ReadonlyMap<string, OpenMultiplexer>;

const closeAll = async (open: Iterable<OpenMultiplexer>): Promise<void> => {
  // Nobody would look after servers that a reload has left out of the configuration.
  await Promise.allSettled([...open].map((each) => each.close(false)));
};

/** Opens what `known` lacks. What was opened before one failed is closed again. */
const openMissing = async (groups: readonly SwapGroup[], known: ByKey, open: OpenSource): Promise<ByKey> => {
  const opened = new Map<string, OpenMultiplexer>();
  try {
    for (const { source } of groups) {
      const key = keyOf(source);
      if (!known.has(key) && !opened.has(key)) opened.set(key, await open(source));
    }
  } catch (error) {
    // What they have taken over runs on where that is wanted: it was there before, and nothing came of this.
    await Promise.allSettled([...opened].map(([key, each]) => each.close(keepsServes(groups, key))));
    throw error;
  }
  return opened;
};

/** Lets go of multiplexers, and tells when that is done. */
const createFarewells = () => {
  const under = new Map<string, Promise<void>>();
  return {
    /** Does not wait: requests under way still hold models of them, and each drains before it stops. */
    begin(left: ByKey): void {
      for (const [key, each] of left) {
        const gone = closeAll([each]).then(() => {
          if (under.get(key) === gone) under.delete(key);
        });
        under.set(key, gone);
      }
    },
    /** Resolves when none is left under this key; a drain has its limit. */
    over: (key: string): Promise<void> => under.get(key) ?? Promise.resolve(),
    all: (): Promise<unknown> => Promise.all(under.values()),
  };
};

/** @throws Error with a remedy when a multiplexer cannot be opened */
export const openSlots = async (first: Settings['swapGroups'], openSource: OpenSource): Promise<Slots> => {
  const farewells = createFarewells();
  // One that a reload has brought back is still held by its former life until that has ended.
  const open: OpenSource = async (source) => {
    await farewells.over(keyOf(source));
    return openSource(source);
  };
  let byKey: ByKey = new Map();
  let groups: ReadonlyMap<string, OpenMultiplexer> = new Map();
  let declared: Settings['swapGroups'] = [];

  const replace = async (next: Settings['swapGroups']): Promise<void> => {
    const all = new Map([...byKey, ...(await openMissing(next, byKey, open))]);
    const named = new Set(next.map(({ source }) => keyOf(source)));
    const left = new Map([...all].filter(([key]) => !named.has(key)));
    byKey = new Map([...all].filter(([key]) => named.has(key)));
    declared = next;
    groups = new Map(
      next.flatMap(({ name, source }) => {
        const found = byKey.get(keyOf(source));
        return found ? [[name, found] as const] : [];
      }),
    );
    farewells.begin(left);
  };

  const placeOf = ({
    swapGroup,
    model,
  }: Tier): { readonly group: OpenMultiplexer; readonly model: string } | undefined => {
    const group = swapGroup === undefined ? undefined : groups.get(swapGroup);
    return group && model !== undefined ? { group, model } : undefined;
  };

  await replace(first);
  return {
    source: {
      residency(tier) {
        const place = placeOf(tier);
        return place?.group.residency(place.model);
      },
      acquire(tier, wish) {
        const place = placeOf(tier);
        return place?.group.acquire?.(place.model, wish);
      },
      groups: () => Object.fromEntries([...groups].map(([name, group]) => [name, group.status()])),
    },
    local: () => [...byKey.values()].find(({ local }) => local !== undefined)?.local,
    async metrics() {
      const texts = await Promise.all([...byKey.values()].map((each) => each.metrics?.() ?? ''));
      return texts.join('');
    },
    replace,
    async close() {
      await Promise.allSettled([...byKey].map(([key, each]) => each.close(keepsServes(declared, key))));
      await farewells.all();
    },
  };
};
