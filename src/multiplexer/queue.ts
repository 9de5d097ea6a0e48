/** Who waits for a model, in which order, and how does a wait end? Each ends exactly once: lease, refusal, or abort. */
import type { SlotLease, SlotRefusal, SlotWish } from '#core/slot-lease';
import type { SwapEstimate, Waiter } from '#core/swap';
import { aborted } from '#multiplexer/refusals';
import type { Clock } from '#platform/effects';

export interface WaitingRequest extends Waiter {
  /** The caller's own id, which need not be unique. */
  readonly requestId: string;
  /** What had to happen first when it came. */
  readonly needed: SwapEstimate['needs'];
  /** A command of the operator: it wants the model loaded, not used. */
  readonly byOperator: boolean;
}

export interface Newcomer {
  readonly model: string;
  readonly wish: SlotWish;
  readonly priority: number;
  readonly needed: SwapEstimate['needs'];
  readonly byOperator: boolean;
}

export interface WaitQueue {
  /** In order of arrival. */
  readonly waiting: readonly WaitingRequest[];
  readonly size: number;
  of(model: string): readonly WaitingRequest[];
  countOf(model: string): number;
  /** Requests before it that wait for the same model. */
  positionOf(request: WaitingRequest): number;
  /** The promise ends with `answer`, or with the refusal `aborted` as soon as its signal is. */
  add(newcomer: Newcomer): { readonly request: WaitingRequest; readonly answer: Promise<SlotLease | SlotRefusal> };
  get(id: string): WaitingRequest | undefined;
  /** Ends a wait; one that has ended already is left alone. True when it was this that ended it. */
  answer(id: string, result: SlotLease | SlotRefusal): boolean;
}

interface Entry {
  readonly request: WaitingRequest;
  readonly end: (result: SlotLease | SlotRefusal) => void;
}

/** @param onAbort hears of waits that their callers ended, after they have left the queue */
export const createQueue = (clock: Clock, onAbort: () => void): WaitQueue => {
  const entries = new Map<string, Entry>();
  /** Per model, in order of arrival. */
  const queues = new Map<string, Set<WaitingRequest>>();
  /** All of them, until one comes or goes. */
  let all: readonly WaitingRequest[] | undefined;
  let ids = 0;
  const enter = (entry: Entry): void => {
    const { request } = entry;
    entries.set(request.id, entry);
    const queue = queues.get(request.model);
    if (queue === undefined) queues.set(request.model, new Set([request]));
    else queue.add(request);
    all = undefined;
  };

  const answer = (id: string, result: SlotLease | SlotRefusal): boolean => {
    const entry = entries.get(id);
    if (entry === undefined) return false;
    entries.delete(id);
    queues.get(entry.request.model)?.delete(entry.request);
    all = undefined;
    entry.end(result);
    return true;
  };

  return {
    get waiting() {
      all ??= [...entries.values()].map(({ request }) => request);
      return all;
    },
    get size() {
      return entries.size;
    },
    of: (model) => [...(queues.get(model) ?? [])],
    countOf: (model) => queues.get(model)?.size ?? 0,
    positionOf: (request) => [...(queues.get(request.model) ?? [])].indexOf(request),
    add({ model, wish, priority, needed, byOperator }) {
      const id = `w${++ids}`;
      const request: WaitingRequest = {
        id,
        requestId: wish.requestId,
        model,
        since: clock.now(),
        priority,
        needed,
        byOperator,
      };
      const promise = new Promise<SlotLease | SlotRefusal>((resolve) => {
        const leave = (): void => {
          if (answer(id, aborted(model))) onAbort();
        };
        enter({
          request,
          end: (result) => {
            wish.signal.removeEventListener('abort', leave);
            resolve(result);
          },
        });
        wish.signal.addEventListener('abort', leave, { once: true });
      });
      return { request, answer: promise };
    },
    get: (id) => entries.get(id)?.request,
    answer,
  };
};
