/** What happened to one request and why, as a story for a person? Metadata only, like the record it tells. */
import type { AttemptRecord, DecisionRecord, RequestOutcome } from '#core/decision';
import { tokensOf, wasSent } from '#core/decision-facts';
import { explainAttempt } from '#core/explain-attempt';
import type { AttemptFailureKind } from '#core/failure';
import { inDollars, inNumber, inOneLine, inThousands, inTime } from '#core/plain-words';
import type { IntentSource } from '#core/plan';
import { REMEDY_OF_ATTEMPT, REMEDY_OF_CUT, REMEDY_OF_FAILURE, REMEDY_OF_SLOT } from '#core/remedies';
import type { HoldMode, Verdict } from '#core/tier';

const OUTCOME: Record<RequestOutcome, string> = {
  finished: 'answered',
  refused: 'refused',
  exhausted: 'no tier could serve it',
  broken: 'the answer broke off after it had begun to leave',
  cancelled: 'the caller hung up',
};

const VERDICT: Record<Verdict, string> = {
  allow: 'allowed',
  'allow-with-verify': 'allowed with verification',
  deny: 'denied by its profile',
};

const HOLD: Record<HoldMode, string> = {
  all: 'nothing leaves before the verdict',
  block: 'prose leaves at once, tool calls when complete and valid',
  none: 'everything leaves at once',
};

type Intent = NonNullable<DecisionRecord['intent']>;

const SOURCE: Record<IntentSource, (intent: Intent) => string> = {
  declared: ({ preset }) => `declared by the preset ${inOneLine(preset ?? '?', 80)}`,
  pinned: () => 'pinned to one tier by its id',
  alias: () => 'an exact alias of one tier',
  hinted: ({ preset }) => `hinted by the harness, preset ${inOneLine(preset ?? '?', 80)}`,
  inferred: ({ preset }) => `inferred from the text${preset === undefined ? '' : `, preset ${inOneLine(preset, 80)}`}`,
};

const timeOf = (at: number): string => {
  const moment = new Date(at);
  return Number.isNaN(moment.valueOf()) ? 'at an unknown time' : moment.toISOString();
};

const asked = (record: DecisionRecord): string => {
  const model = record.modelAsked === '' ? 'no model' : `model "${inOneLine(record.modelAsked, 80)}"`;
  const size = record.promptTokensEstimated;
  const facts = [
    record.stream ? 'streamed' : 'not streamed',
    size === undefined ? undefined : `about ${inThousands(size)} prompt tokens`,
    record.token === undefined ? undefined : `access token ${inOneLine(record.token, 80)}`,
    record.session === undefined ? undefined : `session ${inOneLine(record.session, 80)}`,
    record.harness === undefined ? undefined : `sent by ${inOneLine(record.harness, 40)}`,
    record.requestClass === undefined ? undefined : `request class ${inOneLine(record.requestClass, 40)}`,
  ];
  return `Asked: ${inOneLine(record.route, 80)} for ${model}, ${facts.filter((fact) => fact !== undefined).join(', ')}`;
};

const intentLines = ({ intent }: DecisionRecord): string[] => {
  if (!intent) return ['Intent: none, the request ended before it was understood'];
  const gate = intent.gateClass ?? intent.workClass;
  const gated = gate === undefined ? 'no quality gate' : `gated as ${gate}`;
  const stricter =
    gate !== undefined && gate !== intent.workClass && intent.workClass !== undefined
      ? ` (stricter than the declared ${intent.workClass}, by its text)`
      : '';
  const evidence = intent.evidence.length > 0 ? ` by ${inOneLine(intent.evidence.join(', '))}` : '';
  const certainty = `confidence ${intent.confidence.toFixed(2)}${intent.ambiguous ? ', ambiguous' : ''}`;
  return [
    `Intent: ${SOURCE[intent.source](intent)}; ${gated}${stricter}`,
    `  the text reads as ${intent.inferredClass} (${certainty})${evidence}`,
    ...(intent.note === undefined ? [] : [`  ${inOneLine(intent.note)}`]),
  ];
};

const hintLines = ({ hints }: DecisionRecord): string[] =>
  (hints ?? []).map(
    ({ from, says, taken, why }) =>
      `  ${from} (${inOneLine(says, 120)}): ${taken ? 'followed' : 'not followed'}, ${inOneLine(why, 200)}`,
  );

const candidateLines = ({ candidates, exclusions }: DecisionRecord): string[] => [
  ...(candidates.length > 0 ? ['Candidates, in order:'] : []),
  ...candidates.map(
    ({ tier, verdict, hold, why }, index) =>
      `  ${index + 1}. ${inOneLine(tier, 80)}: ${VERDICT[verdict]}; ${HOLD[hold]}; ${inOneLine(why.join(', '))}`,
  ),
  ...(exclusions.length > 0 ? ['Not eligible:'] : []),
  ...exclusions.map(({ tier, kind, detail }) => `  ${inOneLine(tier, 80)}: ${kind}, ${inOneLine(detail)}`),
];

const attemptLines = ({ attempts, candidates }: DecisionRecord): string[] => {
  if (attempts.length === 0) return candidates.length > 0 ? ['Attempts: none was made'] : [];
  return [
    'Attempts:',
    ...attempts.flatMap((attempt, index) =>
      explainAttempt(attempt, index + 1, attempts.slice(0, index).findLast(wasSent)),
    ),
  ];
};

const servedLines = (record: DecisionRecord): string[] => {
  const { stages, servedTier, servedModel } = record;
  const first = stages.firstByteMs === undefined ? '' : `, first byte after ${inTime(stages.firstByteMs)}`;
  const model = servedModel ? ` (${inOneLine(servedModel, 80)})` : '';
  const part = record.outcome === 'finished' ? '' : ', in part';
  return [
    ...(servedTier === undefined ? [] : [`Served by: ${inOneLine(servedTier, 80)}${model}${part}${first}`]),
    ...(record.unproven
      ? ['Unproven: only tiers that their profile denies could serve; the answer was held and checked in full']
      : []),
  ];
};

const usedLine = (record: DecisionRecord): string[] => {
  const sent = record.attempts.filter(wasSent).length;
  const { input, output } = tokensOf(record);
  if (sent === 0 || input + output === 0) return [];
  const tokens = `${inThousands(input)} tokens in, ${inThousands(output)} out`;
  return [`Used: ${tokens} over ${inNumber(sent, 'attempt')}; cost ${inDollars(record.costUsd)}`];
};

const failureLine = ({ failure, detail }: DecisionRecord): string[] =>
  failure === undefined ? [] : [`Failure: ${failure}${detail === undefined ? '' : `: ${inOneLine(detail, 1_000)}`}`];

/** A tier that was passed over has the remedy of the failure it was spared. */
const troubleOf = ({ failure, outcome }: AttemptRecord): AttemptFailureKind | undefined => {
  if (outcome === 'served') return undefined;
  if (outcome === 'skipped-unavailable') return 'unreachable';
  return outcome === 'skipped-busy' ? 'busy' : failure;
};

const remedyOf = (attempt: AttemptRecord): string | undefined => {
  const { slot } = attempt;
  if (slot?.refused !== undefined) return REMEDY_OF_SLOT[slot.refused];
  if (slot?.cut) return REMEDY_OF_CUT;
  const trouble = troubleOf(attempt);
  return trouble && REMEDY_OF_ATTEMPT[trouble];
};

/** One remedy per kind of trouble, in the order met; a refusal's own detail may end in its remedy already. */
const remedyLines = (record: DecisionRecord): string[] => {
  const ofAttempts = record.attempts.flatMap((attempt) => {
    const remedy = remedyOf(attempt);
    return remedy === undefined ? [] : [`${inOneLine(attempt.tier, 80)}: ${remedy}`];
  });
  const isTold = record.detail?.includes(' — ') === true;
  const ofRequest = record.failure === undefined || isTold ? [] : [REMEDY_OF_FAILURE[record.failure]];
  const remedies = [...new Set([...ofAttempts, ...ofRequest])];
  return remedies.length === 0 ? [] : ['What to do:', ...remedies.map((remedy) => `  - ${remedy}`)];
};

/**
 * The story of a decision, one sentence or list item per line: what was asked, how the intent was found, which tiers
 * could serve and why not the others, what each attempt did, what left, what it cost, and what the operator can do.
 */
export const explain = (record: DecisionRecord): string[] => [
  `Decision ${inOneLine(record.id, 80)}, ${timeOf(record.at)}: ${OUTCOME[record.outcome]}, status ${record.status}, after ${inTime(record.stages.endedMs)}`,
  asked(record),
  ...intentLines(record),
  ...hintLines(record),
  ...candidateLines(record),
  ...attemptLines(record),
  ...servedLines(record),
  ...usedLine(record),
  ...failureLine(record),
  ...remedyLines(record),
  `Configuration ${inOneLine(record.config, 80)}, mapping ${inOneLine(record.mapping, 80)}${record.mode ? `, mode ${inOneLine(record.mode, 80)}` : ''}`,
];
