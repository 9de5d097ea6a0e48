/** The HTTP surface: which path answers which method, on Elysia as router and nothing more. */
import { Elysia } from 'elysia';
import type { Dialect } from '#core/dialect';
import { type Failure, failure, isFailure } from '#core/failure';
import { failureResponse, type Told, tellIn } from '#router/error-response';
import type { ServerContext } from '#server/context';
import { countPath, countTokens } from '#server/count-tokens';
import { eventStream } from '#server/event-stream';
import { type Entered, enter, generate, type IdleLimit } from '#server/generate';
import { model, models } from '#server/model-list';
import { decision, decisions, health, json, readiness, route } from '#server/operator';
import { decodedName, normalised, PATH_CHARS_SHOWN, urlOf } from '#server/paths';
import { slotRoutes } from '#server/slot-routes';
import { asksForWebSocket, webSocketRefused } from '#server/websocket';

type Answer = Response | Failure | Promise<Response | Failure>;

interface Visit {
  readonly request: Request;
  readonly url: URL;
  readonly token: string | undefined;
}

type Operator = (visit: Visit) => Answer;

/** Where Claude Code looks whether anybody is there; says nothing but that, so nobody is asked for a token. */
const HELLO = '/api/hello';
const hello = (): Response => json({ status: 'ok' });

/** Paths by method; `GET` also answers `HEAD`. */
type Methods = { readonly GET?: Operator; readonly POST?: Operator };
type Routes = ReadonlyMap<string, Methods>;

export interface AppDialects {
  readonly all: readonly Dialect[];
  /** Speaks on routes that belong to no dialect. */
  readonly plain: Dialect;
}

const dialectFor = (path: string, { all, plain }: AppDialects): Dialect =>
  all.find((dialect) => path === dialect.path || path.startsWith(`${dialect.path}/`)) ?? plain;

const advertisedPaths = (dialects: AppDialects): readonly string[] =>
  [...dialects.all.map((dialect) => dialect.path), '/v1/route'].sort();

/** The counting route lies below the generation route of its dialect. */
const countRoutes = (context: ServerContext, { all, plain: chat }: AppDialects): readonly [string, Methods][] => {
  const messages = all.find(({ name }) => name === 'anthropic-messages');
  if (messages === undefined) return [];
  const POST: Operator = ({ request, token }) => countTokens(context, { messages, chat }, request, token);
  return [[countPath(messages), { POST }]];
};

const operatorRoutes = (context: ServerContext, dialects: AppDialects): Routes => {
  const advertised = advertisedPaths(dialects);
  const metrics: Operator = async () =>
    new Response(await context.metrics.render(), { headers: { 'content-type': context.metrics.contentType } });
  return new Map<string, Methods>([
    ['/health', { GET: () => health(context, advertised, false) }],
    // These two and HELLO are answered before anybody is asked for a token, except for `verbose`.
    ['/healthz', { GET: () => health(context, advertised, true) }],
    ['/readyz', { GET: () => readiness(context) }],
    ['/metrics', { GET: metrics }],
    [HELLO, { GET: hello }],
    ['/v1/models', { GET: ({ url }) => models(context, url.searchParams) }],
    ...countRoutes(context, dialects),
    ['/v1/route', { POST: ({ request, token }) => route(context, dialects.plain, request, token) }],
    ['/v1/decisions', { GET: ({ url }) => decisions(context, url.searchParams) }],
    ['/v1/events', { GET: ({ request }) => eventStream(context, request) }],
  ]);
};

/** Paths that end in a name. */
const namedRoute = (context: ServerContext, path: string): Methods | undefined => {
  const found = /^\/v1\/(models|decisions)\/(.+)$/.exec(path);
  if (!found) return undefined;
  const [, kind, encoded = ''] = found;
  const name = decodedName(encoded);
  if (name === undefined) return undefined;
  return { GET: () => (kind === 'models' ? model(context, name) : decision(context, name)) };
};

/** Answered while draining and beyond the concurrency limit: an operator needs them most then. */
const ALWAYS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

const notAllowed = (methods: readonly string[]): Failure =>
  failure('method-not-allowed', `this route only accepts ${methods.join(' and ')} requests`, {
    allow: methods.join(', '),
  });

/** Everything but the generation routes. Access is checked before the path, so nobody can probe what exists. */
const dispatcher = (context: ServerContext, dialects: AppDialects, idle: IdleLimit) => {
  const routes = operatorRoutes(context, dialects);
  const advertised = advertisedPaths(dialects);
  const generators = new Map(dialects.all.map((dialect) => [dialect.path, generate(context, dialect, idle)]));

  const ofSlots = slotRoutes(context, idle);

  const answer = (path: string, visit: Visit, id: string): Answer => {
    const { method } = visit.request;
    const slots = ofSlots(visit.request, path, id);
    if (slots) return slots;
    const found = routes.get(path) ?? namedRoute(context, path);
    if (!found && generators.has(path)) return notAllowed(['POST']);
    if (!found) return failure('no-endpoint', `no route ${path.slice(0, PATH_CHARS_SHOWN)}`);
    const handler = method === 'GET' || method === 'HEAD' ? found.GET : method === 'POST' ? found.POST : undefined;
    return handler ? handler(visit) : notAllowed([found.GET ? ['GET', 'HEAD'] : [], found.POST ? ['POST'] : []].flat());
  };

  const told = (dialect: Dialect, { id, token }: Pick<Entered, 'id' | 'token'>): Told =>
    tellIn(dialect, id, token, context.router.generation.settings);

  const operate = async (request: Request, url: URL, path: string): Promise<Response> => {
    const dialect = dialectFor(path, dialects);
    const { entered, refused } = enter(context, request, ALWAYS.has(path));
    try {
      const said = refused ?? (await answer(path, { request, url, token: entered.token }, entered.id));
      return isFailure(said) ? failureResponse(told(dialect, entered), said) : said;
    } catch (error) {
      context.onBug(`${request.method} ${path}`, error);
      return failureResponse(told(dialect, entered), failure('internal', 'internal error'));
    } finally {
      entered.lease.release();
    }
  };

  return (request: Request): Response | Promise<Response> => {
    const url = urlOf(request);
    if (!url) {
      const bad = failure('bad-request', 'the Host header or the request target is not valid');
      return failureResponse(told(dialects.plain, { id: `dec_${context.effects.id()}`, token: undefined }), bad);
    }
    const path = normalised(url.pathname);
    const generator = request.method === 'POST' ? generators.get(path) : undefined;
    if (generator) return generator(request);
    const isOpen = request.method === 'GET' || request.method === 'HEAD';
    if (isOpen && path === '/readyz') return readiness(context);
    if (isOpen && path === HELLO) return hello();
    if (generators.has(path) && asksForWebSocket(request)) return webSocketRefused();
    if (isOpen && path === '/healthz' && !url.searchParams.has('verbose')) return health(context, advertised, false);
    return operate(request, url, path);
  };
};

/** Builds the app. Every handler returns a finished Response; Elysia parses nothing and sets nothing. */
export const createApp = (context: ServerContext, dialects: AppDialects, idle: IdleLimit) => {
  const dispatch = dispatcher(context, dialects, idle);
  const app = new Elysia({ name: 'anvil-serving' });
  for (const dialect of dialects.all) {
    const handle = generate(context, dialect, idle);
    app.post(dialect.path, ({ request }) => handle(request), { parse: 'none' });
  }
  return app.all('/*', ({ request }) => dispatch(request), { parse: 'none' });
};
