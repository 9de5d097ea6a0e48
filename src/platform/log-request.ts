/** Which facts of a decision make its one log line? An allow-list: nothing else of a request is ever logged. */
import type { DecisionRecord } from '#core/decision';
import { servingAttempt, tokensOf, wasSent, workClassOf } from '#core/decision-facts';

type LineValue = string | number | boolean;

/** Characters of any one text in the line. */
const TEXT_CHARS_MAX = 200;

const round = (ms: number): number => Math.round(ms * 100) / 100;

/** `not-truncated:missing-terminal` of every answer that was proved bad. */
const findingsOf = (record: DecisionRecord): string =>
  record.attempts
    .flatMap((attempt) => attempt.verifiers)
    .filter((result) => result.verdict === 'fail')
    .map((result) => `${result.verifier}:${result.code ?? 'fail'}`)
    .join(',');

/** Fields of the request line in reading order; those that do not apply are left out. Texts are cut at 200 characters. */
export const requestLine = (record: DecisionRecord): Record<string, LineValue> => {
  const tokens = tokensOf(record);
  const served = servingAttempt(record);
  const fields: Record<string, LineValue | undefined> = {
    decision: record.id,
    outcome: record.outcome,
    status: record.status,
    route: record.route,
    dialect: record.dialect,
    stream: record.stream,
    model: record.modelAsked,
    source: record.intent?.source,
    workClass: workClassOf(record),
    tier: record.servedTier,
    servedModel: record.servedModel,
    tried: record.attempts.map((attempt) => `${attempt.tier}=${attempt.outcome}`).join('>') || undefined,
    attempts: record.attempts.filter(wasSent).length,
    findings: findingsOf(record) || undefined,
    unproven: record.unproven || undefined,
    hold: served?.hold,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    costUsd: record.costUsd,
    decidedMs: record.stages.decidedMs === undefined ? undefined : round(record.stages.decidedMs),
    firstByteMs: record.stages.firstByteMs === undefined ? undefined : round(record.stages.firstByteMs),
    totalMs: round(record.stages.endedMs),
    failure: record.failure,
    detail: record.detail,
    accessToken: record.token,
    sessionId: record.session,
    config: record.config,
  };
  const line: Record<string, LineValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    line[name] = typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : value;
  }
  return line;
};

/** How much an operator should care: the caller's own mistakes and hang-ups are everyday life. */
export const requestLevel = (record: DecisionRecord): 'info' | 'warn' | 'error' => {
  if (record.failure === 'internal') return 'error';
  if (record.outcome === 'finished' || record.outcome === 'cancelled') return record.unproven ? 'warn' : 'info';
  return record.status >= 400 && record.status < 500 ? 'info' : 'warn';
};
