/** Which Prometheus series does a finished request move, and by how much? */
import type { AttemptRecord, DecisionRecord } from '#core/decision';
import { servingAttempt, wasSent, workClassOf } from '#core/decision-facts';
import { Registry } from '#platform/prom-client-parts';
import { registerCheckMetrics } from '#router/metric-checks';
import { registerGauges } from '#router/metric-gauges';
import { amount, counter, createLabel, histogram, seconds } from '#router/metric-parts';
import { repairMetrics } from '#router/metric-repairs';
import { slotMetrics } from '#router/metric-slots';
import type { MetricSources } from '#router/metrics';

export interface MetricSet {
  observe(record: DecisionRecord): void;
  render(): Promise<string>;
}

/** Seconds. Our own share is measured in fractions of a millisecond, except when answers are held or tiers fail. */
const ADDED_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 15, 60];
const FIRST_BYTE_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120];
const REQUEST_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640];

/** Values of one open label that get a series of their own; later ones share `other`. */
const TIERS_MAX = 128;
const VERIFIERS_MAX = 64;
const CODES_MAX = 256;

const requestMetrics = (registry: Registry) => ({
  requests: counter(registry, 'requests_total', 'Requests ended, by how they ended and how their intent was found.', [
    'outcome',
    'work_class',
    'source',
    'dialect',
  ]),
  failures: counter(registry, 'failures_total', 'Requests ended badly, by kind of failure.', ['kind']),
  unproven: counter(registry, 'unproven_requests_total', 'Requests that only a tier denied by its profile served.', []),
  added: histogram(
    registry,
    'added_latency_seconds',
    'What routing added: until the first tier was asked (decide), tiers tried in vain (escalate), answer held (hold).',
    ['part'],
    ADDED_BUCKETS,
  ),
  firstByte: histogram(
    registry,
    'ttft_seconds',
    'Arrival to the first byte to the caller, streamed requests.',
    ['tier'],
    FIRST_BYTE_BUCKETS,
  ),
  duration: histogram(registry, 'request_seconds', 'Arrival to the end of the answer.', ['outcome'], REQUEST_BUCKETS),
});

const attemptMetrics = (registry: Registry) => ({
  attempts: counter(registry, 'attempts_total', 'Attempts on tiers, skipped ones included.', [
    'tier',
    'work_class',
    'outcome',
  ]),
  attemptFailures: counter(registry, 'attempt_failures_total', 'Attempts gone wrong, by kind.', ['tier', 'kind']),
  findings: counter(registry, 'verifier_findings_total', 'Answers that a verifier proved bad.', [
    'verifier',
    'code',
    'tier',
  ]),
  tokens: counter(
    registry,
    'tokens_total',
    'Tokens of all attempts. cache_read and cache_write are parts of input, reasoning is part of output.',
    ['tier', 'kind'],
  ),
  cost: counter(registry, 'cost_usd_total', 'Cost of all attempts at their own tier, in US dollars.', ['tier']),
});

type RequestMetrics = ReturnType<typeof requestMetrics>;
type AttemptMetrics = ReturnType<typeof attemptMetrics>;

/** Waiting for models to be loaded is none of what routing adds: it has a histogram of its own. */
const waitedFor = (attempts: readonly AttemptRecord[]): number =>
  attempts.reduce((sum, { slot }) => sum + (slot?.elsewhere ? 0 : amount(slot?.waitedMs)), 0);

const observeLatency = (metrics: RequestMetrics, record: DecisionRecord, tier: string): void => {
  const { stages } = record;
  const first = record.attempts.find(wasSent);
  const served = servingAttempt(record);
  const toFirst = first ? record.attempts.slice(0, record.attempts.indexOf(first) + 1) : record.attempts;
  const asked = first?.startedMs ?? stages.decidedMs;
  if (asked !== undefined) metrics.added.observe({ part: 'decide' }, seconds(asked - (first ? waitedFor(toFirst) : 0)));
  if (first && served && served !== first) {
    const between = record.attempts.slice(toFirst.length, record.attempts.indexOf(served) + 1);
    metrics.added.observe({ part: 'escalate' }, seconds(served.startedMs - first.startedMs - waitedFor(between)));
  }
  // Without streaming the answer leaves when it is whole: waiting for the tier is not holding.
  if (record.stream && stages.firstByteMs !== undefined) {
    metrics.firstByte.observe({ tier }, seconds(stages.firstByteMs));
    if (served?.firstPartMs !== undefined) {
      metrics.added.observe({ part: 'hold' }, seconds(stages.firstByteMs - served.firstPartMs));
    }
  }
  metrics.duration.observe({ outcome: record.outcome }, seconds(stages.endedMs));
};

const observeUsage = (metrics: AttemptMetrics, attempt: AttemptRecord, tier: string): void => {
  const { usage } = attempt;
  const cost = amount(attempt.costUsd);
  if (cost > 0) metrics.cost.inc({ tier }, cost);
  if (!usage) return;
  const counts = [
    ['input', usage.input],
    ['output', usage.output],
    ['cache_read', usage.cacheRead],
    ['cache_write', usage.cacheWrite],
    ['reasoning', usage.reasoning],
  ] as const;
  for (const [kind, count] of counts) if (amount(count) > 0) metrics.tokens.inc({ tier, kind }, amount(count));
};

/** Series in a registry of their own. `observe` never throws, whatever the record holds. */
export const createMetricSet = (sources: MetricSources): MetricSet => {
  const registry = new Registry();
  const ofRequest = requestMetrics(registry);
  const ofAttempt = attemptMetrics(registry);
  const repairs = repairMetrics(registry);
  const slots = slotMetrics(registry);
  registerGauges(registry, sources);
  const tierLabel = createLabel(TIERS_MAX);
  const verifierLabel = createLabel(VERIFIERS_MAX);
  const checks = registerCheckMetrics(registry, verifierLabel);
  const codeLabel = createLabel(CODES_MAX);

  const observeAttempt = (attempt: AttemptRecord, workClass: string): void => {
    const tier = tierLabel(attempt.tier);
    ofAttempt.attempts.inc({ tier, work_class: workClass, outcome: attempt.outcome });
    if (attempt.failure) ofAttempt.attemptFailures.inc({ tier, kind: attempt.failure });
    for (const row of attempt.verifiers) {
      checks(row);
      if (row.verdict === 'fail')
        ofAttempt.findings.inc({ verifier: verifierLabel(row.verifier), code: codeLabel(row.code), tier });
    }
    repairs(attempt, tier);
    slots(attempt, tier);
    observeUsage(ofAttempt, attempt, tier);
  };

  return {
    observe(record) {
      const workClass = workClassOf(record) ?? 'none';
      const source = record.intent?.source ?? 'none';
      ofRequest.requests.inc({ outcome: record.outcome, work_class: workClass, source, dialect: record.dialect });
      if (record.failure) ofRequest.failures.inc({ kind: record.failure });
      if (record.unproven) ofRequest.unproven.inc();
      observeLatency(ofRequest, record, tierLabel(record.servedTier));
      for (const attempt of record.attempts) observeAttempt(attempt, workClass);
    },
    render: () => registry.metrics(),
  };
};
