/** One request against one configuration and the present state of the tiers: the plan, for serving and for /v1/route. */
import type { Ask } from '#core/anvil-headers';
import { classify } from '#core/classifier';
import { failure } from '#core/failure';
import type { HarnessSignals } from '#core/harness-signals';
import { type IntentInput, resolveIntent } from '#core/intent';
import type { KeywordTable } from '#core/keywords';
import type { RequestFacts } from '#core/message';
import { nameOf, validNames } from '#core/model-names';
import type { Intent, Plan } from '#core/plan';
import { type PlanInput, plan } from '#core/policy';
import { verdictFor } from '#core/profile';
import type { World } from '#core/readiness';
import type { WorkClass } from '#core/work-class';
import type { Estimator } from '#router/estimator';
import type { Generation } from '#router/exchange';

export interface DecideInput {
  readonly model: string;
  readonly facts: RequestFacts;
  /** A class declared outside the `model` field. */
  readonly workClassHint?: WorkClass;
  /** What the harness shows of itself. */
  readonly signals?: HarnessSignals;
  /** What the caller asks in our own headers. */
  readonly ask?: Ask | undefined;
}

/** Characters of an unknown name that are said back to its caller. */
const NAME_CHARS_SHOWN = 80;

/** The value of `unknown_model` that refuses; a preset of that name cannot be meant. */
const REFUSE = 'refuse';

const intentInput = (input: DecideInput, { settings, profile }: Generation, keywords: KeywordTable): IntentInput => {
  const { facts, signals, ask, workClassHint } = input;
  return {
    model: input.model,
    inferred: classify(facts, keywords),
    settings,
    verdictOf: (tierId, workClass) => {
      const tier = settings.tierById.get(tierId);
      return tier ? verdictFor(profile, tier, workClass).verdict : 'deny';
    },
    offersTools: facts.toolNames.length > 0,
    ...(workClassHint === undefined ? {} : { workClassHint }),
    ...(ask?.intent === undefined ? {} : { declared: ask.intent }),
    ...(signals?.requestClass === undefined || settings.requestClassHints === false
      ? {}
      : { requestClass: signals.requestClass }),
  };
};

/** True for a name that means nothing here, where the operator wants such names refused. */
const isRefused = ({ model, declared, workClassHint, settings }: IntentInput): boolean =>
  settings.unknownModel === REFUSE &&
  declared === undefined &&
  workClassHint === undefined &&
  nameOf(model, settings).kind === 'unknown';

const refuseName = ({ model, settings, inferred }: IntentInput, promptTokens: Plan['promptTokens']): Plan => {
  const shown = JSON.stringify(model.slice(0, NAME_CHARS_SHOWN));
  const note = 'unknown model name; [router] unknown_model = "refuse"';
  return {
    intent: { source: 'inferred', pool: [], exact: false, ambiguous: false, inferred, note },
    candidates: [],
    exclusions: [],
    unproven: false,
    promptTokens,
    refusal: failure('not-found', `no model ${shown}; the models here are ${validNames(settings)}`, {
      param: 'model',
      detail: note,
    }),
  };
};

const isHinted = ({ source }: Intent): boolean => source === 'hinted';

/** The plan without the request class, which says why it was not followed. */
const unhinted = (hinted: Plan, asked: IntentInput, base: Omit<PlanInput, 'intent'>): Plan => {
  const { requestClass: _unused, ...rest } = asked;
  const again = plan({ ...base, intent: resolveIntent(rest) });
  const hints = hinted.intent.hints?.map((hint) =>
    hint.from === 'request-class' ? { ...hint, taken: false, why: 'no tier of that class may serve it' } : hint,
  );
  return hints === undefined ? again : { ...again, intent: { ...again.intent, hints } };
};

/**
 * Decides without touching anything: no tier is called, no probe taken, nothing remembered. A request class may move a
 * request to cheaper tiers, never to none: when those refuse it, the model name alone decides.
 */
export const decide = (
  input: DecideInput,
  generation: Generation,
  keywords: KeywordTable,
  estimator: Estimator,
  world: World,
): Plan => {
  const { settings, profile } = generation;
  const asked = intentInput(input, generation, keywords);
  if (isRefused(asked)) {
    const [tier] = settings.tiers;
    return refuseName(asked, tier ? estimator.estimate(tier, input.facts) : { floor: 0, best: 0 });
  }
  const base: Omit<PlanInput, 'intent'> = {
    facts: input.facts,
    settings,
    profile,
    estimate: (tier) => estimator.estimate(tier, input.facts),
    world,
  };
  const decided = plan({ ...base, intent: resolveIntent(asked) });
  return decided.refusal && isHinted(decided.intent) ? unhinted(decided, asked, base) : decided;
};
