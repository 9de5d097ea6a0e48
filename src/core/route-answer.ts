/** What `/v1/route` answers: the decision in v0.9's fields, and beside them all that led to it. */

import type { HarnessSignals } from '#core/harness-signals';
import type { JsonObject } from '#core/message';
import type { Candidate, Hint, Intent, Plan } from '#core/plan';
import type { BreakerPeek } from '#core/readiness';

/** Confidence by source, as v0.9 reported it; clients compare these numbers. */
const CONFIDENCE = { declared: 1, pinned: 0.9, alias: 0.9, inferred: 0.8, hinted: 0.8, ambiguous: 0.5 } as const;

const sourceText = (intent: Intent): string => {
  if (intent.source === 'declared') return `preset='${intent.preset ?? intent.workClass ?? ''}'`;
  if (intent.source === 'hinted') return `hinted by the harness, preset='${intent.preset ?? ''}'`;
  if (intent.source !== 'inferred') return 'pinned';
  return intent.ambiguous ? 'inferred (ambiguous→safer tier)' : 'inferred';
};

const gateText = (intent: Intent): string =>
  intent.note ?? (intent.workClass === undefined ? 'off: custom preset has no work-class' : 'on');

/** One line: how the intent was found, whether the quality gate applied, and whom it denied. */
export const routeReason = ({ intent, exclusions }: Plan): string => {
  const denied = exclusions.filter(({ kind }) => kind === 'denied').map(({ tier }) => tier);
  const base = `${sourceText(intent)}; quality gate: ${gateText(intent)}`;
  return denied.length === 0 ? base : `${base}; denied: [${denied.join(', ')}]`;
};

const candidateView = (candidate: Candidate, place: number, breaker: BreakerPeek): JsonObject => ({
  place,
  tier: candidate.tier.id,
  model: candidate.tier.model ?? null,
  privacy: candidate.tier.privacy,
  verdict: candidate.verdict,
  verdict_from: candidate.verdictFrom,
  score: candidate.score,
  hold: candidate.hold,
  checks: candidate.checks,
  why: candidate.why,
  breaker: breaker.state,
});

/** What the headers told. */
export interface RouteSignals {
  readonly signals?: HarnessSignals;
  readonly hints?: readonly Hint[];
}

/**
 * @param sessionId fresh per call, `rte_` and 24 letters
 * @param breakerOf state of a candidate's breakers for the class that gates it
 */
export const routeAnswer = (
  plan: Plan,
  sessionId: string,
  breakerOf: (candidate: Candidate) => BreakerPeek,
  ready: boolean,
  { signals, hints }: RouteSignals = {},
): JsonObject => {
  const { intent, candidates } = plan;
  const first = candidates[0]?.tier;
  return {
    tier: first?.privacy ?? null,
    model: first ? (first.model ?? first.id) : null,
    provider: first?.id ?? null,
    work_class: intent.workClass ?? '',
    reason: routeReason(plan),
    confidence: intent.ambiguous ? CONFIDENCE.ambiguous : CONFIDENCE[intent.source],
    session_id: sessionId,
    ready,
    intent: {
      source: intent.source,
      preset: intent.preset ?? null,
      gate_class: intent.gateClass ?? null,
      inferred_class: intent.inferred.workClass,
      inferred_confidence: intent.inferred.confidence,
      ambiguous: intent.ambiguous,
      evidence: intent.inferred.evidence,
    },
    harness: signals?.harness ?? null,
    request_class: signals?.requestClass ?? null,
    hints: hints ?? [],
    unproven: plan.unproven,
    prompt_tokens: plan.promptTokens,
    candidates: candidates.map((candidate, index) => candidateView(candidate, index + 1, breakerOf(candidate))),
    exclusions: plan.exclusions,
  };
};
