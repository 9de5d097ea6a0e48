/** The HTTP surface: which path answers which method, on Elysia as router and nothing more. */
import { Elysia } from 'elysia';
import type { Dialect } from '#core/dialect';
import { type Failure, failure } from '#core/failure';
import { failureResponse } from '#router/error-response';
import { isFailure } from '#server/body';
import type { ServerContext } from '#server/context';
import { eventStream } from '#server/event-stream';
import { enter, generate } from '#server/generate';
import { decision, decisions, health, model, models, readiness, route } from '#server/operator';

/** Lifts the server's idle time-out for one request: model traffic has deadlines of its own. */
type NoIdleLimit = (request: Request) => void;

type Answer = Response | Failure | Promise<Response | Failure>;

interface Visit {
  readonly request: Request;
  readonly url: URL;
  readonly token: string | undefined;
}

type Operator = (visit: Visit) => Answer;

/** Paths by method; `GET` also answers `HEAD`. */
type Methods = { readonly GET?: Operator; readonly POST?: Operator };
type Routes = Readonly<Record<string, Methods>>;

export interface AppDialects {
  readonly all: readonly Dialect[];
  /** Speaks on routes that belong to no dialect. */
  readonly plain: Dialect;
}

/** Drops trailing slashes, as v0.9 did; the query is not part of a path. */
const normalised = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.replace(/\/+$/, '') || '/' : path;

const dialectFor = (path: string, { all, plain }: AppDialects): Dialect =>
  all.find((dialect) => path === dialect.path || path.startsWith(`${dialect.path}/`)) ?? plain;

const operatorRoutes = (context: ServerContext, dialects: AppDialects): Routes => {
  const advertised = [...dialects.all.map((dialect) => dialect.path), '/v1/route'].sort();
  return {
    '/health': { GET: () => health(context, advertised, false) },
    '/metrics': {
      GET: async () =>
        new Response(await context.metrics.render(), { headers: { 'content-type': context.metrics.contentType } }),
    },
    '/v1/models': { GET: () => models(context) },
    '/v1/route': { POST: ({ request, token }) => route(context, dialects.plain, request, token) },
    '/v1/decisions': { GET: ({ url }) => decisions(context, url.searchParams) },
    '/v1/events': { GET: ({ request }) => eventStream(context.feed, request) },
  };
};

/** Paths that end in a name. */
const namedRoute = (context: ServerContext, path: string): Methods | undefined => {
  const found = /^\/v1\/(models|decisions)\/(.+)$/.exec(path);
  if (!found) return undefined;
  const [, kind, encoded = ''] = found;
  let name = encoded;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  return { GET: () => (kind === 'models' ? model(context, name) : decision(context, name)) };
};

const withoutBody = (response: Response): Response =>
  new Response(null, { status: response.status, headers: response.headers });

const notAllowed = (methods: readonly string[]): Failure =>
  failure('method-not-allowed', `this route only accepts ${methods.join(' and ')} requests`, {
    allow: methods.join(', '),
  });

/** Everything but the generation routes. Access is checked before the path, so nobody can probe what exists. */
const dispatcher = (context: ServerContext, dialects: AppDialects) => {
  const routes = operatorRoutes(context, dialects);
  const advertised = [...dialects.all.map((dialect) => dialect.path), '/v1/route'].sort();
  const generators = new Map(dialects.all.map((dialect) => [dialect.path, generate(context, dialect)]));

  const answer = (path: string, visit: Visit): Answer => {
    const { method } = visit.request;
    const found = routes[path] ?? namedRoute(context, path);
    if (!found && generators.has(path)) return notAllowed(['POST']);
    if (!found) return failure('not-found', `no route ${path}`);
    const handler = method === 'GET' || method === 'HEAD' ? found.GET : method === 'POST' ? found.POST : undefined;
    return handler ? handler(visit) : notAllowed([found.GET ? ['GET', 'HEAD'] : [], found.POST ? ['POST'] : []].flat());
  };

  return async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const path = normalised(url.pathname);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (path === '/readyz' && isRead) return readiness(context);
    if (path === '/healthz' && isRead && !url.searchParams.has('verbose')) return health(context, advertised, false);
    const generator = request.method === 'POST' ? generators.get(path) : undefined;
    if (generator) return generator(request);
    const dialect = dialectFor(path, dialects);
    const { entered, refused } = enter(context, request, path === '/healthz' || path === '/metrics');
    try {
      const verbose = path === '/healthz' && isRead;
      const said =
        refused ??
        (verbose ? health(context, advertised, true) : await answer(path, { request, url, token: entered.token }));
      const response = isFailure(said) ? failureResponse(dialect, said, entered.id, {}) : said;
      return request.method === 'HEAD' ? withoutBody(response) : response;
    } catch (error) {
      context.onBug(`${request.method} ${path}`, error);
      return failureResponse(dialect, failure('internal', 'internal error'), entered.id, {});
    } finally {
      entered.lease.release();
    }
  };
};

/** Builds the app. Every handler returns a finished Response; Elysia parses nothing and sets nothing. */
export const createApp = (context: ServerContext, dialects: AppDialects, noIdleLimit: NoIdleLimit) => {
  const dispatch = dispatcher(context, dialects);
  const app = new Elysia({ name: 'anvil-serving', precompile: true });
  for (const dialect of dialects.all) {
    const handle = generate(context, dialect);
    app.post(
      dialect.path,
      ({ request }) => {
        noIdleLimit(request);
        return handle(request);
      },
      { parse: 'none' },
    );
  }
  return app.all(
    '/*',
    ({ request }) => {
      noIdleLimit(request);
      return dispatch(request);
    },
    { parse: 'none' },
  );
};
