/** The routes for people and gateways around the model traffic: health, route, decisions, metrics. */
import type { Dialect } from '#core/dialect';
import { sayFailure } from '#core/error-table';
import { type Failure, failure, isFailure } from '#core/failure';
import type { Candidate } from '#core/plan';
import type { TierResidency } from '#core/residency';
import { routeAnswer } from '#core/route-answer';
import type { SlotsStatus } from '#core/slots-status';
import { isWorkClass, workClassOfPreset } from '#core/work-class';
import { failureHeaders } from '#router/error-response';
import { readJsonBody } from '#server/body';
import type { ServerContext } from '#server/context';

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

/** What each declared swap group's multiplexer says of itself; null for one of which nothing fresh is known. */
const slotsByGroup = ({ router }: ServerContext): Readonly<Record<string, SlotsStatus | null>> => {
  const groups = router.slots?.groups() ?? {};
  const names = router.generation.settings.swapGroups.map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, groups[name] ?? null]));
};

/** Whole milliseconds: an estimate has no fractions of them. */
const residencyOf = (found: TierResidency | undefined): TierResidency | null =>
  found === undefined ? null : { ...found, readyInMs: Math.round(found.readyInMs) };

/** Liveness for everybody; with `verbose` everything an operator asks first. */
export const health = (context: ServerContext, routes: readonly string[], verbose: boolean): Response => {
  const { router } = context;
  const status = router.status();
  const basic = {
    status: status.ready ? 'ok' : status.state,
    ready: status.ready,
    dialects: ['anthropic', 'openai'],
    routes,
  };
  if (!verbose) return json(basic);
  const { settings } = router.generation;
  return json({
    ...basic,
    version: context.version,
    in_flight: status.inFlight,
    config: {
      path: settings.path ?? null,
      digest: settings.digest,
      mapping_version: settings.mappingVersion,
      mode: settings.mode ?? null,
    },
    tiers: settings.tiers.map((tier) => ({
      id: tier.id,
      model: tier.model ?? null,
      dialect: tier.dialect,
      privacy: tier.privacy,
      credential: router.generation.keys.has(tier.id),
      breaker: router.breakers.peek(tier.id, undefined),
      load: router.admission.loadOf(tier.id),
      swap_group: tier.swapGroup ?? null,
      residency: residencyOf(router.slots?.residency(tier)),
    })),
    slots: slotsByGroup(context),
    breakers: status.breakers,
    decisions: context.decisionStats(),
  });
};

/** 200 while requests are taken, 503 while starting or draining; for load balancers. */
export const readiness = ({ router }: ServerContext): Response =>
  router.ready
    ? json({ ready: true })
    : json({ ready: false, state: router.status().state }, 503, { 'retry-after': '5' });

const workClassHint = (signals: unknown): ReturnType<typeof workClassOfPreset> | Failure => {
  if (typeof signals !== 'object' || signals === null || !('work_class' in signals)) return undefined;
  const named = signals.work_class;
  if (named === undefined || named === null || named === '') return undefined;
  if (typeof named === 'string' && isWorkClass(named)) return named;
  const ofPreset = typeof named === 'string' ? workClassOfPreset(named) : undefined;
  return ofPreset ?? failure('bad-request', 'signals.work_class: not a work class', { param: 'signals.work_class' });
};

/** Stands for messages that a caller of /v1/route left out: then the model name alone is asked about. */
const NOTHING_SAID = [{ role: 'user', content: '' }];

const saysNothing = (messages: unknown): boolean =>
  messages === undefined || messages === null || (Array.isArray(messages) && messages.length === 0);

/** Decides without serving. The body is shaped like a chat completion, `messages` may be left out. */
export const route = async (
  context: ServerContext,
  dialect: Dialect,
  request: Request,
  token: string | undefined,
): Promise<Response | Failure> => {
  const { router, effects } = context;
  const body = await readJsonBody(request, router.generation.settings.limits, effects.clock);
  if (isFailure(body)) return body;
  const value = saysNothing(body.value.messages) ? { ...body.value, messages: NOTHING_SAID } : body.value;
  const read = dialect.readRequest(value, JSON.stringify(value));
  if (isFailure(read)) return read;
  const hint = workClassHint(body.value.signals);
  if (typeof hint === 'object') return hint;
  const routed = router.route({ request: read, headers: request.headers, token }, hint);
  if (isFailure(routed)) return routed;
  const { plan } = routed;
  const sessionId = `rte_${effects.id()}`;
  const breakerOf = ({ tier, workClass }: Candidate) =>
    router.breakers.peek(tier.id, workClass ?? plan.intent.workClass);
  const answer = routeAnswer(plan, sessionId, breakerOf, router.ready, routed);
  if (!plan.refusal) return json(answer);
  // The configuration steers clients of the generation routes; here v0.9 always said the default.
  const refusal = sayFailure(plan.refusal, dialect.name, 'head');
  return json({ ...dialect.errorBody(refusal, sessionId), decision: answer }, refusal.status, failureHeaders(refusal));
};

/** Recent decisions, newest first; the query's names are those of the CLI. */
export const decisions = (context: ServerContext, query: URLSearchParams): Response | Failure => {
  const limit = Number(query.get('limit') ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    return failure('bad-request', 'limit: a whole number from 1 to 500', { param: 'limit' });
  const filter: Record<string, string> = {};
  for (const [key, name] of [
    ['tier', 'tier'],
    ['work_class', 'workClass'],
    ['outcome', 'outcome'],
    ['session', 'session'],
    ['before', 'before'],
  ] as const) {
    const value = query.get(key);
    if (value !== null) filter[name] = value;
  }
  const page = context.decisions.list({ limit, ...filter });
  if (page.problem !== undefined) return failure('bad-request', page.problem, { param: 'before' });
  return json({ object: 'list', data: page.records, next: page.next ?? null });
};

export const decision = (context: ServerContext, id: string): Response | Failure => {
  const found = context.decisions.get(id);
  return found
    ? json(found)
    : failure('not-found', `no decision ${JSON.stringify(id.slice(0, 80))}; it may have been aged out`);
};
