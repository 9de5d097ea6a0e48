/** What does the `model` string ask for: a preset, one exact tier, or nothing we know, so that the request decides? */
import type { Classification, Intent } from '#core/plan';
import type { Settings } from '#core/settings';
import { isStricterClass } from '#core/strictness';
import type { Verdict } from '#core/tier';
import { presetOfWorkClass, type WorkClass, workClassOfPreset } from '#core/work-class';

export interface IntentInput {
  /** The `model` string exactly as sent; '' when absent, which always means: infer. */
  readonly model: string;
  readonly inferred: Classification;
  readonly settings: Settings;
  /** The profile's verdict; asked for a pinned tier only. */
  readonly verdictOf: (tierId: string, workClass: WorkClass) => Verdict;
  /** A declared work class (`signals.work_class` of /v1/route); takes the place of `model`. */
  readonly workClassHint?: WorkClass;
}

/** Lower case, trimmed, without one leading `anvil/` or `anvil:`. */
export const normaliseModel = (model: string): string => {
  const token = model.trim().toLowerCase();
  return token.startsWith('anvil/') || token.startsWith('anvil:') ? token.slice(6).trim() : token;
};

/**
 * Tiers for a class whose preset is not configured: every tier, the safest first. Local tiers are declared in cost
 * order, so the last is the most capable; cloud tiers follow, behind the metered gate. Quality and cost gates still
 * apply to all of them.
 */
const tiersSafestFirst = (settings: Settings): readonly string[] => {
  const local = settings.tiers.filter((tier) => tier.privacy === 'local').reverse();
  const cloud = settings.tiers.filter((tier) => tier.privacy === 'cloud');
  return [...local, ...cloud].map((tier) => tier.id);
};

const poolOfClass = (settings: Settings, workClass: WorkClass): Pick<Intent, 'pool' | 'preset'> => {
  const preset = settings.presets.get(presetOfWorkClass(workClass));
  return preset === undefined ? { pool: tiersSafestFirst(settings) } : { pool: preset.tiers, preset: preset.name };
};

/** The declared class, tightened when the caller's own words are certain to ask for harder work. */
const gateOf = (declared: WorkClass, inferred: Classification): WorkClass => {
  const isCertain = inferred.confident && inferred.basis !== 'shape';
  return isCertain && isStricterClass(inferred.workClass, declared) ? inferred.workClass : declared;
};

const declaredClass = (
  workClass: WorkClass | undefined,
  inferred: Classification,
): Pick<Intent, 'workClass' | 'gateClass'> =>
  workClass === undefined ? {} : { workClass, gateClass: gateOf(workClass, inferred) };

const byPreset = (token: string, { settings, inferred }: IntentInput): Intent | undefined => {
  const preset = settings.presets.get(token);
  if (preset === undefined) return undefined;
  const workClass = preset.workClass ?? workClassOfPreset(token);
  return {
    source: 'declared',
    preset: preset.name,
    ...declaredClass(workClass, inferred),
    pool: preset.tiers,
    exact: false,
    ambiguous: false,
    inferred,
  };
};

const exactly = (source: 'alias' | 'pinned', tierId: string, inferred: Classification): Intent => ({
  source,
  workClass: inferred.workClass,
  pool: [tierId],
  exact: true,
  ambiguous: false,
  inferred,
  gateClass: inferred.workClass,
});

/** A pin is exact unless the quality gate denies the tier for what the request is about. */
const byPin = (token: string, { settings, inferred, verdictOf }: IntentInput): Intent | undefined => {
  const tier = settings.tierById.get(token) ?? settings.tiers.find(({ id }) => id.toLowerCase() === token);
  if (tier === undefined) return undefined;
  const { workClass } = inferred;
  if (verdictOf(tier.id, workClass) !== 'deny') return exactly('pinned', tier.id, inferred);
  return {
    source: 'pinned',
    workClass,
    gateClass: workClass,
    pool: poolOfClass(settings, workClass).pool,
    exact: false,
    ambiguous: !inferred.confident,
    inferred,
    note: `pin ${tier.id} denied for ${workClass}; routed via gated pool`,
  };
};

const byInference = ({ settings, inferred }: IntentInput): Intent => ({
  source: 'inferred',
  ...poolOfClass(settings, inferred.workClass),
  workClass: inferred.workClass,
  gateClass: inferred.workClass,
  exact: false,
  ambiguous: !inferred.confident,
  inferred,
});

const byHint = (workClass: WorkClass, { settings, inferred }: IntentInput): Intent => ({
  source: 'declared',
  ...poolOfClass(settings, workClass),
  ...declaredClass(workClass, inferred),
  exact: false,
  ambiguous: false,
  inferred,
});

/**
 * Resolves the intent. Ladder: declared class, preset, exact alias, pin, inference; a preset shadows an alias or tier
 * of the same name, an alias shadows a tier. Ambiguity never narrows the pool. Pure; never throws.
 */
export const resolveIntent = (input: IntentInput): Intent => {
  if (input.workClassHint !== undefined) return byHint(input.workClassHint, input);
  const token = normaliseModel(input.model);
  const preset = byPreset(token, input);
  if (preset !== undefined) return preset;
  const alias = input.settings.aliases.get(token);
  if (alias !== undefined) return exactly('alias', alias, input.inferred);
  return byPin(token, input) ?? byInference(input);
};
