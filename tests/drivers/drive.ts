/** How does simulated time pass under code that asks real servers: only while none of them is being asked. */
import type { FetchLike } from '#platform/effects';
import { createSimulatedClock, type SimulatedClock, settle } from '#tests/support/clock';

export interface DrivenWorld {
  readonly clock: SimulatedClock;
  readonly fetch: FetchLike;
  /** Urls asked so far, without their origin, after the method. */
  readonly asked: readonly string[];
  /** Lets time pass until the promise is settled. Those who must not answer at all are named by path: time passes over them. */
  drive<Result>(promise: Promise<Result>): Promise<Result>;
}

/** Steps of one drive, each a timer or an answer; code that needs more does not come to rest. */
const STEPS_MAX = 20_000;

const neverAnswered = (signal: AbortSignal | null | undefined): Promise<Response> =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));

/** @param silent paths that are never answered, so that only the clock ends a question there */
export const drivenWorld = (silent: readonly string[] = []): DrivenWorld => {
  const clock = createSimulatedClock();
  const asked: string[] = [];
  let open = 0;
  let answered = Promise.withResolvers<void>();
  return {
    clock,
    asked,
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url);
      asked.push(`${init.method} ${pathname}${search}`);
      if (silent.includes(pathname)) return neverAnswered(init.signal);
      open += 1;
      try {
        const response = await fetch(url, init);
        // Read here, so that it is known when the exchange has ended.
        const body = await response.arrayBuffer();
        return new Response(body, { status: response.status, headers: response.headers });
      } finally {
        open -= 1;
        answered.resolve();
        answered = Promise.withResolvers();
      }
    },
    async drive(promise) {
      let settled = false;
      const done = (): void => {
        settled = true;
      };
      promise.then(done, done);
      for (let step = 0; step < STEPS_MAX; step++) {
        await settle();
        if (settled) return promise;
        await (open === 0 ? clock.advanceToNext() : answered.promise);
      }
      throw new Error(`not settled after ${STEPS_MAX} steps; asked ${asked.slice(-5).join(', ')}`);
    },
  };
};
