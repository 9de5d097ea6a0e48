/** One model's place on its GPUs: may requests hold it, what is being done with its server, and when is it tried again? */
import { assertEvent, assign, setup } from 'xstate';
import type { VacatedState } from '#core/swap';

/** Limits of one slot, in milliseconds. */
export interface SlotLimits {
  /** Longest time for starting or waking; the loader gives up before that by itself and says why. */
  readonly loadMs: number;
  /** Longest wait for running answers; what is left then is cut. */
  readonly drainMs: number;
  /** Longest time for stopping or falling asleep. */
  readonly unloadMs: number;
  /** First rest after a failure; doubles per failure up to the maximum. */
  readonly retryMs: number;
  readonly retryMsMax: number;
}

/**
 * What the machine asks of the outside world; the multiplexer supplies it, tests supply a recorder. Must not throw. Each
 * `begin…` is answered later by one of its events; none of them may answer while it is being called.
 */
export interface SlotPort {
  /** Answer: `serve.loaded` or `load.failed`. */
  beginLoad(waking: boolean): void;
  /** Abandons the load under way, whose answer is not heard any more. What it has started is removed by what follows. */
  cancelLoad(): void;
  /** Answer: `serve.removed`, `serve.slept` (only when asked to sleep) or `removal.failed`. */
  beginUnload(to: VacatedState): void;
  /** Removes whatever is left of the server. Answer: `serve.removed` or `removal.failed`. Joins one that is under way. */
  beginRemoval(): void;
  /** The drain has lasted too long: ends the requests that still hold these leases. */
  cutLeases(leases: readonly string[]): void;
}

export interface SlotInput {
  readonly port: SlotPort;
  readonly limits: SlotLimits;
  readonly at: number;
  /** Failures in a row of an actor that this one takes over from; 0 when absent. */
  readonly failures?: number;
}

/** `at` is the moment of the event on the caller's monotonic clock: the machine itself reads no clock. */
export type SlotEvent =
  | { readonly type: 'slot.load'; readonly at: number }
  | {
      readonly type: 'slot.drain';
      readonly at: number;
      readonly to: VacatedState;
      /** The model that gets the room; undefined when nobody needs it. */
      readonly room: string | undefined;
    }
  | { readonly type: 'slot.keep'; readonly at: number }
  | { readonly type: 'slot.lost'; readonly at: number; readonly detail: string }
  | { readonly type: 'lease.grant'; readonly at: number; readonly lease: string }
  | { readonly type: 'lease.release'; readonly at: number; readonly lease: string }
  | { readonly type: 'serve.loaded'; readonly at: number }
  | { readonly type: 'load.failed'; readonly at: number; readonly detail: string }
  | { readonly type: 'serve.exited'; readonly at: number; readonly detail: string }
  | { readonly type: 'serve.slept'; readonly at: number }
  | { readonly type: 'serve.removed'; readonly at: number }
  | { readonly type: 'removal.failed'; readonly at: number; readonly detail: string }
  | { readonly type: 'room.settled'; readonly at: number };

/** What each event means, for the dictionary in README.md. */
export const SLOT_EVENTS = {
  'slot.load': 'The scheduler has room for this model: start its server, or wake it.',
  'slot.drain': 'The scheduler wants the room: no new leases, then stop the server or send it to sleep.',
  'slot.keep': 'Nobody needs the room any more: what still drains may stay.',
  'slot.lost': 'The actor before this one has died of a bug: what is left of its server is not known.',
  'lease.grant': 'A request gets the model; heard only while it is ready.',
  'lease.release': 'The request that holds the lease has ended; a lease that is not held is ignored.',
  'serve.loaded': 'The server answers, and with the right model.',
  'load.failed': 'The server could not be started or woken, died on the way, or never became ready.',
  'serve.exited': 'A server that was there has ended by itself.',
  'serve.slept': 'The server sleeps and has given its GPU memory back.',
  'serve.removed': 'Nothing is left of the server.',
  'removal.failed': 'The server is still there after all attempts to stop it; its memory counts as taken.',
  'room.settled': 'The model this room was promised to has been loaded, or nobody waits for it any more.',
} as const satisfies Record<SlotEvent['type'], string>;

export interface SlotContext extends SlotInput {
  /** Leases out, oldest first. */
  readonly leases: readonly string[];
  /** Moment at which the present state was entered. */
  readonly since: number;
  /** Moment at which the timer of the present state runs out; meaningless in states without one. */
  readonly dueAt: number;
  readonly readySince: number;
  /** Moment of the newest end of a lease, or of becoming ready. */
  readonly lastUsedAt: number;
  readonly waking: boolean;
  /** It was asleep when it began to leave, so that it takes no more than that. */
  readonly slept: boolean;
  /** What it will be, while draining or unloading. */
  readonly leaving: VacatedState;
  /** The model that the room is promised to. */
  readonly room: string | undefined;
  /** How long the newest drain has waited for running answers. */
  readonly drainedMs: number;
  /** Failures in a row; the exponent of the rest. A stay of `retryMsMax`, or an orderly end, forgets them. */
  readonly failures: number;
  /** Something may be left of a failed server, so that its memory counts as taken. */
  readonly stuck: boolean;
  /** Kept when it has recovered, for the operator. */
  readonly lastFailure: string | undefined;
}

/** Doublings of the rest; more would only overflow. */
const DOUBLINGS_MAX = 30;

const momentOf = ({ context, event }: { readonly context: SlotContext; readonly event: SlotEvent }): number =>
  // An `after` brings no moment: its own is the one it was set for.
  'at' in event ? event.at : context.dueAt;

const restOf = ({ retryMs, retryMsMax }: SlotLimits, failures: number): number =>
  Math.min(retryMsMax, retryMs * 2 ** Math.min(DOUBLINGS_MAX, failures - 1));

/** The rest that begins with one more failure. */
const restFrom = (context: SlotContext, at: number, failures: number): Partial<SlotContext> => ({
  failures,
  since: at,
  dueAt: at + restOf(context.limits, failures),
  leases: [],
  waking: false,
  stuck: true,
});

const without = (leases: readonly string[], lease: string): readonly string[] => leases.filter((id) => id !== lease);

/**
 * Empty → loading → ready → draining → unloading → empty or asleep; failed rests and then is empty again. Leases are
 * granted only while ready, and a lease that is out keeps the slot from unloading until the drain limit. Every state that
 * waits for the world has a timer, so no lost answer can wedge it. A failed slot counts as taken until its remains are
 * removed: nothing is ever loaded on top of a server that is still there.
 */
export const slotMachine = setup({
  types: {} as { context: SlotContext; events: SlotEvent; input: SlotInput },
  guards: {
    holdsNoLease: ({ context }) => context.leases.length === 0,
    isLastLease: ({ context, event }) => {
      assertEvent(event, 'lease.release');
      return context.leases.length === 1 && context.leases[0] === event.lease;
    },
    isToBeEmpty: ({ context }) => context.leaving === 'empty',
    wantsEmpty: ({ event }) => event.type === 'slot.drain' && event.to === 'empty',
    isCleared: ({ context }) => !context.stuck,
  },
  actions: {
    beginLoad: ({ context }) => context.port.beginLoad(context.waking),
    cancelLoad: ({ context }) => context.port.cancelLoad(),
    beginUnload: ({ context }) => context.port.beginUnload(context.leaving),
    beginRemoval: ({ context }) => context.port.beginRemoval(),
    cutLeases: ({ context }) => context.port.cutLeases(context.leases),
    dropLeases: assign({ leases: [] }),
    stamp: assign((now) => ({ since: momentOf(now), slept: false })),
    noteSlept: assign({ slept: true }),
    startLoad: assign((now, params: { readonly waking: boolean }) => {
      const at = momentOf(now);
      return {
        since: at,
        dueAt: at + now.context.limits.loadMs,
        waking: params.waking,
        room: undefined,
        slept: false,
      };
    }),
    becomeReady: assign((now) => {
      const at = momentOf(now);
      return { since: at, readySince: at, lastUsedAt: at, waking: false };
    }),
    stayOn: assign(({ context }) => ({ since: context.readySince, room: undefined })),
    grantLease: assign(({ context, event }) => {
      assertEvent(event, 'lease.grant');
      return { leases: [...context.leases, event.lease] };
    }),
    endLease: assign(({ context, event }) => {
      assertEvent(event, 'lease.release');
      const leases = without(context.leases, event.lease);
      return leases.length === context.leases.length ? {} : { leases, lastUsedAt: event.at };
    }),
    noteLeaving: assign(({ context, event }) => {
      assertEvent(event, 'slot.drain');
      return { leaving: event.to, room: event.room ?? context.room };
    }),
    startDrain: assign((now) => {
      const at = momentOf(now);
      return { since: at, drainedMs: 0, dueAt: at + now.context.limits.drainMs };
    }),
    noteDrained: assign((now) => ({ drainedMs: momentOf(now) - now.context.since })),
    startUnload: assign((now) => {
      const at = momentOf(now);
      return { since: at, dueAt: at + now.context.limits.unloadMs, waking: false };
    }),
    forgetFailures: assign({ failures: 0 }),
    settleRoom: assign({ room: undefined }),
    noteDetail: assign(({ event }) => ('detail' in event ? { lastFailure: event.detail } : {})),
    noteTimeout: assign((_, params: { readonly what: string }) => ({ lastFailure: params.what })),
    countFailure: assign((now) => restFrom(now.context, momentOf(now), now.context.failures + 1)),
    countCrash: assign((now) => {
      const at = momentOf(now);
      const { context } = now;
      const stayed = at - context.readySince >= context.limits.retryMsMax;
      return restFrom(context, at, (stayed ? 0 : context.failures) + 1);
    }),
    clearRemains: assign({ stuck: false }),
  },
  delays: {
    loadLimit: ({ context }) => context.limits.loadMs,
    drainLimit: ({ context }) => context.limits.drainMs,
    unloadLimit: ({ context }) => context.limits.unloadMs,
    restTime: ({ context }) => restOf(context.limits, context.failures),
  },
}).createMachine({
  id: 'slot',
  context: ({ input }) => ({
    ...input,
    leases: [],
    since: input.at,
    dueAt: input.at,
    readySince: input.at,
    lastUsedAt: input.at,
    waking: false,
    slept: false,
    leaving: 'empty',
    room: undefined,
    drainedMs: 0,
    failures: input.failures ?? 0,
    stuck: false,
    lastFailure: undefined,
  }),
  on: { 'room.settled': { actions: 'settleRoom' } },
  initial: 'empty',
  states: {
    empty: {
      description: 'No server, no memory taken.',
      on: {
        'slot.load': {
          target: 'loading',
          actions: [{ type: 'startLoad', params: { waking: false } }, 'beginLoad'],
        },
        'slot.lost': { target: 'failed', actions: ['noteDetail', 'countFailure'] },
        // Remains of an earlier life of the multiplexer.
        'slot.drain': { target: 'unloading', actions: ['noteLeaving', 'startDrain', 'startUnload', 'beginUnload'] },
      },
    },
    loading: {
      description: 'Its server starts or wakes up; requests for it wait.',
      after: {
        loadLimit: {
          target: 'failed',
          actions: [
            { type: 'noteTimeout', params: { what: 'it did not become ready in time' } },
            'cancelLoad',
            'countFailure',
            'beginRemoval',
          ],
        },
      },
      on: {
        'serve.loaded': { target: 'ready', actions: 'becomeReady' },
        'load.failed': { target: 'failed', actions: ['noteDetail', 'countFailure', 'beginRemoval'] },
        'slot.drain': {
          target: 'unloading',
          actions: ['cancelLoad', 'noteLeaving', 'startDrain', 'startUnload', 'beginUnload'],
        },
      },
    },
    ready: {
      description: 'Requests may hold it.',
      on: {
        'lease.grant': { actions: 'grantLease' },
        'lease.release': { actions: 'endLease' },
        'slot.drain': [
          {
            guard: 'holdsNoLease',
            target: 'unloading',
            actions: ['noteLeaving', 'startDrain', 'startUnload', 'forgetFailures', 'beginUnload'],
          },
          { target: 'draining', actions: ['noteLeaving', 'startDrain'] },
        ],
        'serve.exited': { target: 'failed', actions: ['noteDetail', 'countCrash', 'beginRemoval'] },
      },
    },
    draining: {
      description: 'Running answers may finish until the drain limit; nobody else gets it.',
      after: {
        drainLimit: {
          target: 'unloading',
          actions: ['cutLeases', 'dropLeases', 'noteDrained', 'startUnload', 'forgetFailures', 'beginUnload'],
        },
      },
      on: {
        'lease.release': [
          {
            guard: 'isLastLease',
            target: 'unloading',
            actions: ['endLease', 'noteDrained', 'startUnload', 'forgetFailures', 'beginUnload'],
          },
          { actions: 'endLease' },
        ],
        'slot.drain': { actions: 'noteLeaving' },
        'slot.keep': { target: 'ready', actions: 'stayOn' },
        'serve.exited': { target: 'failed', actions: ['noteDetail', 'countCrash', 'beginRemoval'] },
      },
    },
    unloading: {
      description: 'Its server stops or falls asleep.',
      after: {
        unloadLimit: {
          target: 'failed',
          actions: [{ type: 'noteTimeout', params: { what: 'its server did not stop in time' } }, 'countFailure'],
        },
      },
      on: {
        'serve.removed': { target: 'empty', actions: 'stamp' },
        'serve.slept': [
          {
            guard: 'isToBeEmpty',
            target: 'unloading',
            reenter: true,
            actions: ['noteSlept', 'startUnload', 'beginUnload'],
          },
          { target: 'asleep', actions: 'stamp' },
        ],
        'slot.drain': { actions: 'noteLeaving' },
        'removal.failed': { target: 'failed', actions: ['noteDetail', 'countFailure'] },
      },
    },
    asleep: {
      description: 'Its server lives without GPU memory to speak of; waking is quick.',
      on: {
        'slot.load': {
          target: 'loading',
          actions: [{ type: 'startLoad', params: { waking: true } }, 'beginLoad'],
        },
        'slot.drain': {
          guard: 'wantsEmpty',
          target: 'unloading',
          actions: ['noteSlept', 'noteLeaving', 'startDrain', 'startUnload', 'beginUnload'],
        },
        'serve.exited': { target: 'failed', actions: ['noteSlept', 'noteDetail', 'countFailure', 'beginRemoval'] },
      },
    },
    failed: {
      description: 'It rests. Until its remains are removed its memory counts as taken, and removal is tried again.',
      after: {
        restTime: [
          { guard: 'isCleared', target: 'empty', actions: 'stamp' },
          { target: 'failed', reenter: true, actions: ['countFailure', 'beginRemoval'] },
        ],
      },
      on: {
        'serve.removed': { actions: 'clearRemains' },
        'removal.failed': { actions: 'noteDetail' },
      },
    },
  },
});
