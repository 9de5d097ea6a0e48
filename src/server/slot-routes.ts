/** How is the multiplexer inside a router looked at and moved by hand: on the paths of its own front door? */
import type { Multiplexer } from '#multiplexer/multiplexer';
import type { ServerContext } from '#server/context';
import type { IdleLimit } from '#server/generate';
import { FRONT_LIMITS } from '#server/multiplexer/front';
import { createSlotFeed, type SlotFeed } from '#server/multiplexer/slot-feed';
import { changeSlot, slotChangeIn, slots } from '#server/multiplexer/slots';
import { type Trouble, trouble, troubleResponse } from '#server/multiplexer/trouble';

const NOBODY_HERE = trouble(
  'not_found',
  'no multiplexer runs in this process: name its registry in [[router.swap_groups]], or ask the one elsewhere; ' +
    '/healthz?verbose has what is known of it',
);

/** A feed for each multiplexer; a reload may bring another one. */
const createFeeds = ({ effects, ending, multiplexer: present }: ServerContext) => {
  const feeds = new WeakMap<Multiplexer, SlotFeed>();
  return (multiplexer: Multiplexer): SlotFeed => {
    const known = feeds.get(multiplexer);
    if (known) return known;
    const feed = createSlotFeed(
      {
        status: () => multiplexer.status(),
        onChange: (listener) => multiplexer.onChange(listener),
        ended: () => present() !== multiplexer,
      },
      effects.clock,
      FRONT_LIMITS,
    );
    feeds.set(multiplexer, feed);
    ending.addEventListener('abort', () => feed.close(), { once: true });
    return feed;
  };
};

/** Answers requests to `/v1/slots` and below it; undefined for every other path. */
export const slotRoutes = (context: ServerContext, idle: IdleLimit) => {
  const feedOf = createFeeds(context);

  const answer = (request: Request, path: string): Response | Trouble | Promise<Response | Trouble> | undefined => {
    const isGet = request.method === 'GET' || request.method === 'HEAD';
    const change = request.method === 'POST' ? slotChangeIn(path) : undefined;
    if (!change && !(isGet && (path === '/v1/slots' || path === '/v1/slots/events'))) return undefined;
    const multiplexer = context.multiplexer();
    if (!multiplexer) return NOBODY_HERE;
    if (change) return changeSlot({ multiplexer }, change.change, change.model, request, idle);
    return path === '/v1/slots' ? slots({ multiplexer }) : feedOf(multiplexer).open(request);
  };

  return (request: Request, path: string, id: string): Promise<Response> | undefined => {
    const answered = answer(request, path);
    if (answered === undefined) return undefined;
    return Promise.resolve(answered).then((said) =>
      said instanceof Response ? said : troubleResponse(said, undefined, id),
    );
  };
};
