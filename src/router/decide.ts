/** One request against one configuration and the present state of the tiers: the plan, for serving and for /v1/route. */
import type { Ask } from '#core/anvil-headers';
import { classify } from '#core/classifier';
import { type Failure, failure } from '#core/failure';
import type { HarnessSignals } from '#core/harness-signals';
import { hintedPlan } from '#core/hinted-plan';
import { type IntentInput, resolveIntent } from '#core/intent';
import type { KeywordTable } from '#core/keywords';
import type { RequestFacts } from '#core/message';
import { nameOf, validNames } from '#core/model-names';
import type { Plan } from '#core/plan';
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

/** A longer string is no name; it would be said back in every event of an answer. */
const NAME_CHARS_MAX = 512;

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

/** Why this name is not served at all: it is none, or it means nothing here and the operator wants such names refused. */
const nameRefusal = ({ model, declared, workClassHint, settings }: IntentInput): Failure | undefined => {
  if (model.length > NAME_CHARS_MAX)
    return failure('bad-request', `model: more than ${NAME_CHARS_MAX} characters`, { param: 'model' });
  if (settings.unknownModel !== REFUSE || declared !== undefined || workClassHint !== undefined) return undefined;
  if (nameOf(model, settings).kind !== 'unknown') return undefined;
  const shown = JSON.stringify(model.slice(0, NAME_CHARS_SHOWN));
  return failure('not-found', `no model ${shown}; the models here are ${validNames(settings)}`, {
    param: 'model',
    detail: 'unknown model name; [router] unknown_model = "refuse"',
  });
};

const refusedPlan = (refusal: Failure, { inferred }: IntentInput, promptTokens: Plan['promptTokens']): Plan => ({
  intent: {
    source: 'inferred',
    pool: [],
    exact: false,
    ambiguous: false,
    inferred,
    note: refusal.detail ?? refusal.message,
  },
  candidates: [],
  exclusions: [],
  unproven: false,
  promptTokens,
  refusal,
});

/**
 * Decides without touching anything: no tier is called, no probe taken, nothing remembered. A request class may put other
 * tiers first; those that the model name asks for stay behind them, so that no mark of a harness can make a request fail.
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
  const refusal = nameRefusal(asked);
  if (refusal !== undefined) {
    const [tier] = settings.tiers;
    return refusedPlan(refusal, asked, tier ? estimator.estimate(tier, input.facts) : { floor: 0, best: 0 });
  }
  const base: Omit<PlanInput, 'intent'> = {
    facts: input.facts,
    settings,
    profile,
    estimate: (tier) => estimator.estimate(tier, input.facts),
    world,
  };
  const decided = plan({ ...base, intent: resolveIntent(asked) });
  if (decided.intent.source !== 'hinted') return decided;
  const { requestClass: _unused, ...named } = asked;
  return hintedPlan(decided, plan({ ...base, intent: resolveIntent(named) }));
};
