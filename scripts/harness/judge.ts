/** Did a client do in a case what its user expects: the answer shown, the tool run, the bad answer never seen, no storm? */
import type { DecisionRecord } from '#core/decision';
import type { ChildEnd } from '#scripts/harness/child';
import type { Client } from '#scripts/harness/client';
import { type CaseName, PROOF, WORDS } from '#scripts/harness/scripts';

/** More requests than that, while a client is watched with nothing left to serve it, are a storm. */
export const EXHAUSTION_REQUESTS_MAX = 10;

/** What a case has left behind. */
export interface Seen extends ChildEnd {
  readonly decisions: readonly Pick<DecisionRecord, 'outcome' | 'servedTier' | 'attempts'>[];
  /** What the tool wrote into the working directory. */
  readonly proofFile: string | undefined;
  /** Requests that the client made of generation routes. */
  readonly requests: number;
}

/** Empty where all is well. */
type Judge = (seen: Seen, client: Pick<Client, 'shell'>) => readonly string[];

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

const escalated = ({ attempts, servedTier, outcome }: Seen['decisions'][number]): boolean =>
  outcome === 'finished' &&
  servedTier === 'heavy' &&
  attempts[0]?.tier === 'fast' &&
  attempts[0].outcome === 'rejected';

const JUDGES: Readonly<Record<CaseName, Judge>> = {
  answer: (seen) => [...ended(seen), ...unless(shown(seen, WORDS.answer), 'the answer was not shown')],
  tool: (seen, client) => [...ended(seen), ...toolWorked(seen, client)],
  image: (seen) => [...ended(seen), ...unless(shown(seen, WORDS.imageSeen), 'the image did not reach the tier')],
  escalation: (seen, client) => [
    ...ended(seen),
    ...toolWorked(seen, client),
    ...unless(!shown(seen, WORDS.half), 'the rejected answer was shown'),
    ...unless(seen.decisions.some(escalated), 'no decision shows the rejected attempt before the good one'),
  ],
  exhaustion: ({ requests, decisions }) => [
    ...unless(requests <= EXHAUSTION_REQUESTS_MAX, `${requests} requests are a storm`),
    ...unless(
      decisions.some(({ outcome }) => outcome === 'exhausted'),
      'no request was exhausted',
    ),
  ],
};

/** What is wrong with it, each in a few words. */
export const complaintsOf = (name: CaseName, seen: Seen, client: Pick<Client, 'shell'>): readonly string[] =>
  JUDGES[name](seen, client);
