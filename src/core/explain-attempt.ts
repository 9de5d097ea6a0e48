/** What happened on one tier, in plain words? */
import type { AttemptOutcome, AttemptRecord, PrefixRecord } from '#core/decision';
import { wasSent } from '#core/decision-facts';
import { checkLines, repairLines, stoppedLine } from '#core/explain-checks';
import { refusedAfter, slotLines } from '#core/explain-slot';
import type { Usage } from '#core/message';
import { inBytes, inDollars, inNumber, inOneLine, inThousands, inTime } from '#core/plain-words';

const OUTCOME: Record<AttemptOutcome, string> = {
  served: 'served',
  rejected: 'its answer was rejected',
  error: 'failed',
  overflow: 'its answer grew too large',
  'skipped-breaker': 'not asked',
  'skipped-busy': 'not asked',
  'skipped-window': 'not asked',
  'skipped-unavailable': 'not asked',
  'skipped-budget': 'not asked',
  'skipped-translation': 'not asked',
  'skipped-rescue': 'not asked',
  broken: 'broke off after its answer had begun to leave',
  cancelled: 'stopped when the caller hung up',
};

const WHY_SKIPPED: Partial<Record<AttemptOutcome, string>> = {
  'skipped-breaker': 'its breaker is open',
  'skipped-busy': 'it had no free place',
  'skipped-window': 'its window is too small as well',
  'skipped-unavailable': 'it could not be reached',
  'skipped-budget': 'a spending limit was reached',
  'skipped-translation': 'its dialect cannot carry a field of the request',
  'skipped-rescue': 'its engine cannot go on with the answer that stands',
};

export const tokensInWords = (usage: Usage): string => {
  const parts = [
    usage.cacheRead ? `${inThousands(usage.cacheRead)} from cache` : undefined,
    usage.cacheWrite ? `${inThousands(usage.cacheWrite)} written to cache` : undefined,
  ].filter((part) => part !== undefined);
  const cached = parts.length > 0 ? ` (${parts.join(', ')})` : '';
  const reasoning = usage.reasoning ? ` (${inThousands(usage.reasoning)} of them reasoning)` : '';
  const counted = usage.estimated ? ', our estimate' : '';
  return `${inThousands(usage.input)} tokens in${cached}, ${inThousands(usage.output)} out${reasoning}${counted}`;
};

const timing = (attempt: AttemptRecord): string => {
  const marks = [
    attempt.headersMs === undefined ? undefined : `answered after ${inTime(attempt.headersMs - attempt.startedMs)}`,
    attempt.firstPartMs === undefined
      ? undefined
      : `first part after ${inTime(attempt.firstPartMs - attempt.startedMs)}`,
    `took ${inTime(attempt.endedMs - attempt.startedMs)}`,
  ];
  return marks.filter((mark) => mark !== undefined).join(', ');
};

const reason = (attempt: AttemptRecord): string => {
  const status = attempt.upstreamStatus === undefined ? '' : `status ${attempt.upstreamStatus}, `;
  const detail = attempt.detail === undefined ? '' : `: ${inOneLine(attempt.detail)}`;
  return `${status}${attempt.failure ?? ''}${detail}`;
};

const prefixInWords = ({ spans, notes }: PrefixRecord): string => {
  const named = spans.map(({ rule, count }) => (count === 1 ? rule : `${rule} ×${count}`)).join(', ');
  const restated = notes === 0 ? '' : `; restated in ${inNumber(notes, 'note')}`;
  return `taken out of the prompt's beginning for the prefix cache: ${inOneLine(named)}${restated}`;
};

const IN_ANSWER = 'answer.';

const lossLines = (losses: readonly string[]): string[] => {
  const asked = losses.filter((name) => !name.startsWith(IN_ANSWER));
  const answered = losses.filter((name) => name.startsWith(IN_ANSWER)).map((name) => name.slice(IN_ANSWER.length));
  return [
    ...(asked.length > 0 ? [`could not be carried to this tier: ${inOneLine(asked.join(', '))}`] : []),
    ...(answered.length > 0 ? [`could not be carried from its answer: ${inOneLine(answered.join(', '))}`] : []),
  ];
};

/**
 * The attempt's line, then its details, each indented further.
 * @param before the attempt asked before this one
 */
export const explainAttempt = (attempt: AttemptRecord, number: number, before: AttemptRecord | undefined): string[] => {
  const name = inOneLine(attempt.tier, 80);
  if (!wasSent(attempt)) {
    const why = attempt.detail === undefined ? WHY_SKIPPED[attempt.outcome] : inOneLine(attempt.detail);
    return [`  ${number}. ${name}: ${OUTCOME[attempt.outcome]}, ${why}${refusedAfter(attempt.slot)}`];
  }
  const model = attempt.model === '' ? '' : ` (${inOneLine(attempt.model, 80)})`;
  const begun = `begun at ${inTime(attempt.startedMs)}`;
  const spent = attempt.usage ? `${tokensInWords(attempt.usage)}; cost ${inDollars(attempt.costUsd)}` : undefined;
  const details = [
    ...(attempt.slot === undefined ? [] : slotLines(attempt.slot)),
    ...(attempt.failure === undefined ? [] : [reason(attempt)]),
    ...repairLines(attempt, before),
    ...checkLines(attempt.verifiers),
    ...(attempt.stopped === undefined ? [] : [stoppedLine(attempt.stopped)]),
    ...(attempt.bytesHeldMax > 0 ? [`held back at most ${inBytes(attempt.bytesHeldMax)}`] : []),
    ...(spent === undefined ? [] : [spent]),
    ...(attempt.prefix === undefined ? [] : [prefixInWords(attempt.prefix)]),
    ...lossLines(attempt.losses ?? []),
  ];
  return [
    `  ${number}. ${name}${model}: ${OUTCOME[attempt.outcome]}; ${begun}, ${timing(attempt)}`,
    ...details.map((line) => `     ${line}`),
  ];
};
