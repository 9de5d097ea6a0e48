/** May this tier do this class of work, and how do we know? Seed, measured rows and fail-safe defaults, in one ladder. */
import type { ProfileDocument, ProfileRow } from '#core/profile-document';
import { SEED_ROWS } from '#core/seed-profile';
import { verdictRank } from '#core/strictness';
import type { Tier, Verdict } from '#core/tier';
import type { WorkClass } from '#core/work-class';

/** How a verdict came about. `unconfirmed`: the row does not say which serve was measured, so `allow` is not believed. */
export type RulingSource = 'seed' | 'profile' | 'stale' | 'unconfirmed' | 'default' | 'no-class';

export interface Ruling {
  readonly verdict: Verdict;
  readonly from: RulingSource;
  /** 0..1; 0.5 for a pair that nobody measured. */
  readonly score: number;
  readonly sampleN: number;
}

/** The rows in force. Build it with `buildProfile`, ask it with `verdictFor`. */
export interface Profile {
  readonly rows: ReadonlyMap<string, ProfileRow>;
  readonly seed: ReadonlyMap<string, ProfileRow>;
}

const UNMEASURED_SCORE = 0.5;
/** Work that an unmeasured local tier is not trusted with. */
const HIGH_RISK: ReadonlySet<WorkClass> = new Set(['planning', 'multi-file-refactor']);

const keyOf = (tierId: string, workClass: WorkClass | null | undefined): string => `${tierId}\n${workClass ?? ''}`;

const byKey = (rows: readonly ProfileRow[]): Map<string, ProfileRow> =>
  new Map(rows.map((row) => [keyOf(row.tierId, row.workClass), row]));

const SEED = byKey(SEED_ROWS);

/** The seed with the loaded rows laid over it; rows of a document in mode `seed` count as seed, not as measurement. */
export const buildProfile = (loaded?: ProfileDocument): Profile => {
  const given = loaded === undefined ? new Map<string, ProfileRow>() : byKey(loaded.rows);
  return loaded?.mode === 'seed'
    ? { seed: new Map([...SEED, ...given]), rows: new Map() }
    : { seed: SEED, rows: given };
};

const ruling = (verdict: Verdict, from: RulingSource, row?: ProfileRow): Ruling => ({
  verdict,
  from,
  score: row?.qualityScore ?? UNMEASURED_SCORE,
  sampleN: row?.sampleN ?? 0,
});

/** What holds for a pair when no measurement is loaded. */
const baseline = (profile: Profile, tier: Tier, workClass: WorkClass | undefined): Ruling => {
  const row = profile.seed.get(keyOf(tier.id, workClass));
  if (row !== undefined) return ruling(row.decision, 'seed', row);
  if (workClass === undefined) return ruling('allow', 'no-class');
  if (tier.privacy === 'cloud') return ruling('allow', 'default');
  return ruling(HIGH_RISK.has(workClass) ? 'deny' : 'allow-with-verify', 'default');
};

/**
 * The verdict on one tier for one class, `undefined` meaning a custom preset. A measured row decides, with two limits
 * on `allow`:
 * - its fingerprint differs from the tier's: stale, counts as `allow-with-verify`;
 * - it has no fingerprint: it may come from another model under the same tier id, so it counts as `allow` only where
 *   the baseline allows too, else as `allow-with-verify`.
 * `deny` and `allow-with-verify` always stand: a measurement may always make things stricter.
 */
export const verdictFor = (profile: Profile, tier: Tier, workClass: WorkClass | undefined): Ruling => {
  const row = profile.rows.get(keyOf(tier.id, workClass));
  if (row === undefined) return baseline(profile, tier, workClass);
  if (row.fingerprint !== null && row.fingerprint !== tier.fingerprint) {
    return ruling(row.decision === 'allow' ? 'allow-with-verify' : row.decision, 'stale', row);
  }
  if (row.fingerprint !== null || row.decision !== 'allow') return ruling(row.decision, 'profile', row);
  const isAllowedAnyway = verdictRank(baseline(profile, tier, workClass).verdict) === 0;
  return isAllowedAnyway ? ruling('allow', 'profile', row) : ruling('allow-with-verify', 'unconfirmed', row);
};

/** What an operator should know about the loaded rows: which are stale, which are not believed, which name no tier. */
export const profileNotes = (profile: Profile, tiers: readonly Tier[]): readonly string[] => {
  const byId = new Map(tiers.map((tier) => [tier.id, tier]));
  const notes: string[] = [];
  for (const row of profile.rows.values()) {
    const tier = byId.get(row.tierId);
    const what = `profile row ${row.tierId} / ${row.workClass ?? 'no class'}`;
    if (tier === undefined) {
      notes.push(`${what}: no such tier in this configuration; the row is not used`);
      continue;
    }
    const { from } = verdictFor(profile, tier, row.workClass ?? undefined);
    if (from === 'stale')
      notes.push(
        `${what}: measured on a different serve; allow counts as allow-with-verify until it is measured again`,
      );
    if (from === 'unconfirmed')
      notes.push(`${what}: has no fingerprint; allow counts as allow-with-verify until it is measured on this serve`);
  }
  return notes;
};
