/** One request to a model: a lease, the call, the answer byte for byte, and whatever goes wrong said in time. */
import type { Dialect } from '#core/dialect';
import type { AttemptFailure } from '#core/failure';
import { isSlotRefusal, type SlotLease, type SlotRefusal } from '#core/slot-lease';
import type { Clock } from '#platform/effects';
import type { IdleLimit } from '#server/generate';
import { type AnswerPipe, createAnswerPipe } from '#server/multiplexer/answer-pipe';
import type { Front } from '#server/multiplexer/front';
import { headersToCaller, headersToServer, leaseHeaders } from '#server/multiplexer/passed-headers';
import {
  CALLER_GONE,
  isTrouble,
  refusalTrouble,
  type Trouble,
  trouble,
  troubleResponse,
} from '#server/multiplexer/trouble';
import type { Visit } from '#server/multiplexer/visit';
import { readWish, type Way, type Wish } from '#server/multiplexer/wish';
import { isFailure, openUpstream, type UpstreamReply } from '#upstream/relay';

/** Answers of known length up to this are sent in one piece, with their length and without a half that looks whole. */
const WHOLE_BYTES_MAX = 8 * 1024 * 1024;

const EVENT_STREAM = 'text/event-stream';
/** Answers that have no body, and may not have one. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** What no answer to a request of a model is: numbers that HTTP does not know, and redirects, whose target is not told. */
const isPassable = (status: number): boolean =>
  status >= 200 && status <= 599 && (status < 300 || status > 399 || status === 304);

/** One request on its way. */
interface Errand {
  readonly front: Front;
  readonly way: Way;
  readonly visit: Visit;
  readonly wish: Wish;
  readonly request: Request;
}

interface Opened {
  readonly lease: SlotLease;
  readonly reply: UpstreamReply;
}

type Given = SlotLease | SlotRefusal;

const isEventStream = ({ contentType }: UpstreamReply): boolean => contentType.toLowerCase().startsWith(EVENT_STREAM);

const unreachable = ({ detail }: AttemptFailure): Trouble =>
  trouble('backend_unavailable', `backend unreachable: ${detail}`, { code: 'unreachable', retryAfterMs: 2_000 });

/** Why nothing came of it, in the order in which reasons count: our own cut, the caller's leaving, the server. */
const because = ({ cut, gone }: Visit, otherwise: Trouble): Trouble => cut ?? (gone.aborted ? CALLER_GONE : otherwise);

/** The call under its lease, or why there is none. The body is passed on as it came, so none of it is copied. */
const open = async ({ front, way, visit, wish, request }: Errand, given: Given): Promise<Opened | Trouble> => {
  if (isSlotRefusal(given)) return because(visit, refusalTrouble(given));
  visit.hold(given);
  const { limits, effects, sessions } = front;
  const upstream = openUpstream(
    {
      url: given.origin + way.path,
      headers: headersToServer(request.headers),
      body: wish.bytes,
      deadlines: { idleMs: limits.idleMs, totalMs: Number.POSITIVE_INFINITY },
      firstByteMs: limits.firstByteMs,
      stream: true,
    },
    sessions.of(wish.model),
    effects.clock,
    // Silence counts only while somebody reads, and then the read tells of it.
    () => undefined,
  );
  visit.call(upstream);
  const reply = await upstream.opened;
  return isFailure(reply) ? because(visit, unreachable(reply)) : { lease: given, reply };
};

/** The lease within the time, else `late`; the wait for it goes on. */
const within = async (acquiring: Promise<Given>, ms: number, clock: Clock): Promise<Given | 'late'> => {
  const late = Promise.withResolvers<'late'>();
  const timer = clock.setTimeout(() => late.resolve('late'), ms);
  try {
    return await Promise.race([acquiring, late.promise]);
  } finally {
    clock.clearTimeout(timer);
  }
};

const pipeFor = ({ front, way, visit }: Errand, events: boolean): AnswerPipe =>
  createAnswerPipe({ clock: front.effects.clock, visit, dialect: way.dialect, limits: front.limits, events });

const odd = (status: number): string => `the model's server answered with status ${status}, which is not passed on`;

const refused = ({ way, visit }: Errand, why: Trouble): Response => {
  visit.end();
  return troubleResponse(why, way.dialect, visit.id);
};

/** Passes an answer on whose head has not been promised to anybody yet. */
const pass = async (errand: Errand, { lease, reply }: Opened): Promise<Response> => {
  const { visit } = errand;
  const { status } = reply;
  if (!isPassable(status)) return refused(errand, trouble('backend_unavailable', odd(status), { code: 'broken' }));
  const headers = headersToCaller(reply.headers, leaseHeaders(lease, visit.id));
  if (BODILESS.has(status)) {
    visit.end();
    return new Response(null, { status, headers });
  }
  const events = isEventStream(reply);
  const length = Number(reply.headers.get('content-length') ?? Number.NaN);
  if (!events && length <= WHOLE_BYTES_MAX && !reply.headers.has('content-encoding')) {
    const bytes = await reply.readAll(WHOLE_BYTES_MAX);
    if (isFailure(bytes)) return refused(errand, because(visit, unreachable(bytes)));
    visit.end();
    return new Response(bytes as Uint8Array<ArrayBuffer>, { status, headers });
  }
  const pipe = pipeFor(errand, events);
  pipe.attach(reply);
  return new Response(pipe.body, { status, headers });
};

/** What a server's error says, for a caller whose stream has begun with a 200 already. */
const toldInStream = async ({ status, readError }: UpstreamReply, dialect: Dialect): Promise<Trouble> => {
  const { upstream } = dialect.classifyError(status, await readError());
  const message = upstream?.message ?? `the model's server answered ${status} where a stream was asked for`;
  return status >= 400 && status < 500
    ? trouble('invalid_request', message, { status })
    : trouble('backend_unavailable', message, { code: 'broken' });
};

/** Answers 200 before there is a model, so that the caller hears something; what goes wrong then is said in the stream. */
const beginEarly = (errand: Errand, acquiring: Promise<Given>): Response => {
  const { front, way, visit } = errand;
  const pipe = pipeFor(errand, true);
  const goOn = async (): Promise<void> => {
    const opened = await open(errand, await acquiring);
    if (isTrouble(opened)) return pipe.break(opened);
    const { reply } = opened;
    if (reply.status !== 200 || !isEventStream(reply)) return pipe.break(await toldInStream(reply, way.dialect));
    pipe.attach(reply);
  };
  pipe.keepAlive();
  goOn().catch((error) => {
    front.onBug(visit.id, error);
    pipe.break(trouble('internal_error', errorName(error)));
  });
  return new Response(pipe.body, {
    headers: { 'content-type': EVENT_STREAM, 'cache-control': 'no-cache', 'x-request-id': visit.id },
  });
};

const errorName = (error: unknown): string => (error instanceof Error ? error.name : 'internal error');

const perform = async (front: Front, way: Way, visit: Visit, request: Request): Promise<Response> => {
  const wish = await readWish(front, way, request);
  if (isTrouble(wish)) {
    visit.end();
    return troubleResponse(wish, way.dialect, visit.id);
  }
  const errand: Errand = { front, way, visit, wish, request };
  const acquiring = front.multiplexer.acquire(wish.model, { requestId: visit.id, signal: visit.gone });
  const given = wish.stream
    ? await within(acquiring, front.limits.keepaliveAfterMs, front.effects.clock)
    : await acquiring;
  if (given === 'late') return beginEarly(errand, acquiring);
  const opened = await open(errand, given);
  return isTrouble(opened) ? refused(errand, opened) : pass(errand, opened);
};

/** Handler of one generation path, for a caller that may enter. Never throws. */
export const relayTo = async (front: Front, way: Way, request: Request, idle: IdleLimit): Promise<Response> => {
  const id = `mux_${front.effects.id()}`;
  const visit = front.visits.open(id, request, idle);
  if (!visit) {
    const full = `${front.limits.visitsMax} requests are in the multiplexer already; try again later`;
    const busy = trouble('backend_unavailable', full, { code: 'overloaded', retryAfterMs: 2_000 });
    return troubleResponse(busy, way.dialect, id);
  }
  try {
    return await perform(front, way, visit, request);
  } catch (error) {
    front.onBug(id, error);
    visit.end();
    return troubleResponse(trouble('internal_error', errorName(error)), way.dialect, id);
  }
};
