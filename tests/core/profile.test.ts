// The ladder behind a verdict: measured row, seed, fail-safe default, and how far a measurement is believed.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { buildProfile, profileNotes, verdictFor } from '#core/profile';
import { type ProfileDocument, type ProfileRow, readProfileDocument } from '#core/profile-document';
import { SEED_ROWS } from '#core/seed-profile';
import { verdictRank } from '#core/strictness';
import type { Verdict } from '#core/tier';
import { WORK_CLASSES, type WorkClass } from '#core/work-class';
import { CLOUD, FAST, HEAVY, tierOf } from '#tests/core/decide-fixtures';
import seedDocument from '../../src/core/data/seed-profile.json';

const row = (fields: Partial<ProfileRow>): ProfileRow => ({
  tierId: 'fast-local',
  workClass: 'review',
  decision: 'allow',
  qualityScore: 0.9,
  sampleN: 12,
  lastMeasured: '2026-06-28',
  fingerprint: null,
  modelLabel: null,
  evalTotalAvg: null,
  evalMax: null,
  sourceEvals: [],
  reasoning: null,
  ...fields,
});

const loaded = (rows: readonly ProfileRow[], mode = 'live') => buildProfile({ mode, evalMax: 25, rows });
const other = tierOf('other');

describe('without a measurement', () => {
  const profile = buildProfile();
  test.each([
    [FAST, 'planning', 'deny', 0.2],
    [FAST, 'multi-file-refactor', 'deny', 0.2],
    [FAST, 'long-context', 'deny', 0.2],
    [FAST, 'review', 'allow-with-verify', 0.55],
    [FAST, 'bounded-edit', 'allow', 0.65],
    [FAST, 'chat', 'allow', 0.65],
    [HEAVY, 'planning', 'deny', 0.2],
    [HEAVY, 'multi-file-refactor', 'allow-with-verify', 0.7],
    [HEAVY, 'long-context', 'allow', 0.8],
    [HEAVY, 'review', 'allow', 0.8],
    [HEAVY, 'bounded-edit', 'allow', 0.8],
    [HEAVY, 'chat', 'allow', 0.8],
    [CLOUD, 'planning', 'allow', 0.95],
  ] as const)('the seed says of %o for %s: %s', (tier, workClass, verdict, score) => {
    expect(verdictFor(profile, tier, workClass)).toEqual({ verdict, from: 'seed', score, sampleN: 1 });
  });
  test.each([
    ['planning', 'deny'],
    ['multi-file-refactor', 'deny'],
    ['review', 'allow-with-verify'],
    ['chat', 'allow-with-verify'],
  ] as const)('an unknown local tier for %s is %s', (workClass, verdict) => {
    expect(verdictFor(profile, other, workClass)).toEqual({ verdict, from: 'default', score: 0.5, sampleN: 0 });
  });
  test('an unknown cloud tier is allowed', () => {
    expect(verdictFor(profile, tierOf('x', { privacy: 'cloud' }), 'planning').verdict).toBe('allow');
  });
  test('a preset without a class has no gate', () => {
    expect(verdictFor(profile, other, undefined)).toMatchObject({ verdict: 'allow', from: 'no-class' });
  });
  test('the defaults are those that the seed document states', () => {
    const { defaults } = seedDocument;
    const high = WORK_CLASSES.filter(
      (workClass) => verdictFor(profile, other, workClass).verdict === defaults.unmeasured_local_high_risk,
    );
    expect(high.sort()).toEqual([...defaults.high_risk_local_classes].sort() as WorkClass[]);
    expect(verdictFor(profile, other, 'chat')).toMatchObject({
      verdict: defaults.unmeasured_local,
      score: defaults.unmeasured_score,
    });
  });
});

describe('a measured row', () => {
  const measured = (decision: Verdict, fingerprint: string | null, tier = FAST, workClass: WorkClass = 'planning') =>
    verdictFor(loaded([row({ tierId: tier.id, workClass, decision, fingerprint })]), tier, workClass);

  test('of this very serve decides', () => {
    expect(measured('allow', FAST.fingerprint)).toEqual({ verdict: 'allow', from: 'profile', score: 0.9, sampleN: 12 });
    expect(measured('deny', FAST.fingerprint, FAST, 'chat')).toMatchObject({ verdict: 'deny', from: 'profile' });
  });
  test('of another serve is stale: its allow has to be verified, its deny stays', () => {
    expect(measured('allow', 'another')).toMatchObject({ verdict: 'allow-with-verify', from: 'stale' });
    expect(measured('allow-with-verify', 'another')).toMatchObject({ verdict: 'allow-with-verify', from: 'stale' });
    expect(measured('deny', 'another', FAST, 'chat')).toMatchObject({ verdict: 'deny', from: 'stale' });
  });
  test('of nobody knows which serve has to be verified where nothing else allows', () => {
    expect(measured('allow', null)).toMatchObject({ verdict: 'allow-with-verify', from: 'unconfirmed' });
    expect(measured('allow', null, other, 'chat')).toMatchObject({ verdict: 'allow-with-verify', from: 'unconfirmed' });
  });
  test('of nobody knows which serve counts where the seed or the default allows anyway', () => {
    expect(measured('allow', null, FAST, 'chat')).toMatchObject({ verdict: 'allow', from: 'profile' });
    expect(measured('allow', null, CLOUD)).toMatchObject({ verdict: 'allow', from: 'profile' });
  });
  test('may always make things stricter', () => {
    expect(measured('deny', null, CLOUD, 'chat')).toMatchObject({ verdict: 'deny', from: 'profile' });
    expect(measured('allow-with-verify', null, HEAVY, 'chat')).toMatchObject({ verdict: 'allow-with-verify' });
  });
  test('for no class gates custom presets', () => {
    expect(verdictFor(loaded([row({ workClass: null, decision: 'deny' })]), FAST, undefined).verdict).toBe('deny');
  });
  test('leaves the pairs that it does not name to the seed', () => {
    expect(verdictFor(loaded([row({})]), FAST, 'planning')).toMatchObject({ verdict: 'deny', from: 'seed' });
  });
});

test('a document in mode seed, such as the shipped one, counts as the seed itself', () => {
  const read = readProfileDocument(seedDocument);
  if (!read.ok) throw new Error(read.problems.join());
  const profile = buildProfile(read.document);
  for (const tier of [FAST, HEAVY, CLOUD]) {
    for (const workClass of WORK_CLASSES) {
      expect(verdictFor(profile, tier, workClass)).toEqual(verdictFor(buildProfile(), tier, workClass));
    }
  }
});

test("v0.9's committed replay result keeps its meaning: planning in the cloud only", () => {
  const document: ProfileDocument = {
    mode: 'replay',
    evalMax: 25,
    rows: [
      row({ tierId: 'cloud', workClass: 'planning', decision: 'allow', qualityScore: 0.99, sampleN: 4 }),
      row({ tierId: 'fast-local', workClass: 'planning', decision: 'deny', qualityScore: 0.64, sampleN: 4 }),
      row({ tierId: 'heavy-local', workClass: 'planning', decision: 'deny', qualityScore: 0.53, sampleN: 4 }),
    ],
  };
  const profile = buildProfile(document);
  expect([CLOUD, FAST, HEAVY].map((tier) => verdictFor(profile, tier, 'planning').verdict)).toEqual([
    'allow',
    'deny',
    'deny',
  ]);
});

test('an unproven measurement never grants more than verified serving beyond what held without it', () => {
  const verdicts = fc.constantFrom<Verdict>('allow', 'allow-with-verify', 'deny');
  fc.assert(
    fc.property(
      fc.constantFrom(FAST, HEAVY, CLOUD, other),
      fc.constantFrom(...WORK_CLASSES),
      verdicts,
      fc.constantFrom(null, 'x'),
      (tier, workClass, decision, fingerprint) => {
        const before = verdictFor(buildProfile(), tier, workClass).verdict;
        const after = verdictFor(
          loaded([row({ tierId: tier.id, workClass, decision, fingerprint })]),
          tier,
          workClass,
        ).verdict;
        expect(verdictRank(after)).toBeGreaterThanOrEqual(Math.min(verdictRank(before), 1));
        expect(verdictRank(after)).toBeGreaterThanOrEqual(verdictRank(decision));
      },
    ),
  );
});

test('the notes name stale, unconfirmed and unused rows', () => {
  const profile = loaded([
    row({ workClass: 'planning', fingerprint: 'another' }),
    row({ workClass: 'review' }),
    row({ workClass: 'chat' }),
    row({ tierId: 'gone' }),
  ]);
  expect(profileNotes(profile, [FAST])).toEqual([
    'profile row fast-local / planning: measured on a different serve; allow counts as allow-with-verify until it is measured again',
    'profile row fast-local / review: has no fingerprint; allow counts as allow-with-verify until it is measured on this serve',
    'profile row gone / review: no such tier in this configuration; the row is not used',
  ]);
});

test('the seed has one row for each of three tiers and six classes', () => expect(SEED_ROWS).toHaveLength(18));
