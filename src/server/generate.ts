/** The one handler behind every generation route: admits, reads, and hands the request to the router. */

import type { Dialect } from '#core/dialect';
import { type Failure, failure, isFailure } from '#core/failure';
import type { Lease } from '#router/admission';
import { type JsonBody, readJsonBody } from '#server/body';
import type { ServerContext } from '#server/context';
import { headerCount } from '#server/header-count';

/** Admission and access, common to every route that costs something. */
export interface Entered {
  readonly id: string;
  readonly arrivedAt: number;
  readonly arrivedWall: number;
  readonly token: string | undefined;
  readonly lease: Lease;
}

const NO_LEASE: Lease = { release() {} };

const BUSY = failure('overloaded', 'server busy; try again later', { retryAfterSeconds: 2 });
const DRAINING = failure('draining', 'the router is shutting down; try again shortly', { retryAfterSeconds: 5 });

/**
 * Lets a request in, or says why not: draining, no place, no valid token.
 * @param always for routes an operator needs under load and while draining: only the token counts
 */
export const enter = (
  context: ServerContext,
  request: Request,
  always = false,
): { readonly entered: Entered; readonly refused: Failure | undefined } => {
  const { router, effects } = context;
  const arrival = { id: `dec_${effects.id()}`, arrivedAt: effects.clock.now(), arrivedWall: effects.clock.wall() };
  const turnedAway = (refused: Failure) => ({ entered: { ...arrival, token: undefined, lease: NO_LEASE }, refused });
  if (!always && !router.ready) return turnedAway(DRAINING);
  const lease = always ? NO_LEASE : router.admission.enter();
  if (lease === 'overloaded') return turnedAway(BUSY);
  const { headerCountMax } = router.generation.settings.limits;
  const access = context.guard().check(request.headers);
  if (access.ok && headerCount(request) > headerCountMax) {
    lease.release();
    return turnedAway(failure('bad-request', `more than ${headerCountMax} headers`, { status: 431 }));
  }
  if (access.ok) return { entered: { ...arrival, token: access.token, lease }, refused: undefined };
  lease.release();
  return turnedAway(failure('unauthorized', access.why));
};

/** The server's limit on silent connections, per request: model traffic has deadlines of its own. */
export interface IdleLimit {
  lift(request: Request): void;
  /** Puts it back in force: otherwise a connection that is kept alive afterwards would never be dropped. */
  restore(request: Request): void;
}

/** Lifts the limit until the lease is given back, which is when the request has ended. */
const withoutIdleLimit = (entered: Entered, request: Request, idle: IdleLimit): Entered => {
  idle.lift(request);
  const release = (): void => {
    entered.lease.release();
    idle.restore(request);
  };
  return { ...entered, lease: { release } };
};

/** Handler of one dialect's generation route. Never throws. */
export const generate =
  (context: ServerContext, caller: Dialect, idle: IdleLimit) =>
  async (request: Request): Promise<Response> => {
    const admitted = enter(context, request);
    const { refused } = admitted;
    const entered = refused ? admitted.entered : withoutIdleLimit(admitted.entered, request, idle);
    const route = caller.path;
    const refuse = (why: Failure): Response => context.router.refuseUnread({ ...entered, route, caller }, why);
    if (refused) return refuse(refused);
    try {
      const { limits } = context.router.generation.settings;
      const body: JsonBody | Failure = await readJsonBody(request, limits, context.effects.clock);
      if (isFailure(body)) return refuse(body);
      const read = caller.readRequest(body.value, body.text);
      if (isFailure(read)) return refuse(read);
      return await context.router.serve({
        ...entered,
        route,
        caller,
        request: read,
        headers: request.headers,
        signal: request.signal,
      });
    } catch (error) {
      context.onBug(entered.id, error);
      return refuse(failure('internal', 'internal error', { detail: 'a bug in the router; see the log' }));
    }
  };
