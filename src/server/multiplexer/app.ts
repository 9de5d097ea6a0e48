/** The multiplexer's HTTP surface: which path answers which method, on Elysia as router and nothing more. */

import { Elysia } from 'elysia';
import type { Dialect } from '#core/dialect';
import { dialects } from '#dialects/dialect';
import type { IdleLimit } from '#server/generate';
import { headerCount } from '#server/header-count';
import type { Front } from '#server/multiplexer/front';
import { relayTo } from '#server/multiplexer/relay';
import { changeSlot, health, modelList, modelNamed, readiness, slotChangeIn, slots } from '#server/multiplexer/slots';
import { type Trouble, trouble, troubleResponse, unauthorized } from '#server/multiplexer/trouble';
import type { Way } from '#server/multiplexer/wish';
import { decodedName, normalised, PATH_CHARS_SHOWN, urlOf } from '#server/paths';
import { asksForWebSocket, webSocketRefused } from '#server/websocket';

const chat = dialects['openai-chat'];

/** Every path of a model's server that is passed on. */
const WAYS: readonly Way[] = [
  ...Object.values(dialects).map((dialect: Dialect): Way => ({ path: dialect.path, dialect, streams: true })),
  { path: '/v1/completions', dialect: chat, streams: true },
  { path: '/v1/embeddings', dialect: chat, streams: false },
];

type Answer = Response | Trouble | Promise<Response | Trouble>;

const operatorRoutes = (front: Front): Readonly<Record<string, (request: Request, url: URL) => Answer>> => ({
  '/healthz': (_request, url) => health(front, url.searchParams.has('verbose')),
  '/readyz': () => readiness(front),
  '/metrics': async () =>
    new Response(await front.metrics.render(), { headers: { 'content-type': front.metrics.contentType } }),
  '/v1/models': () => modelList(front),
  '/v1/slots': () => slots(front),
  '/v1/slots/events': (request) => front.feed.open(request),
});

/** Why a request may not enter: nobody may probe what exists without a token. */
const refusedEntry = ({ guard, limits }: Front, request: Request): Trouble | undefined => {
  const access = guard.check(request.headers);
  if (!access.ok) return unauthorized(access.why);
  if (headerCount(request) <= limits.headerCountMax) return undefined;
  return trouble('invalid_request', `more than ${limits.headerCountMax} headers`, { status: 431 });
};

const dispatcher = (front: Front, idle: IdleLimit) => {
  const ways = new Map(WAYS.map((way) => [way.path, way]));
  const routes = operatorRoutes(front);

  const named = (path: string, request: Request, isGet: boolean): Answer | undefined => {
    const asked = request.method === 'POST' ? slotChangeIn(path) : undefined;
    if (asked) return changeSlot(front, asked.change, asked.model, request, idle);
    const entry = decodedName(/^\/v1\/models\/(.+)$/.exec(path)?.[1] ?? '');
    return entry && isGet ? modelNamed(front, entry) : undefined;
  };

  const operate = (path: string, request: Request, url: URL): Answer => {
    const isGet = request.method === 'GET' || request.method === 'HEAD';
    const route = isGet && Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route) return route(request, url);
    return (
      named(path, request, isGet) ??
      trouble('not_found', `no route ${request.method} ${path.slice(0, PATH_CHARS_SHOWN)}`)
    );
  };

  const answer = async (request: Request, url: URL, path: string): Promise<Response> => {
    const way = ways.get(path);
    const say = (why: Trouble): Response => troubleResponse(why, way?.dialect, `mux_${front.effects.id()}`);
    try {
      const refused = refusedEntry(front, request);
      if (refused) return say(refused);
      if (way && request.method === 'POST') return await relayTo(front, way, request, idle);
      const said = await operate(path, request, url);
      return said instanceof Response ? said : say(said);
    } catch (error) {
      front.onBug(`${request.method} ${path.slice(0, PATH_CHARS_SHOWN)}`, error);
      return say(trouble('internal_error', error instanceof Error ? error.name : 'internal error'));
    }
  };

  return (request: Request): Response | Promise<Response> => {
    const url = urlOf(request);
    if (!url) {
      const bad = trouble('invalid_request', 'the Host header or the request target is not valid');
      return troubleResponse(bad, undefined, `mux_${front.effects.id()}`);
    }
    const path = normalised(url.pathname);
    const isGet = request.method === 'GET' || request.method === 'HEAD';
    if (isGet && path === '/readyz') return readiness(front);
    if (isGet && path === '/healthz' && !url.searchParams.has('verbose')) return health(front, false);
    if (ways.has(path) && asksForWebSocket(request)) return webSocketRefused();
    return answer(request, url, path);
  };
};

/** Builds the app. Every handler returns a finished Response; Elysia parses nothing and sets nothing. */
export const createMultiplexerApp = (front: Front, idle: IdleLimit) => {
  const dispatch = dispatcher(front, idle);
  const app = new Elysia({ name: 'anvil-serving-multiplexer' });
  for (const { path } of WAYS) app.post(path, ({ request }) => dispatch(request), { parse: 'none' });
  return app.all('/*', ({ request }) => dispatch(request), { parse: 'none' });
};
