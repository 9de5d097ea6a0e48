/** What does a believable decision record look like, and how does a test vary it? */
import type { AttemptRecord, DecisionRecord } from '#core/decision';

export const ARRIVED_AT = Date.UTC(2026, 2, 14, 9, 26, 53, 589);

/** The id of the n-th record: 24 hex digits. */
export const idOf = (number: number): string => number.toString(16).padStart(24, '0');

export const sampleAttempt = (fields: Partial<AttemptRecord> = {}): AttemptRecord => ({
  tier: 'fast-local',
  model: 'small-coder-8b',
  privacy: 'local',
  verdict: 'allow-with-verify',
  hold: 'all',
  outcome: 'served',
  verifiers: [
    { verifier: 'non-empty', verdict: 'pass', score: 1, costMicros: 4, position: 812 },
    { verifier: 'not-truncated', verdict: 'pass', score: 1, costMicros: 3, position: 812 },
  ],
  startedMs: 3.2,
  headersMs: 41,
  firstPartMs: 120,
  endedMs: 1_840,
  usage: { input: 1_200, output: 210 },
  costUsd: 0,
  bytesHeldMax: 3_412,
  ...fields,
});

/** A planning request that its local tier served. */
export const sampleRecord = (fields: Partial<DecisionRecord> = {}): DecisionRecord => ({
  id: idOf(1),
  at: ARRIVED_AT,
  route: '/v1/messages',
  dialect: 'anthropic-messages',
  modelAsked: 'planning',
  stream: true,
  token: 'laptop',
  session: '5e55104e',
  intent: {
    source: 'declared',
    preset: 'planning',
    workClass: 'planning',
    gateClass: 'planning',
    inferredClass: 'chat',
    confidence: 0.42,
    ambiguous: false,
    evidence: ['default'],
  },
  promptTokensEstimated: 1_180,
  candidates: [
    { tier: 'fast-local', verdict: 'allow-with-verify', hold: 'all', why: ['first by cost'] },
    { tier: 'cloud', verdict: 'allow', hold: 'none', why: ['second by cost'] },
  ],
  exclusions: [],
  unproven: false,
  attempts: [sampleAttempt()],
  outcome: 'finished',
  status: 200,
  servedTier: 'fast-local',
  servedModel: 'small-coder-8b',
  usage: { input: 1_200, output: 210 },
  costUsd: 0,
  stages: { decidedMs: 2.4, firstByteMs: 1_841, endedMs: 1_845 },
  mapping: '2026-01',
  config: '9f8e7d6c5b4a3210',
  ...fields,
});
