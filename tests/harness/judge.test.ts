/** A case is good only when everything that its user expects has happened. */
import { describe, expect, test } from 'bun:test';
import { FAILURES, type FailureName } from '#scripts/harness/failures';
import { fileWith } from '#scripts/harness/file';
import { complaintsOf, FAILED_REQUESTS_MAX, type Seen } from '#scripts/harness/judge';
import { CARRIED_TEXT, FILE_AFTER_EDIT } from '#scripts/harness/repairs';
import { CASES, type CaseName } from '#scripts/harness/scripts';
import { FILE_AFTER_SESSION } from '#scripts/harness/session';
import { PROOF, WORDS } from '#scripts/harness/speech';

const WITH_SHELL = { shell: () => ({ name: 'bash', arguments: {} }) };
type Decision = Seen['decisions'][number];
type Attempt = Decision['attempts'][number];
const attemptWith = (given: Partial<Attempt>): Attempt =>
  ({ tier: 'fast', outcome: 'rejected', verifiers: [], ...given }) as unknown as Attempt;
const attempt = attemptWith({});
const ESCALATED = { outcome: 'finished', status: 200, servedTier: 'heavy', attempts: [attempt] } as const;
const refused = { outcome: 'refused', attempts: [] } as const;
const EXHAUSTED = { ...refused, outcome: 'exhausted', status: 503, failure: 'exhausted' } as const;
const IN_STREAM = { ...EXHAUSTED, status: 200 } as const;
/** The decision that each failure must leave, and one that only looks like it. */
const DECISIONS: Readonly<Record<FailureName, readonly [good: Decision, near: Decision]>> = {
  overflow: [{ ...refused, status: 413, failure: 'over-context' }, EXHAUSTED],
  budget: [
    { ...refused, status: 400, failure: 'budget-spent' },
    { ...refused, status: 503, failure: 'metered' },
  ],
  'caller-error': [{ ...refused, status: 422, failure: 'caller-error' }, EXHAUSTED],
  'in-stream': [IN_STREAM, EXHAUSTED],
  broken: [{ outcome: 'broken', status: 200, failure: 'broken', attempts: [] }, IN_STREAM],
};

const finished = (servedTier: string, ...attempts: readonly Attempt[]): Decision => ({
  outcome: 'finished',
  status: 200,
  servedTier,
  attempts,
});
const fine = (given: Partial<Attempt> = {}): Attempt => attemptWith({ outcome: 'served', ...given });
const MENDED = finished(
  'fast',
  fine({
    mends: [
      { kind: 'json-escape', count: 1 },
      { kind: 'trailing-comma', count: 1 },
      { kind: 'tool-name', count: 1 },
    ],
  }),
);
const LIFTED = finished('fast', fine({ mends: [{ kind: 'text-tool-call', count: 1 }] }));
const AGAIN = finished('fast', attempt, fine({ role: 'ask-again', keptChars: 0 }));
const RESUMED = finished(
  'heavy',
  attemptWith({ outcome: 'broken' }),
  fine({ tier: 'heavy', role: 'resume', keptChars: 60 }),
);
const PROVEN_EDIT = { verifier: 'edit_applies', verdict: 'fail', score: 0, costMicros: 9, position: 80 } as const;
const EDITED = finished('heavy', attemptWith({ verifiers: [PROVEN_EDIT] }), fine({ tier: 'heavy' }));
const swapped = (waitedMs: number, needed: 'swap' | 'nothing' = 'swap'): Decision =>
  finished('fast', fine({ slot: { model: 'scripted-fast', needed, waitedMs } }));
/** What the case must have left; the other cases have only good answers. */
const MARKED: Partial<Readonly<Record<CaseName, Decision>>> = {
  escalation: ESCALATED,
  mended: MENDED,
  'as-text': LIFTED,
  'asked-again': AGAIN,
  'carried-on': RESUMED,
  'bad-edit': EDITED,
  swap: swapped(12_400),
};

/** A run in which all went well, whichever the case. */
const good = (name: CaseName): Seen => ({
  ...(name === 'session' ? { ...GOOD, editedFile: FILE_AFTER_SESSION } : GOOD),
  decisions: [...GOOD.decisions, MARKED[name] ?? finished('fast', fine())],
});
const GOOD: Seen = {
  exit: 0,
  timedOut: false,
  ms: 1000,
  out: `${WORDS.answer} ${WORDS.toolUsed} ${WORDS.imageSeen} ${WORDS.editDone} ${WORDS.sessionDone} ${CARRIED_TEXT}`,
  err: '',
  decisions: [EXHAUSTED, ...Object.values(DECISIONS).map(([good]) => good)],
  proofFile: `${PROOF}\n`,
  editedFile: FILE_AFTER_EDIT,
  requests: 2,
};

const bad: readonly (readonly [name: CaseName, what: Partial<Seen>, complaint: string])[] = [
  ['answer', { out: 'something else' }, 'the answer was not shown'],
  ['answer', { exit: 1 }, 'exit code 1'],
  ['answer', { exit: undefined, timedOut: true, ms: 90_000 }, 'still running after 90 s'],
  ['tool', { proofFile: undefined }, 'the tool was not executed'],
  ['tool', { proofFile: 'proof-$((123456 + 654321))' }, 'the tool was not executed'],
  ['tool', { out: WORDS.answer }, 'the result of the tool was not used'],
  ['image', { out: WORDS.imageLost }, 'the image did not reach the tier'],
  ['escalation', { err: WORDS.half }, 'the rejected answer was shown'],
  [
    'escalation',
    { decisions: [{ ...ESCALATED, servedTier: 'fast' }] },
    'no decision shows the rejected attempt before the good one',
  ],
  ['answer', { decisions: [ESCALATED] }, 'a good answer was rejected or changed'],
  ['tool', { decisions: [MENDED] }, 'a good answer was rejected or changed'],
  ['image', { decisions: [LIFTED] }, 'a good answer was rejected or changed'],
  [
    'escalation',
    { decisions: [finished('heavy', attempt, fine({ tier: 'heavy', mends: [{ kind: 'tool-name', count: 1 }] }))] },
    'a good answer was rejected or changed',
  ],
  ['session', { editedFile: FILE_AFTER_EDIT }, 'the file was not edited'],
  ['session', { decisions: [ESCALATED] }, 'a good answer was rejected or changed'],
  ['mended', { proofFile: undefined }, 'the tool was not executed'],
  ['mended', { decisions: [LIFTED] }, 'no decision shows the three repairs'],
  ['mended', { decisions: [finished('heavy', attempt, ...MENDED.attempts)] }, 'no decision shows the three repairs'],
  ['as-text', { decisions: [MENDED] }, 'no decision shows that the call was lifted'],
  ['as-text', { err: 'Here: <tool_call>' }, 'the markup was shown'],
  ['asked-again', { decisions: [ESCALATED] }, 'no decision shows the second question'],
  ['carried-on', { out: 'ANVIL-CARRIED-ON-FROM-THE-FIRST' }, 'the whole text was not shown'],
  ['carried-on', { exit: 1 }, 'exit code 1'],
  ['carried-on', { decisions: [ESCALATED] }, 'no decision shows the continuation'],
  ['bad-edit', { editedFile: fileWith({}) }, 'the file was not edited'],
  ['bad-edit', { decisions: [ESCALATED] }, 'no decision shows the rejected edit before the good one'],
  ['swap', { out: 'nothing' }, 'the answer was not shown'],
  ['swap', { decisions: [swapped(300)] }, 'no decision shows that its model was swapped in'],
  ['swap', { decisions: [swapped(12_400, 'nothing')] }, 'no decision shows that its model was swapped in'],
  [
    'swap',
    { decisions: [{ ...swapped(12_400), outcome: 'cancelled' }] },
    'no decision shows that its model was swapped in',
  ],
  ['exhaustion', { requests: 30 }, '30 requests are a storm'],
  ['exhaustion', { decisions: [ESCALATED] }, 'no request was exhausted'],
];

describe('a run in which all went well', () => {
  for (const name of CASES) {
    test(`is good as ${name}`, () => {
      expect(complaintsOf(name, good(name), WITH_SHELL)).toEqual([]);
    });
  }
});

describe('one thing wrong is the one complaint', () => {
  for (const [name, what, complaint] of bad) {
    test(`${name}: ${complaint}, ${Object.keys(what).join(' and ')}`, () => {
      expect(complaintsOf(name, { ...good(name), ...what }, WITH_SHELL)).toEqual([complaint]);
    });
  }
});

test('a client without tools is asked for an answer instead', () => {
  const plain = { ...GOOD, out: WORDS.answer, proofFile: undefined };
  expect(complaintsOf('tool', plain, {})).toEqual([]);
  expect(complaintsOf('tool', { ...plain, out: '' }, {})).toEqual(['the answer was not shown']);
});

test('waiting as it was told is no storm', () => {
  const waiting = { ...GOOD, exit: undefined, timedOut: true, requests: 4 };
  expect(complaintsOf('exhaustion', waiting, WITH_SHELL)).toEqual([]);
});

describe('a failure', () => {
  for (const name of FAILURES) {
    const [good, near] = DECISIONS[name];
    const asked = (requests: number): Seen => ({ ...GOOD, exit: 1, decisions: [good], requests });

    test(`${name} may be asked again, but not without end`, () => {
      expect(complaintsOf(name, asked(FAILED_REQUESTS_MAX), WITH_SHELL)).toEqual([]);
      expect(complaintsOf(name, asked(FAILED_REQUESTS_MAX + 1), WITH_SHELL)).toEqual(['11 requests are a storm']);
    });

    test(`${name} must be the one that has happened`, () => {
      const complaints = complaintsOf(name, { ...asked(1), decisions: [near] }, WITH_SHELL);
      expect(complaints).toEqual([`no decision shows ${name}`]);
    });
  }
});
