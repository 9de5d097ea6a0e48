/** Did a client do in a case what its user expects: the answer shown, the tool run, the bad answer never seen, no storm? */
import type { DecisionRecord } from '#core/decision';
import type { MendKind } from '#core/repair';
import type { ChildEnd } from '#scripts/harness/child';
import type { Client } from '#scripts/harness/client';
import { FAILURES, type FailureName } from '#scripts/harness/failures';
import { CARRIED_TEXT, FILE_AFTER_EDIT } from '#scripts/harness/repairs';
import type { CaseName } from '#scripts/harness/scripts';
import { FILE_AFTER_SESSION } from '#scripts/harness/session';
import { PROOF, WORDS } from '#scripts/harness/speech';
import { LOAD_MS } from '#scripts/harness/waits';

/** More requests than that, while a client is watched that cannot be served, are a storm. */
export const FAILED_REQUESTS_MAX = 10;

/** What a case has left behind. */
export interface Seen extends ChildEnd {
  readonly decisions: readonly Pick<DecisionRecord, 'outcome' | 'failure' | 'status' | 'servedTier' | 'attempts'>[];
  /** What the tool wrote into the working directory. */
  readonly proofFile: string | undefined;
  /** What has become of the file that is to be edited. */
  readonly editedFile: string | undefined;
  /** Requests that the client made of generation routes. */
  readonly requests: number;
}

/** Empty where all is well. */
type Judge = (seen: Seen, client: Pick<Client, 'shell' | 'edits'>) => readonly string[];

const unless = (good: boolean, complaint: string): readonly string[] => (good ? [] : [complaint]);

const ended = ({ exit, timedOut, ms }: Seen): readonly string[] =>
  timedOut ? [`still running after ${Math.round(ms / 1000)} s`] : unless(exit === 0, `exit code ${exit}`);

const shown = ({ out, err }: Seen, words: string): boolean => `${out}\n${err}`.includes(words);

const toolWorked: Judge = (seen, client) =>
  client.shell === undefined
    ? unless(shown(seen, WORDS.answer), 'the answer was not shown')
    : [
        ...unless(seen.proofFile?.includes(PROOF) === true, 'the tool was not executed'),
        ...unless(shown(seen, WORDS.toolUsed), 'the result of the tool was not used'),
      ];

type Decision = Seen['decisions'][number];
type Attempt = Decision['attempts'][number];

/** Served by the fast tier at once, with these repairs and no others. */
const mendedBy =
  (...kinds: readonly MendKind[]) =>
  ({ outcome, attempts }: Decision): boolean => {
    const [only, ...others] = attempts;
    const made = (only?.mends ?? []).map(({ kind }) => kind);
    return (
      outcome === 'finished' &&
      others.length === 0 &&
      only?.tier === 'fast' &&
      made.length === kinds.length &&
      kinds.every((kind) => made.includes(kind))
    );
  };

const askedAgain = ({ outcome, attempts: [first, second, ...others] }: Decision): boolean =>
  outcome === 'finished' &&
  first?.outcome === 'rejected' &&
  second?.tier === 'fast' &&
  second.role === 'ask-again' &&
  second.outcome === 'served' &&
  others.length === 0;

const carriedOn = ({ outcome, attempts: [first, second] }: Decision): boolean =>
  outcome === 'finished' &&
  first?.outcome === 'broken' &&
  second?.tier === 'heavy' &&
  second.role === 'resume' &&
  (second.keptChars ?? 0) > 0;

const provesEdit = ({ verifiers }: Attempt): boolean =>
  verifiers.some(({ verifier, verdict }) => verifier === 'edit_applies' && verdict === 'fail');

const rejectedEdit = (decision: Decision): boolean =>
  escalated(decision) && decision.attempts.slice(0, 1).every(provesEdit);

const escalated = ({ attempts, servedTier, outcome }: Decision): boolean =>
  outcome === 'finished' &&
  servedTier === 'heavy' &&
  attempts[0]?.tier === 'fast' &&
  attempts[0].outcome === 'rejected';

/** Nearly as long as the load takes: it may have been begun for another request of the client. */
const WAITED_MS_MIN = LOAD_MS * 0.8;

const waitedForSwap = ({ outcome, attempts }: Decision): boolean =>
  outcome === 'finished' && attempts.some(({ slot }) => slot?.needed === 'swap' && slot.waitedMs >= WAITED_MS_MIN);

const untouched = ({ outcome, mends }: Attempt): boolean => outcome !== 'rejected' && (mends ?? []).length === 0;

/** Of the tiers whose answers are all good in a case. */
const trusted = ({ decisions }: Seen, tiers: readonly string[]): readonly string[] =>
  unless(
    decisions.every(({ attempts }) => attempts.every((one) => !tiers.includes(one.tier) || untouched(one))),
    'a good answer was rejected or changed',
  );

const BOTH = ['fast', 'heavy'] as const;

const calm = ({ requests }: Seen): readonly string[] =>
  unless(requests <= FAILED_REQUESTS_MAX, `${requests} requests are a storm`);

/** The decision without which the case has not happened. */
const MARKS: Readonly<Record<FailureName, (decision: Decision) => boolean>> = {
  overflow: ({ failure }) => failure === 'over-context',
  budget: ({ failure }) => failure === 'budget-spent',
  'caller-error': ({ failure }) => failure === 'caller-error',
  'in-stream': ({ failure, status }) => failure === 'exhausted' && status === 200,
  broken: ({ outcome }) => outcome === 'broken',
};

const failed =
  (name: FailureName): Judge =>
  (seen) => [...calm(seen), ...unless(seen.decisions.some(MARKS[name]), `no decision shows ${name}`)];

const FAILURE_JUDGES = Object.fromEntries(FAILURES.map((name) => [name, failed(name)])) as Record<FailureName, Judge>;

const JUDGES: Readonly<Record<CaseName, Judge>> = {
  answer: (seen) => [
    ...ended(seen),
    ...unless(shown(seen, WORDS.answer), 'the answer was not shown'),
    ...trusted(seen, BOTH),
  ],
  tool: (seen, client) => [...ended(seen), ...toolWorked(seen, client), ...trusted(seen, BOTH)],
  image: (seen) => [
    ...ended(seen),
    ...unless(shown(seen, WORDS.imageSeen), 'the image did not reach the tier'),
    ...trusted(seen, BOTH),
  ],
  session: (seen) => [
    ...ended(seen),
    ...unless(shown(seen, WORDS.sessionDone), 'the end was not shown'),
    ...unless(seen.editedFile === FILE_AFTER_SESSION, 'the file was not edited'),
    ...trusted(seen, BOTH),
  ],
  escalation: (seen, client) => [
    ...ended(seen),
    ...toolWorked(seen, client),
    ...unless(!shown(seen, WORDS.half), 'the rejected answer was shown'),
    ...unless(seen.decisions.some(escalated), 'no decision shows the rejected attempt before the good one'),
    ...trusted(seen, ['heavy']),
  ],
  exhaustion: (seen) => [
    ...calm(seen),
    ...unless(
      seen.decisions.some(({ outcome }) => outcome === 'exhausted'),
      'no request was exhausted',
    ),
  ],
  mended: (seen, client) => [
    ...ended(seen),
    ...toolWorked(seen, client),
    ...unless(
      seen.decisions.some(mendedBy('json-escape', 'trailing-comma', 'tool-name')),
      'no decision shows the three repairs',
    ),
  ],
  'as-text': (seen, client) => [
    ...ended(seen),
    ...toolWorked(seen, client),
    ...unless(!shown(seen, '<tool_call>'), 'the markup was shown'),
    ...unless(seen.decisions.some(mendedBy('text-tool-call')), 'no decision shows that the call was lifted'),
  ],
  'asked-again': (seen, client) => [
    ...ended(seen),
    ...toolWorked(seen, client),
    ...unless(seen.decisions.some(askedAgain), 'no decision shows the second question'),
    ...trusted(seen, ['heavy']),
  ],
  'carried-on': (seen) => [
    ...ended(seen),
    ...unless(shown(seen, CARRIED_TEXT), 'the whole text was not shown'),
    ...unless(seen.decisions.some(carriedOn), 'no decision shows the continuation'),
    ...trusted(seen, ['heavy']),
  ],
  'bad-edit': (seen) => [
    ...ended(seen),
    ...unless(shown(seen, WORDS.editDone), 'the end was not shown'),
    ...unless(seen.editedFile === FILE_AFTER_EDIT, 'the file was not edited'),
    ...unless(seen.decisions.some(rejectedEdit), 'no decision shows the rejected edit before the good one'),
    ...trusted(seen, ['heavy']),
  ],
  swap: (seen) => [
    ...ended(seen),
    ...unless(shown(seen, WORDS.answer), 'the answer was not shown'),
    ...unless(seen.decisions.some(waitedForSwap), 'no decision shows that its model was swapped in'),
    ...trusted(seen, BOTH),
  ],
  ...FAILURE_JUDGES,
};

/** What is wrong with it, each in a few words. */
export const complaintsOf = (name: CaseName, seen: Seen, client: Pick<Client, 'shell' | 'edits'>): readonly string[] =>
  JUDGES[name](seen, client);
