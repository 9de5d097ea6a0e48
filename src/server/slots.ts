/** Who looks after the GPUs that tiers share: which multiplexers are open, in this process or elsewhere, under which group? */
import type { SlotSource, TierResidency } from '#core/residency';
import type { Settings, SwapGroup, SwapGroupSource } from '#core/settings';
import type { SlotLease, SlotRefusal, SlotWish } from '#core/slot-lease';
import type { SlotsStatus } from '#core/slots-status';
import type { Tier } from '#core/tier';

/** One multiplexer, as far as the router needs it. */
export interface OpenMultiplexer {
  /** Undefined while nothing fresh is known. */
  status(): SlotsStatus | undefined;
  residency(model: string): TierResidency | undefined;
  /** Absent where leases are the multiplexer's own business: it is elsewhere, and the tier is its front door. */
  acquire?(model: string, wish: SlotWish): Promise<SlotLease | SlotRefusal>;
  /** Text for `/metrics`; absent where it has a page of its own. */
  metrics?(): Promise<string>;
  close(): Promise<void>;
}

/** Opens what a group names. @throws Error with a remedy */
export type OpenSource = (source: SwapGroupSource) => Promise<OpenMultiplexer>;

export interface Slots {
  readonly source: SlotSource;
  /** Metrics of the multiplexers in this process; empty without any. */
  metrics(): Promise<string>;
  /** Opens what is new, then lets go of what is not named any more. @throws Error with a remedy; then everything stays */
  replace(groups: Settings['swapGroups']): Promise<void>;
  close(): Promise<void>;
}

/** Groups of one source share one multiplexer. */
const keyOf = (source: SwapGroupSource): string =>
  source.kind === 'registry' ? `registry ${source.path}` : `url ${source.url} ${source.authEnv ?? ''}`;

type ByKey = ReadonlyMap<string, OpenMultiplexer>;

const closeAll = async (open: Iterable<OpenMultiplexer>): Promise<void> => {
  await Promise.allSettled([...open].map((each) => each.close()));
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
    await closeAll(opened.values());
    throw error;
  }
  return opened;
};

/** @throws Error with a remedy when a multiplexer cannot be opened */
export const openSlots = async (first: Settings['swapGroups'], open: OpenSource): Promise<Slots> => {
  let byKey: ByKey = new Map();
  let groups: ReadonlyMap<string, OpenMultiplexer> = new Map();

  const replace = async (next: Settings['swapGroups']): Promise<void> => {
    const all = new Map([...byKey, ...(await openMissing(next, byKey, open))]);
    const named = new Set(next.map(({ source }) => keyOf(source)));
    const left = [...all].flatMap(([key, each]) => (named.has(key) ? [] : [each]));
    byKey = new Map([...all].filter(([key]) => named.has(key)));
    groups = new Map(
      next.flatMap(({ name, source }) => {
        const found = byKey.get(keyOf(source));
        return found ? [[name, found] as const] : [];
      }),
    );
    // Requests under way still hold models of it; it drains before it stops, and nobody waits for that.
    void closeAll(left);
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
    async metrics() {
      const texts = await Promise.all([...byKey.values()].map((each) => each.metrics?.() ?? ''));
      return texts.join('');
    },
    replace,
    close: () => closeAll(byKey.values()),
  };
};
