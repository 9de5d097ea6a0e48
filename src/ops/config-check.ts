/** What does a configuration really do? The effective matrix preset x tier, and presets that nothing can serve. */
import { estimatePrompt } from '#core/estimate';
import { resolveIntent } from '#core/intent';
import type { RequestFacts } from '#core/message';
import type { Candidate, Classification, Plan } from '#core/plan';
import { plan } from '#core/policy';
import { type Profile, profileNotes, verdictFor } from '#core/profile';
import type { World } from '#core/readiness';
import type { RepairRung } from '#core/repair';
import { remediesFor } from '#core/repair-ladder';
import type { Preset, Settings, SettingsWarning } from '#core/settings';
import type { HoldMode, Verdict } from '#core/tier';

/** One cell: what happens to a plain request for this preset on this tier. */
export interface MatrixRow {
  readonly preset: string;
  readonly workClass?: string;
  readonly tier: string;
  readonly verdict: Verdict;
  readonly from: string;
  readonly score: number;
  readonly included: boolean;
  /** Place in the order of attempts, from 1; absent when excluded. */
  readonly place?: number;
  readonly hold?: HoldMode;
  readonly checks?: 'none' | 'minimal' | 'full';
  /** What is done about a bad answer before the next tier is asked; absent when excluded. */
  readonly repair?: readonly (RepairRung | 'resume')[];
  readonly unproven: boolean;
  /** Why it has its place, or why it is excluded. */
  readonly reason: string;
}

export interface ConfigCheck {
  readonly rows: readonly MatrixRow[];
  readonly warnings: readonly SettingsWarning[];
  /** Presets without any tier that may serve. */
  readonly unservable: readonly string[];
  /** Presets served only because of `when_unproven = "verify"`. */
  readonly unproven: readonly string[];
}

export interface CheckWorld {
  hasCredential(tierId: string): boolean;
}

const NOTHING_SPENT = { usd: 0, tokens: 0 };

/** The smallest request there is: no tools, no images, so that only the configuration decides. */
const PLAIN: RequestFacts = {
  maxOutputTokens: undefined,
  lastUserText: '',
  lastTurnIsToolResult: false,
  systemText: '',
  firstUserText: '',
  messageCount: 1,
  chars: { system: 0, messages: 0, tools: 0 },
  imageCount: 0,
  modalities: [],
  toolNames: [],
  needsTools: false,
  thinkingEnabled: false,
  wantsJson: false,
};

const SILENT: Classification = { workClass: 'chat', confident: false, confidence: 0, evidence: [], basis: 'shape' };

/** Everything up, nothing spent: what remains is what the files say. */
const calmWorld = ({ hasCredential }: CheckWorld): World => ({
  hasCredential,
  breaker: () => undefined,
  unavailable: () => undefined,
  residency: () => undefined,
  loadOf: () => ({ inFlight: 0, queued: 0 }),
  spent: { session: NOTHING_SPENT, day: NOTHING_SPENT, dayEndsInMs: 0 },
});

const planOf = (preset: Preset, settings: Settings, profile: Profile, world: World): Plan =>
  plan({
    facts: PLAIN,
    intent: resolveIntent({ model: preset.name, inferred: SILENT, settings, verdictOf: () => 'allow' }),
    settings,
    profile,
    estimate: () => estimatePrompt(PLAIN),
    world,
  });

/** For a caller that streams. */
const repairOf = (settings: Settings, candidate: Candidate, { intent }: Plan): readonly (RepairRung | 'resume')[] => {
  const { rungs, resumes } = remediesFor(settings, candidate, candidate.workClass ?? intent.workClass);
  return resumes ? [...rungs, 'resume'] : rungs;
};

const includedRows = (preset: Preset, decided: Plan, settings: Settings): MatrixRow[] => {
  const { candidates, unproven, intent } = decided;
  return candidates.map((candidate, index) => {
    const { tier, verdict, verdictFrom, score, hold, checks, why } = candidate;
    return {
      preset: preset.name,
      ...(intent.workClass === undefined ? {} : { workClass: intent.workClass }),
      tier: tier.id,
      verdict,
      from: verdictFrom,
      score,
      included: true,
      place: index + 1,
      hold,
      checks,
      repair: repairOf(settings, candidate, decided),
      unproven,
      reason: why.join('; '),
    };
  });
};

const excludedRows = (
  preset: Preset,
  { exclusions, intent }: Plan,
  settings: Settings,
  profile: Profile,
): MatrixRow[] =>
  exclusions.flatMap(({ tier: id, kind, detail }) => {
    const tier = settings.tierById.get(id);
    if (tier === undefined || kind === 'duplicate') return [];
    const { verdict, from, score } = verdictFor(profile, tier, intent.workClass);
    const workClass = intent.workClass === undefined ? {} : { workClass: intent.workClass };
    const reason = `${kind}: ${detail}`;
    return [
      { preset: preset.name, ...workClass, tier: id, verdict, from, score, included: false, unproven: false, reason },
    ];
  });

const WAYS_OUT = [
  'add a cloud tier to the preset and its work class to [router] metered_cloud',
  'set [router] when_unproven = "verify" to serve the best local tier under full checks',
  'load a measured profile ([router] profile_path) that allows a tier',
].join('; or ');

const unservableWarning = (preset: Preset, { refusal }: Plan): SettingsWarning => ({
  key: `router.presets.${preset.name}`,
  message: `nothing can serve preset ${preset.name} (${refusal?.kind ?? 'unavailable'}); ${WAYS_OUT}`,
});

const unprovenWarning = (preset: Preset, { candidates }: Plan): SettingsWarning => ({
  key: `router.presets.${preset.name}`,
  message: `preset ${preset.name} is served unproven by ${candidates.map(({ tier }) => tier.id).join(', ')}: every tier is denied and when_unproven = "verify"`,
});

const keyWarnings = (settings: Settings, world: CheckWorld): SettingsWarning[] =>
  settings.tiers
    .filter(({ id, privacy }) => privacy === 'cloud' && !world.hasCredential(id))
    .map(({ id, authEnv }) => ({
      key: `router.tiers.${id}.auth_env`,
      message: `cloud tier ${id} has no key and will not be used; set the environment variable ${authEnv}`,
    }));

/**
 * Plans a plain request for every preset, with the same code that serves, while everything is up and nothing is spent.
 * Used at load and by `config check`. Pure.
 */
export const checkConfig = (settings: Settings, profile: Profile, world: CheckWorld): ConfigCheck => {
  const calm = calmWorld(world);
  const rows: MatrixRow[] = [];
  const warnings: SettingsWarning[] = [
    ...keyWarnings(settings, world),
    ...profileNotes(profile, settings.tiers).map((message) => ({ key: 'router.profile_path', message })),
  ];
  const unservable: string[] = [];
  const unproven: string[] = [];
  for (const preset of settings.presets.values()) {
    const decided = planOf(preset, settings, profile, calm);
    rows.push(...includedRows(preset, decided, settings), ...excludedRows(preset, decided, settings, profile));
    if (decided.unproven) {
      unproven.push(preset.name);
      warnings.push(unprovenWarning(preset, decided));
    } else if (decided.candidates.length === 0) {
      unservable.push(preset.name);
      warnings.push(unservableWarning(preset, decided));
    }
  }
  return { rows, warnings, unservable, unproven };
};

export const MATRIX_HEADER: readonly string[] = [
  'preset',
  'class',
  'tier',
  'place',
  'verdict',
  'from',
  'hold',
  'checks',
  'repair',
  'why',
];

/** Table cells for people, one row per preset and tier, in the order of `MATRIX_HEADER`. */
export const formatMatrix = (rows: readonly MatrixRow[]): readonly (readonly string[])[] =>
  rows.map((row) => [
    row.preset,
    row.workClass ?? '-',
    row.tier,
    row.place === undefined ? 'excluded' : String(row.place),
    row.unproven ? `${row.verdict} (unproven)` : row.verdict,
    row.from,
    row.hold ?? '-',
    row.checks ?? '-',
    row.repair?.join(', ') || '-',
    row.reason,
  ]);
