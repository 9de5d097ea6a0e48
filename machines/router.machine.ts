/** The router's own life: is it starting, serving, draining or stopped, and may a load balancer send it requests? */
import { assertEvent, assign, setup } from 'xstate';

export type RouterEvent =
  | {
      readonly type: 'config.loaded';
      /** First 16 hex digits of the SHA-256 of the file. */
      readonly digest: string;
      /** Longest drain under this configuration, in milliseconds. */
      readonly drainMs: number;
    }
  | { readonly type: 'config.refused'; readonly reason: string }
  | { readonly type: 'drain.request' }
  | { readonly type: 'requests.drained' };

/** What each event means, for the dictionary in README.md. */
export const ROUTER_EVENTS = {
  'config.loaded': 'A configuration passed validation: the first one starts service, a later one replaces the old.',
  'config.refused': 'A configuration failed validation: at start the router stops, later the old one keeps serving.',
  'drain.request': 'The operator asks the router to leave; asked twice, it leaves at once.',
  'requests.drained': 'The last request in flight has ended.',
} as const satisfies Record<RouterEvent['type'], string>;

/** Why the router stopped: `drained` is the clean way, the others cut something short. */
export type StopReason = 'drained' | 'drain-deadline' | 'forced' | 'config-refused' | 'never-started';

export interface RouterContext {
  readonly digest: string | undefined;
  readonly drainMs: number;
  /** Why the newest configuration was refused; cleared by the next one that loads. */
  readonly refusal: string | undefined;
  readonly stopReason: StopReason | undefined;
}

/** What the router machine says when it is done. */
export interface RouterOutput {
  readonly reason: StopReason;
  readonly refusal: string | undefined;
}

/** Tag of the states in which `/readyz` says yes. */
export const READY = 'ready';

/**
 * Booting → serving → draining → stopped. Readiness is a tag of `serving` only, so it is gone the moment a drain is
 * asked for. The machine holds no request: the owner sends `requests.drained` when its live list is empty (at once,
 * if it is empty already), and cuts what is left when the machine stops for another reason.
 */
export const routerMachine = setup({
  types: {} as {
    context: RouterContext;
    events: RouterEvent;
    output: RouterOutput;
    tags: typeof READY;
  },
  actions: {
    adoptConfig: assign(({ event }) => {
      assertEvent(event, 'config.loaded');
      return { digest: event.digest, drainMs: event.drainMs, refusal: undefined };
    }),
    noteRefusal: assign(({ event }) => {
      assertEvent(event, 'config.refused');
      return { refusal: event.reason };
    }),
    noteStop: assign({ stopReason: (_, params: { readonly reason: StopReason }) => params.reason }),
  },
  delays: { drainDeadline: ({ context }) => context.drainMs },
}).createMachine({
  id: 'router',
  context: { digest: undefined, drainMs: 0, refusal: undefined, stopReason: undefined },
  output: ({ context }) => ({ reason: context.stopReason ?? 'forced', refusal: context.refusal }),
  initial: 'booting',
  states: {
    booting: {
      description: 'No configuration yet; alive but not ready.',
      on: {
        'config.loaded': { target: 'serving', actions: 'adoptConfig' },
        'config.refused': {
          target: 'stopped',
          actions: ['noteRefusal', { type: 'noteStop', params: { reason: 'config-refused' } }],
        },
        'drain.request': {
          target: 'stopped',
          actions: { type: 'noteStop', params: { reason: 'never-started' } },
        },
      },
    },
    serving: {
      description: 'Ready: requests are taken, each on the configuration that was current when it came.',
      tags: READY,
      on: {
        'config.loaded': { actions: 'adoptConfig' },
        'config.refused': { actions: 'noteRefusal' },
        'drain.request': 'draining',
      },
    },
    draining: {
      description: 'Not ready: new requests are refused, those in flight may finish until the deadline.',
      after: {
        drainDeadline: {
          target: 'stopped',
          actions: { type: 'noteStop', params: { reason: 'drain-deadline' } },
        },
      },
      on: {
        'requests.drained': {
          target: 'stopped',
          actions: { type: 'noteStop', params: { reason: 'drained' } },
        },
        'drain.request': {
          target: 'stopped',
          actions: { type: 'noteStop', params: { reason: 'forced' } },
        },
      },
    },
    stopped: { description: 'The end: whatever is still open is cut by the owner.', type: 'final' },
  },
});
