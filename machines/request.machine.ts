/** One request: which candidate is asked next, when an answer may leave, and how it all ends. Performs nothing. */
import { assign, setup } from 'xstate';
import type { RequestOutcome } from '#core/decision';
import type { AttemptFailure } from '#core/failure';
import { leanLogic, NEVER_MS } from '#machines/lean';

/** How the request ended, as far as the machine knows. */
export interface RequestEnding {
  readonly outcome: RequestOutcome;
  /** The response head had left already: what follows must be said inside the stream. */
  readonly headCommitted: boolean;
  /** The deadline for the whole request ended it. */
  readonly deadlinePassed: boolean;
}

/**
 * How a candidate is asked: for the whole answer, for the one block that failed in its last one, or for the rest of a text
 * that broke off on the tier before it.
 */
export type Approach = 'fresh' | 'ask-again' | 'resume';

/** What the machine asks of the outside world; the router supplies it, tests supply a recorder. Must not throw. */
export interface RequestPort {
  /** Starts an attempt on candidate `index`; exactly one `attempt.*` ending must follow, at once or later. */
  openAttempt(index: number, approach: Approach, send: (event: RequestEvent) => void): void;
  /** Abandons whatever runs upstream. Idempotent. */
  cancelAttempt(): void;
  /** Commits the response head, so that keepalives can flow while the answer is still held. */
  commitHead(): void;
  /** The one end of the request. */
  settle(ending: RequestEnding): void;
}

export interface RequestInput {
  readonly port: RequestPort;
  /** Candidates in the plan, at least one. */
  readonly candidates: number;
  /**
   * How many of them, at the front, a mere hint has put there. Failures there cost those behind them no attempt; and where
   * there are any, a tier that blames the caller ends the request only if no other is left.
   */
  readonly hinted: number;
  /** Upstream attempts allowed behind the hinted candidates, at least one. */
  readonly attemptsMax: number;
  /** Whether the last allowed attempt goes to the last candidate. */
  readonly reserveLast: boolean;
  /** Questions to the same tier for a block that failed. */
  readonly askAgainMax: number;
  /** Wall time until an answer begins to leave, in milliseconds. */
  readonly totalMs: number;
  /** Silence after which the response head is committed, in milliseconds; undefined: never. */
  readonly keepaliveAfterMs: number | undefined;
}

export interface RequestContext extends RequestInput {
  /** Candidate under way. */
  readonly index: number;
  readonly approach: Approach;
  readonly askedAgain: number;
  /** Attempts that reached a tier and failed, those on hinted candidates left out. */
  readonly attemptsFailed: number;
  readonly headCommitted: boolean;
  readonly deadlinePassed: boolean;
  /** The answer has begun to leave. */
  readonly answering: boolean;
}

export type RequestEvent =
  | { readonly type: 'attempt.skipped' }
  | {
      readonly type: 'attempt.failed';
      readonly failure: AttemptFailure;
      /** What is possible now instead of asking the next tier from the beginning. */
      readonly rescue?: Exclude<Approach, 'fresh'>;
    }
  | { readonly type: 'attempt.committed' }
  | { readonly type: 'attempt.completed' }
  | { readonly type: 'wait.lasted' }
  | { readonly type: 'caller.gone' };

/** One line per event, for the generated dictionary. */
export const REQUEST_EVENTS = {
  'attempt.skipped':
    'The candidate was not asked: its breaker is open, its queue is full, or it cannot fit the request.',
  'attempt.failed':
    'The attempt ended badly. Says whether its failed block can be asked for again, or its text be carried on.',
  'attempt.committed': 'The first bytes of the answer leave for the caller; from here on nothing can be recalled.',
  'attempt.completed': 'The answer is whole, verified as far as asked, and handed over.',
  'wait.lasted':
    'The model of the tier is being loaded, and has been waited for so long that the caller must hear of it.',
  'caller.gone': 'The caller hung up.',
} as const satisfies Record<RequestEvent['type'], string>;

type Situation = { readonly context: RequestContext; readonly event: RequestEvent };

const isHinted = ({ index, hinted }: RequestContext): boolean => index < hinted;

/** An answer whose failed block cannot be asked for again after all has failed as well. */
const isFailure = ({ context, event }: Situation): boolean =>
  event.type === 'attempt.failed' || (event.type === 'attempt.skipped' && context.approach === 'ask-again');

const failedSoFar = (situation: Situation): number =>
  situation.context.attemptsFailed + (isFailure(situation) && !isHinted(situation.context) ? 1 : 0);

/** The candidate to try after the current one, or undefined when none is left or allowed. */
const nextIndex = (situation: Situation): number | undefined => {
  const { context } = situation;
  const left = context.attemptsMax - failedSoFar(situation);
  const next = context.index + 1;
  if (left <= 0 || next >= context.candidates) return undefined;
  return context.reserveLast && left === 1 && !isHinted(context) ? context.candidates - 1 : next;
};

const mayAskAgain = ({ context, event }: Situation): boolean =>
  event.type === 'attempt.failed' && event.rescue === 'ask-again' && context.askedAgain < context.askAgainMax;

export const requestMachine = setup({
  types: {} as { context: RequestContext; events: RequestEvent; input: RequestInput },
  actions: {
    openAttempt: ({ context, self }) =>
      context.port.openAttempt(context.index, context.approach, (event) => self.send(event)),
    cancelAttempt: ({ context }) => context.port.cancelAttempt(),
    settle: ({ context }, params: { outcome: RequestOutcome }) =>
      context.port.settle({
        outcome: params.outcome,
        headCommitted: context.headCommitted,
        deadlinePassed: context.deadlinePassed,
      }),
    commitHead: ({ context }) => context.port.commitHead(),
    noteHeadCommitted: assign({ headCommitted: true }),
    noteDeadline: assign({ deadlinePassed: true }),
    noteAnswering: assign({ answering: true }),
    advance: assign((situation) => ({
      attemptsFailed: failedSoFar(situation),
      index: nextIndex(situation) ?? situation.context.index,
      approach: situation.context.answering ? ('resume' as const) : ('fresh' as const),
    })),
    askAgain: assign(({ context }) => ({ askedAgain: context.askedAgain + 1, approach: 'ask-again' as const })),
  },
  guards: {
    isCallersFault: (situation) => {
      const { context, event } = situation;
      if (event.type !== 'attempt.failed' || event.failure.kind !== 'caller-error') return false;
      // What we added to the question may be what the tier complains of.
      if (context.approach !== 'fresh') return false;
      // With tiers in front that nobody asked for, others are reached than without them; one complaint is not the last word.
      return context.hinted === 0 || nextIndex(situation) === undefined;
    },
    hasNext: (situation) => nextIndex(situation) !== undefined,
    mayAskAgain,
    mayResume: (situation) =>
      situation.event.type === 'attempt.failed' &&
      situation.event.rescue === 'resume' &&
      nextIndex(situation) !== undefined,
    nextMayResume: (situation) => situation.context.approach === 'resume' && nextIndex(situation) !== undefined,
    nothingLeft: ({ context }) => !context.answering,
  },
  delays: {
    totalDeadline: ({ context }) => context.totalMs,
    keepaliveDue: ({ context }) => context.keepaliveAfterMs ?? NEVER_MS,
  },
}).createMachine({
  id: 'request',
  context: ({ input }) => ({
    ...input,
    index: 0,
    approach: 'fresh',
    askedAgain: 0,
    attemptsFailed: 0,
    headCommitted: false,
    deadlinePassed: false,
    answering: false,
  }),
  initial: 'attempting',
  on: {
    'caller.gone': { target: '.cancelled', actions: 'cancelAttempt' },
    'wait.lasted': { guard: 'nothingLeft', actions: ['noteHeadCommitted', 'commitHead'] },
  },
  after: {
    totalDeadline: { guard: 'nothingLeft', target: '.exhausted', actions: ['noteDeadline', 'cancelAttempt'] },
    keepaliveDue: { guard: 'nothingLeft', actions: ['noteHeadCommitted', 'commitHead'] },
  },
  states: {
    attempting: {
      entry: 'openAttempt',
      on: {
        'attempt.skipped': [
          { guard: 'hasNext', target: 'attempting', reenter: true, actions: 'advance' },
          { target: 'exhausted' },
        ],
        'attempt.failed': [
          { guard: 'isCallersFault', target: 'refused' },
          { guard: 'mayAskAgain', target: 'attempting', reenter: true, actions: 'askAgain' },
          { guard: 'hasNext', target: 'attempting', reenter: true, actions: 'advance' },
          { target: 'exhausted' },
        ],
        'attempt.committed': { target: 'streaming', actions: 'noteAnswering' },
        'attempt.completed': 'finished',
      },
    },
    streaming: {
      on: {
        'attempt.completed': 'finished',
        'attempt.failed': [
          { guard: 'mayAskAgain', target: 'continuing', actions: 'askAgain' },
          { guard: 'mayResume', target: 'continuing', actions: 'advance' },
          { target: 'broken' },
        ],
      },
    },
    continuing: {
      entry: 'openAttempt',
      description: 'An answer that has begun to leave waits for another call to carry it on.',
      on: {
        'attempt.skipped': [
          { guard: 'nextMayResume', target: 'continuing', reenter: true, actions: 'advance' },
          { target: 'broken' },
        ],
        'attempt.failed': [
          { guard: 'mayAskAgain', target: 'continuing', reenter: true, actions: 'askAgain' },
          { guard: 'mayResume', target: 'continuing', reenter: true, actions: 'advance' },
          { target: 'broken' },
        ],
        'attempt.committed': 'streaming',
        'attempt.completed': 'finished',
      },
    },
    finished: { type: 'final', entry: { type: 'settle', params: { outcome: 'finished' } } },
    refused: { type: 'final', entry: { type: 'settle', params: { outcome: 'refused' } } },
    exhausted: { type: 'final', entry: { type: 'settle', params: { outcome: 'exhausted' } } },
    broken: { type: 'final', entry: { type: 'settle', params: { outcome: 'broken' } } },
    cancelled: { type: 'final', entry: { type: 'settle', params: { outcome: 'cancelled' } } },
  },
});

/** The chart above as it runs, one actor per request. */
export const requestLogic = leanLogic<RequestContext, RequestEvent, RequestInput>(requestMachine);
