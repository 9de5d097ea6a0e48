/** What do many decisions add up to: by outcome, by serving tier and by work class? */

export interface Tally {
  readonly requests: number;
  readonly costUsd: number;
  /** Input and output of all attempts. */
  readonly tokens: number;
}

export interface DecisionSummary extends Tally {
  /** Epoch milliseconds. */
  readonly since: number;
  readonly oldestAt?: number;
  readonly newestAt?: number;
  readonly byOutcome: Readonly<Record<string, Tally>>;
  /** `none` stands for requests that no tier served. */
  readonly byTier: Readonly<Record<string, Tally>>;
  /** `none` stands for requests that ended before they were classified. */
  readonly byWorkClass: Readonly<Record<string, Tally>>;
}

/** Decisions alike in outcome, tier and class, added up. */
export interface TallyGroup extends Tally {
  readonly outcome: string;
  readonly tier: string | null;
  readonly workClass: string | null;
  readonly oldestAt: number;
  readonly newestAt: number;
}

const add = (table: Map<string, Tally>, key: string | null, group: Tally): void => {
  const name = key ?? 'none';
  const sofar = table.get(name) ?? { requests: 0, costUsd: 0, tokens: 0 };
  table.set(name, {
    requests: sofar.requests + group.requests,
    costUsd: sofar.costUsd + group.costUsd,
    tokens: sofar.tokens + group.tokens,
  });
};

/** Adds up groups, wherever they come from. */
export const summarise = (since: number, groups: Iterable<TallyGroup>): DecisionSummary => {
  const all = new Map<string, Tally>();
  const byOutcome = new Map<string, Tally>();
  const byTier = new Map<string, Tally>();
  const byWorkClass = new Map<string, Tally>();
  let oldestAt = Number.POSITIVE_INFINITY;
  let newestAt = Number.NEGATIVE_INFINITY;
  for (const group of groups) {
    add(all, 'all', group);
    add(byOutcome, group.outcome, group);
    add(byTier, group.tier, group);
    add(byWorkClass, group.workClass, group);
    oldestAt = Math.min(oldestAt, group.oldestAt);
    newestAt = Math.max(newestAt, group.newestAt);
  }
  return {
    since,
    ...(all.get('all') ?? { requests: 0, costUsd: 0, tokens: 0 }),
    ...(all.size > 0 ? { oldestAt, newestAt } : {}),
    byOutcome: Object.fromEntries(byOutcome),
    byTier: Object.fromEntries(byTier),
    byWorkClass: Object.fromEntries(byWorkClass),
  };
};
