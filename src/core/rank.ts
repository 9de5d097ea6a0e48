/** In what order should the tiers that passed the gates be tried? Cheapest first, with explained exceptions. */
import type { Fit } from '#core/estimate';
import { expectationOf, expectationText, isSoonEnough, timeToPass } from '#core/expected-time';
import type { Weighed } from '#core/gates';
import type { Intent } from '#core/plan';
import type { World } from '#core/readiness';
import { stricterVerdict, verdictRank } from '#core/strictness';
import type { Tier, Verdict } from '#core/tier';

/** A tier with the verdict it is served under and the reasons for its place. */
export interface Ranked extends Weighed {
  readonly verdict: Verdict;
  readonly why: readonly string[];
}

const FIT_RANK: Record<Fit, number> = { fits: 0, tight: 1, doubtful: 2 };

/** Sort keys, most significant first. */
interface Keys {
  readonly entry: Ranked;
  readonly keys: readonly number[];
  /** Tiers of equal standing may change places for the sake of time. */
  readonly standing: string;
}

const hasSamePrices = (left: Tier, right: Tier): boolean =>
  left.prices.input === right.prices.input && left.prices.output === right.prices.output;

/** Runs of free and of metered tiers, in the configured order: only a prompt too long moves a tier out of its run. */
const costRuns = (pool: readonly Weighed[]): { readonly run: number; readonly cost: number }[] => {
  let run = 0;
  let cost = 0;
  return pool.map((entry, index) => {
    const before = pool[index - 1];
    if (before !== undefined && before.metered !== entry.metered) run += 1;
    const isSameCost = before?.metered === true && entry.metered && hasSamePrices(before.tier, entry.tier);
    if (before !== undefined && !isSameCost) cost += 1;
    return { run, cost };
  });
};

const isFull = (tier: Tier, world: World): boolean =>
  tier.maxConcurrency !== undefined && world.loadOf(tier.id).inFlight >= tier.maxConcurrency;

/** True when the tier's answers begin later than the caller wants to wait. */
const isSlow = (tier: Tier, { firstByte }: World): boolean =>
  firstByte !== undefined && (firstByte.measuredMs(tier) ?? 0) > firstByte.maxMs;

/** The verdict a tier is served under: never laxer than its own, stricter by the caller's words or by ambiguity. */
const servedVerdict = (entry: Weighed, ambiguous: boolean): { readonly verdict: Verdict; readonly why: string[] } => {
  const { ruling, textRuling, tier } = entry;
  const why = [`verdict ${ruling.verdict} (${ruling.from}, score ${ruling.score.toFixed(2)})`];
  const byText = textRuling === undefined ? ruling.verdict : stricterVerdict(ruling.verdict, textRuling.verdict);
  const tightened: Verdict = byText === 'deny' ? 'allow-with-verify' : byText;
  if (tightened !== ruling.verdict) why.push(`served as ${tightened}: the text asks for stricter work than declared`);
  if (!ambiguous || tier.privacy !== 'local' || tightened !== 'allow') return { verdict: tightened, why };
  why.push('served as allow-with-verify: the intent is ambiguous');
  return { verdict: 'allow-with-verify', why };
};

/** A free tier that holds the session's prefix goes first among free tiers unless one of them is better allowed. */
const holdsPrefix = (
  entry: Weighed,
  run: number,
  all: readonly Weighed[],
  runs: readonly number[],
  world: World,
): boolean =>
  world.affinity === entry.tier.id &&
  !entry.metered &&
  all.every(
    (other, index) =>
      runs[index] !== run ||
      other.fit !== entry.fit ||
      verdictRank(other.ruling.verdict) >= verdictRank(entry.ruling.verdict),
  );

const inSeconds = (ms: number | undefined): string => `${((ms ?? 0) / 1000).toFixed(1)} s`;

const slowness = (tier: Tier, { firstByte }: World): string =>
  `its answers began after about ${inSeconds(firstByte?.measuredMs(tier))}, ${inSeconds(firstByte?.maxMs)} are asked for`;

const describe = (
  entry: Weighed,
  world: World,
  flags: { readonly prefix: boolean; readonly full: boolean },
): string[] => {
  const { tier, fit, estimate, position } = entry;
  const why = [`cost order ${position + 1}, ${entry.metered ? 'metered' : 'free'}`];
  if (fit === 'tight')
    why.push(`tight: about ${estimate.best} of ${tier.contextLimit} tokens, little room for an answer`);
  if (fit === 'doubtful') why.push(`doubtful: about ${estimate.best} tokens, the window is ${tier.contextLimit}`);
  if (isSlow(tier, world)) why.push(`slow: ${slowness(tier, world)}`);
  if (flags.prefix) why.push('holds the prefix of this session');
  if (flags.full) {
    const { inFlight, queued } = world.loadOf(tier.id);
    why.push(`busy: ${inFlight} in flight, ${queued} waiting`);
  }
  return why;
};

const compareKeys = (left: Keys, right: Keys): number => {
  for (const [index, key] of left.keys.entries()) {
    const difference = key - (right.keys[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

const keysOf = (pool: readonly Weighed[], ambiguous: boolean, world: World): Keys[] => {
  const costs = costRuns(pool);
  const runs = costs.map(({ run }) => run);
  return pool.map((entry, index) => {
    const { run, cost } = costs[index] ?? { run: 0, cost: 0 };
    const prefix = holdsPrefix(entry, run, pool, runs, world);
    const full = isFull(entry.tier, world);
    const { verdict, why } = servedVerdict(entry, ambiguous);
    const fit = FIT_RANK[entry.fit];
    const safety = verdictRank(entry.ruling.verdict);
    const { score } = entry.ruling;
    return {
      entry: { ...entry, verdict, why: [...why, ...describe(entry, world, { prefix, full })] },
      keys: [
        entry.fit === 'doubtful' ? 1 : 0,
        run,
        fit,
        ambiguous ? safety : 0,
        isSlow(entry.tier, world) ? 1 : 0,
        prefix ? 0 : 1,
        ambiguous ? -score : 0,
        full ? 1 : 0,
        cost,
        -score,
        entry.position,
      ],
      standing: `${fit} ${run} ${ambiguous ? safety : ''} ${isSlow(entry.tier, world)}`,
    };
  });
};

/**
 * Good enough now, or better after a load: among free tiers that are otherwise equal, whoever would pass first, but the
 * configured order stands where it costs little. Nothing changes unless the model of one of them has to be waited for.
 */
const soonestFirst = (peers: readonly Keys[], intent: Intent, world: World): readonly Ranked[] => {
  const isWaitedFor = ({ entry }: Keys): boolean => (world.residency(entry.tier)?.readyInMs ?? 0) > 0;
  if (peers.length < 2 || !peers.some(isWaitedFor)) return peers.map(({ entry }) => entry);
  const expected = peers.map(({ entry }) => {
    const expectation = expectationOf(entry.tier, entry.ruling.score, intent.gateClass ?? intent.workClass, world);
    return { entry, expectation, time: timeToPass(expectation) };
  });
  const left = [...expected];
  const ordered: Ranked[] = [];
  while (left.length > 0) {
    const best = Math.min(...left.map(({ time }) => time));
    const turn = left.findIndex(({ time }) => isSoonEnough(time, best));
    for (const { entry, expectation } of left.splice(turn, 1))
      ordered.push({ ...entry, why: [...entry.why, expectationText(expectation)] });
  }
  return ordered;
};

/** Weighs waiting only among neighbours of one standing: free, with the same room, equally safe where that counts. */
const weighWaiting = (ordered: readonly Keys[], intent: Intent, world: World): readonly Ranked[] => {
  const groups: Keys[][] = [];
  for (const keys of ordered) {
    const last = groups.at(-1);
    if (last?.[0]?.standing === keys.standing && !keys.entry.metered) last.push(keys);
    else groups.push([keys]);
  }
  return groups.flatMap((peers) => soonestFirst(peers, intent, world));
};

/**
 * Orders by: whether the prompt probably fits at all; runs of free and metered tiers as configured; then within a run,
 * room for an answer; when the intent is ambiguous, the better verdict; a first byte within the time asked for; the
 * tier holding the session's prefix; when ambiguous, the better score; free capacity; cost order; score among equal
 * prices. Last, where a model has to be loaded first, free tiers of one standing change places if that is clearly sooner.
 * So neither a tight window, ambiguity, slowness, affinity, load nor waiting ever puts a metered tier in front of a free one.
 */
export const rank = (passed: readonly Weighed[], intent: Intent, world: World): readonly Ranked[] =>
  weighWaiting(keysOf(passed, intent.ambiguous, world).sort(compareKeys), intent, world);

/** Denied tiers for serving unproven: the best score first, the more capable (later in cost order) among equals. */
export const rankUnproven = (denied: readonly Weighed[]): readonly Ranked[] =>
  [...denied]
    .sort(
      (left, right) =>
        FIT_RANK[left.fit] - FIT_RANK[right.fit] ||
        right.ruling.score - left.ruling.score ||
        right.position - left.position,
    )
    .map((entry) => ({
      ...entry,
      verdict: entry.ruling.verdict,
      why: [
        `verdict deny (${entry.ruling.from}, score ${entry.ruling.score.toFixed(2)})`,
        'served unproven: no proven tier exists and when_unproven = "verify"',
      ],
    }));
