/** What does a request ask for: a preset, one exact tier, or nothing we know, so that its marks and its text decide? */
import type { DeclaredIntent } from '#core/anvil-headers';
import { type NamedModel, nameOf } from '#core/model-names';
import type { Classification, Hint, Intent } from '#core/plan';
import { type ClassHint, hintOf, type RequestClass } from '#core/request-class';
import type { Preset, Settings } from '#core/settings';
import { isStricterClass } from '#core/strictness';
import type { Tier, Verdict } from '#core/tier';
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
  /** `x-anvil-intent`; takes the place of `model` unless that is an exact name. */
  readonly declared?: DeclaredIntent;
  /** What the harness says the request is for. */
  readonly requestClass?: RequestClass;
  /** The request offers tools. */
  readonly offersTools?: boolean;
}

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

const byPreset = (preset: Preset, token: string, inferred: Classification): Intent => {
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
const byPin = (tier: Tier, { settings, inferred, verdictOf }: IntentInput): Intent => {
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

const byClass = (workClass: WorkClass, { settings, inferred }: IntentInput): Intent => ({
  source: 'declared',
  ...poolOfClass(settings, workClass),
  ...declaredClass(workClass, inferred),
  exact: false,
  ambiguous: false,
  inferred,
});

const byName = (named: NamedModel, input: IntentInput): Intent => {
  switch (named.kind) {
    case 'preset':
      return byPreset(named.preset, named.token, input.inferred);
    case 'alias':
      return exactly('alias', named.tier, input.inferred);
    case 'tier':
      return byPin(named.tier, input);
    case 'none':
      return byInference(input);
    case 'unknown': {
      const { unknownModel, presets } = input.settings;
      const preset = unknownModel === undefined ? undefined : presets.get(unknownModel);
      if (preset === undefined) return byInference(input);
      const note = `unknown model name; [router] unknown_model sends it to preset ${preset.name}`;
      return { ...byPreset(preset, preset.name.toLowerCase(), input.inferred), note };
    }
  }
};

const withHint = (intent: Intent, hint: Hint): Intent => ({ ...intent, hints: [...(intent.hints ?? []), hint] });

const isExactName = ({ kind }: NamedModel): boolean => kind === 'alias' || kind === 'tier';

/** The intent that `x-anvil-intent` declares; an exact name in `model` wins over it. */
const byDeclaration = (declared: DeclaredIntent, named: NamedModel, input: IntentInput): Intent => {
  const says = declared.kind === 'preset' ? declared.preset.name : declared.workClass;
  const hint = { from: 'x-anvil-intent', says } as const;
  if (isExactName(named))
    return withHint(byName(named, input), { ...hint, taken: false, why: 'the model is an exact name' });
  const intent =
    declared.kind === 'preset'
      ? byPreset(declared.preset, declared.token, input.inferred)
      : byClass(declared.workClass, input);
  return withHint(intent, { ...hint, taken: true, why: 'declared by the caller' });
};

/** Why a request class does not change this intent; undefined when it may. */
const objection = (intent: Intent, hint: ClassHint, input: IntentInput): string | undefined => {
  const { settings, offersTools } = input;
  if (intent.source === 'alias' || intent.source === 'pinned') return 'the model is an exact name';
  if (intent.hints?.some(({ from, taken }) => from === 'x-anvil-intent' && taken)) return 'x-anvil-intent comes first';
  if (hint.toolless && offersTools) return 'the request offers tools';
  if (!settings.presets.has(presetOfWorkClass(hint.workClass)))
    return `no preset ${presetOfWorkClass(hint.workClass)} is configured`;
  if (intent.source === 'inferred') return undefined;
  if (hint.over === 'inference') return 'the model name says what to do';
  if (intent.workClass === undefined) return "the preset is the operator's own";
  return isStricterClass(intent.workClass, hint.workClass) ? undefined : 'the model name asks for no harder work';
};

const byRequestClass = (intent: Intent, requestClass: RequestClass, input: IntentInput): Intent => {
  const hint = hintOf(requestClass);
  if (hint === undefined) return intent;
  const { workClass } = hint;
  const outcome = { from: 'request-class', says: `${requestClass} as ${workClass}` } as const;
  const why = objection(intent, hint, input);
  if (why !== undefined) return withHint(intent, { ...outcome, taken: false, why });
  return withHint(
    {
      ...byClass(workClass, input),
      source: 'hinted',
      ...(hint.toolless ? { gateClass: workClass } : {}),
      ...(intent.note === undefined ? {} : { note: intent.note }),
    },
    { ...outcome, taken: true, why: `the harness calls it ${requestClass}` },
  );
};

/**
 * Resolves the intent. Ladder: class declared to /v1/route; exact alias, pin; `x-anvil-intent`; preset; inference. What
 * the harness says a request is for may then move it to the pool of a class that asks for less, never off an exact name,
 * a custom preset or a declaration. Ambiguity never narrows the pool. Pure; never throws.
 */
export const resolveIntent = (input: IntentInput): Intent => {
  if (input.workClassHint !== undefined) return byClass(input.workClassHint, input);
  const named = nameOf(input.model, input.settings);
  const intent = input.declared === undefined ? byName(named, input) : byDeclaration(input.declared, named, input);
  return input.requestClass === undefined ? intent : byRequestClass(intent, input.requestClass, input);
};
