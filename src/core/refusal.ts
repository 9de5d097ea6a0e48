/** No tier may serve: what is the true reason, what does the caller hear, what can the operator do? */
import { type Failure, type FailureKind, failure } from '#core/failure';
import type { Excluded } from '#core/gates';
import type { ExclusionKind, Intent } from '#core/plan';

/** Barriers from the one nearest to an answer to the farthest: the nearest one names the refusal. */
const NEAREST_FIRST: readonly ExclusionKind[] = [
  'breaker-open',
  'unavailable',
  'budget',
  'uncredentialed',
  'metered',
  'denied',
  'over-context',
  'no-tools',
  'no-modality',
  'unknown-tier',
  'duplicate',
];

/** The kinds a plan can be refused with. */
type RefusalKind =
  | 'unavailable'
  | 'budget-spent'
  | 'uncredentialed'
  | 'metered'
  | 'denied'
  | 'over-context'
  | 'unsupported';

const KIND_OF: Record<ExclusionKind, RefusalKind> = {
  'breaker-open': 'unavailable',
  unavailable: 'unavailable',
  budget: 'budget-spent',
  uncredentialed: 'uncredentialed',
  metered: 'metered',
  denied: 'denied',
  'over-context': 'over-context',
  'no-tools': 'unsupported',
  'no-modality': 'unsupported',
  'unknown-tier': 'unavailable',
  duplicate: 'unavailable',
};

const REMEDY: Record<RefusalKind, string> = {
  unavailable: 'start the engine or wait for the breaker to probe it',
  'budget-spent': 'raise [router.budgets] or wait for the day to end',
  uncredentialed: 'set the environment variable named by auth_env and restart',
  metered: 'list the class in [router] metered_cloud, or measure a local tier until it is allowed',
  denied:
    'add a cloud tier and list the class in [router] metered_cloud, set when_unproven = "verify", or load a measured profile',
  'over-context': 'add a tier with a larger window',
  unsupported: 'add a tier that supports the feature to the pool',
};

/** What callers hear when no tier may serve; causes go to the operator. */
export const NO_TIER_MESSAGE = 'no quality-gated tier is available for this request';
export const BUDGET_MESSAGE = 'the spending limit for this request, session or day is reached';
export const OVER_CONTEXT_MESSAGE =
  'request exceeds the context window of every available tier; send a smaller request';

const messageOf = (kind: RefusalKind, nearest: Excluded | undefined): string => {
  if (kind === 'over-context') return OVER_CONTEXT_MESSAGE;
  if (kind === 'unsupported') return `no tier available for this request supports ${nearest?.feature ?? 'it'}`;
  if (kind === 'budget-spent') return BUDGET_MESSAGE;
  return NO_TIER_MESSAGE;
};

/**
 * A cap opens at a known time. When a breaker will probe is no such promise: a caller that came back by then would meet
 * the same tier, and a gateway that hears of a short wait keeps waiting instead of going to its fallback model.
 */
const retryAfter = (exclusions: readonly Excluded[], kind: RefusalKind): Pick<Failure, 'retryAfterSeconds'> => {
  if (kind !== 'budget-spent') return {};
  const waits = exclusions.flatMap((each) =>
    KIND_OF[each.kind] === kind && each.retryAfterMs !== undefined ? [each.retryAfterMs] : [],
  );
  return waits.length === 0 ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(Math.min(...waits) / 1000)) };
};

/** Of the windows that are too small the largest one: what would fit there need not be refused. */
const tokensOf = (exclusions: readonly Excluded[], kind: RefusalKind): Pick<Failure, 'tokens'> => {
  if (kind !== 'over-context') return {};
  const [largest] = exclusions
    .flatMap(({ tokens }) => (tokens === undefined ? [] : [tokens]))
    .sort((one, other) => other.window - one.window);
  return largest === undefined ? {} : { tokens: largest };
};

/** For the operator: what was asked, every exclusion with its reason, and the way out. */
const detailOf = (intent: Intent, exclusions: readonly Excluded[], kind: RefusalKind): string => {
  const asked = intent.preset ?? intent.workClass ?? 'request';
  const reasons = exclusions.map(({ tier, detail }) => `${tier}: ${detail}`).join('; ');
  const note = intent.note === undefined ? '' : ` (${intent.note})`;
  return `${asked}${note}: ${reasons === '' ? 'the pool is empty' : reasons} — ${REMEDY[kind]}`;
};

/** The refusal of a plan without candidates. The message is safe for callers: it names no tier and no cause. */
export const refuse = (intent: Intent, exclusions: readonly Excluded[]): Failure => {
  const nearest = NEAREST_FIRST.map((kind) => exclusions.find((each) => each.kind === kind)).find(
    (found) => found !== undefined,
  );
  const kind = nearest === undefined ? 'unavailable' : KIND_OF[nearest.kind];
  return failure(kind, messageOf(kind, nearest), {
    ...retryAfter(exclusions, kind),
    ...tokensOf(exclusions, kind),
    detail: detailOf(intent, exclusions, kind),
  });
};

/** What a caller may hear about the one tier it named. */
const PIN_REASON: Record<ExclusionKind, string> = {
  'breaker-open': 'is failing and not tried until its next probe',
  unavailable: 'is not reachable',
  budget: 'would pass the spending limit of this request, session or day',
  uncredentialed: 'has no key configured',
  metered: 'is not opened for this kind of request',
  denied: 'is not allowed for this kind of request',
  'over-context': 'has too small a context window for this request',
  'no-tools': 'does not support tools',
  'no-modality': 'does not take this kind of input',
  'unknown-tier': 'is not configured',
  duplicate: 'is listed twice',
};

/** Kinds whose own status tells the caller more than "unavailable" would. */
const PIN_OWN_KIND: ReadonlySet<ExclusionKind> = new Set([
  'over-context',
  'no-tools',
  'no-modality',
  'budget',
  'metered',
]);

/**
 * The refusal of an alias or pin: says which tier and why. A request that is too large, uses a missing feature or
 * meets a spending limit keeps that failure's own kind, so that a harness can compact or stop; anything else is
 * `pin-unavailable`.
 */
export const refusePin = (intent: Intent, excluded: Excluded): Failure => {
  const cause = KIND_OF[excluded.kind];
  const kind: FailureKind = PIN_OWN_KIND.has(excluded.kind) ? cause : 'pin-unavailable';
  return failure(
    kind,
    `tier ${excluded.tier} ${PIN_REASON[excluded.kind]}; a direct name is never served by another tier`,
    {
      ...retryAfter([excluded], cause),
      ...tokensOf([excluded], cause),
      detail: detailOf(intent, [excluded], cause),
    },
  );
};
