/** What a fake tier remembers: every request with the fate of its reply, and who waits for the next one. */
import type { ParsedRequest, SeenRequest } from '#tests/support/fake-tier-requests';
import type { ReplyEnd } from '#tests/support/fake-tier-steps';

/** Requests one tier remembers; a test that needs more has run away. */
const REQUESTS_MAX = 100_000;

export interface Exchange {
  readonly request: SeenRequest;
  readonly ended: Promise<ReplyEnd>;
  end(how: ReplyEnd): void;
  /** The reply could not be played to its end: the script threw. */
  fail(reason: Error): void;
  /** Bytes of the reply the system has taken over. */
  bytes: number;
}

export interface ExchangeLog {
  readonly requests: readonly SeenRequest[];
  arrive(parsed: ParsedRequest, connection: number): Exchange;
  /** Throws when request `index` has not arrived. */
  at(index: number): Exchange;
  /** The next request not yet taken. */
  next(): Promise<SeenRequest>;
  /** Rejects everything that is still waited for. */
  shutDown(reason: Error): void;
}

export const createExchangeLog = (): ExchangeLog => {
  const requests: SeenRequest[] = [];
  const exchanges: Exchange[] = [];
  let arrivals: PromiseWithResolvers<void> = Promise.withResolvers();
  let shut: Error | undefined;
  let taken = 0;

  const at = (index: number): Exchange => {
    const exchange = exchanges[index];
    if (exchange === undefined) throw new RangeError(`fake tier: request ${index} has not arrived`);
    return exchange;
  };

  return {
    requests,
    at,
    arrive: (parsed, connection) => {
      if (requests.length >= REQUESTS_MAX) throw new Error(`fake tier: more than ${REQUESTS_MAX} requests`);
      const request: SeenRequest = { ...parsed, index: requests.length, connection };
      const { promise, resolve, reject } = Promise.withResolvers<ReplyEnd>();
      promise.catch(() => {});
      const exchange: Exchange = { request, ended: promise, end: resolve, fail: reject, bytes: 0 };
      requests.push(request);
      exchanges.push(exchange);
      arrivals.resolve();
      arrivals = Promise.withResolvers();
      return exchange;
    },
    next: async () => {
      const mine = taken++;
      while (requests.length <= mine) {
        if (shut !== undefined) throw shut;
        await arrivals.promise;
      }
      return at(mine).request;
    },
    shutDown: (reason) => {
      shut = reason;
      for (const exchange of exchanges) exchange.fail(reason);
      arrivals.promise.catch(() => {});
      arrivals.reject(reason);
    },
  };
};
