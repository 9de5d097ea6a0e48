/** A model server under a test's full control: a real TCP listener that says exactly what its script says, byte by byte. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createExchangeLog, type Exchange } from '#tests/support/fake-tier-log';
import { createRequestParser, type ParsedRequest, type SeenRequest } from '#tests/support/fake-tier-requests';
import { json, play, type ReplyEnd, type ReplyFunction, type Steps } from '#tests/support/fake-tier-steps';
import { createGates } from '#tests/support/gates';

export type Reply = Steps | ReplyFunction;
export type RequestMatch = (request: SeenRequest) => boolean;

export interface FakeTier extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Everything received, in order of arrival. */
  readonly requests: readonly SeenRequest[];
  /** Connections open now. */
  readonly open: number;
  /** Connections accepted so far: tells keep-alive from a new connection per request. */
  readonly accepted: number;
  /** Queues one reply, for the next request or the next one that matches. Replies are used up in order. */
  reply(reply: Reply, match?: RequestMatch): FakeTier;
  /** The reply of requests that find none in the queue; of several that match, the one given last. */
  always(reply: Reply, match?: RequestMatch): FakeTier;
  /** Answers `GET /v1/models` with these ids, or with a scripted reply. */
  models(models: readonly string[] | ReplyFunction): FakeTier;
  /** The next request not yet taken by an earlier call, waiting for it if need be. Rejects when the tier stops. */
  nextRequest(): Promise<SeenRequest>;
  /**
   * Resolves when the caller drops the connection of request `index` before its reply was complete. Rejects when the
   * reply completes or the script ends the connection first, or when the tier stops.
   */
  callerClosed(index: number): Promise<void>;
  /** How the reply to a request ended. Rejects when the tier stops before. */
  replied(index: number): Promise<ReplyEnd>;
  /** Bytes of the reply to a request, framing included, that the system has taken over so far. */
  bytesSent(index: number): number;
  /** Opens the gate that a `waitFor` step holds at, now or later. */
  release(gate: string): void;
  /** Closes the listener and every connection. Safe to call twice. */
  stop(): Promise<void>;
}

interface Rule {
  readonly reply: Reply;
  readonly match: RequestMatch | undefined;
}

const fits = (rule: Rule, request: SeenRequest): boolean => rule.match?.(request) ?? true;
const isFunction = (reply: Reply): reply is ReplyFunction => typeof reply === 'function';
const isModelList = (models: readonly string[] | ReplyFunction): models is readonly string[] => Array.isArray(models);

/** The replies in store: a queue that is used up, and fallbacks that stay. */
const createScript = () => {
  const queue: Rule[] = [];
  const fallbacks: Rule[] = [];
  return {
    queue,
    fallbacks,
    replyTo: (request: SeenRequest): Reply => {
      const place = queue.findIndex((rule) => fits(rule, request));
      const rule = place < 0 ? fallbacks.findLast((one) => fits(one, request)) : queue.splice(place, 1)[0];
      const message = `fake tier: no reply is scripted for ${request.method} ${request.path}`;
      return rule?.reply ?? json(501, { error: { type: 'unscripted', message } });
    },
  };
};

const modelList = (ids: readonly string[]): Steps =>
  json(200, { object: 'list', data: ids.map((id) => ({ id, object: 'model', owned_by: 'fake-tier' })) });

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

interface ConnectionHooks {
  readonly arrive: (parsed: ParsedRequest) => Exchange;
  /** Plays the reply; true when the connection can carry another one. */
  readonly serve: (exchange: Exchange, gone: Promise<void>) => Promise<boolean>;
  readonly closed: () => void;
}

/** One connection: requests are answered one at a time and in order, as HTTP/1.1 wants it. */
const attend = (socket: Socket, hooks: ConnectionHooks): void => {
  const gone = Promise.withResolvers<void>();
  const parser = createRequestParser();
  let turn: Promise<boolean> = Promise.resolve(true);
  const answer = async (exchange: Exchange, usable: boolean): Promise<boolean> => {
    if (usable) return hooks.serve(exchange, gone.promise);
    exchange.end('caller-gone');
    return false;
  };
  socket.on('error', () => {});
  socket.on('close', () => {
    hooks.closed();
    gone.resolve();
  });
  socket.on('data', (chunk: Uint8Array) => {
    try {
      for (const parsed of parser.feed(chunk)) {
        const exchange = hooks.arrive(parsed);
        turn = turn.then((usable) => answer(exchange, usable));
      }
      if (parser.wantsContinue()) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    } catch {
      // Not HTTP, or beyond a limit: no reply of a script could make sense.
      socket.destroy();
    }
  });
};

/** `await using tier = await startFakeTier()`. A `port` restarts a tier where another one stopped. */
export const startFakeTier = async (options: { readonly port?: number } = {}): Promise<FakeTier> => {
  const log = createExchangeLog();
  const script = createScript();
  const gates = createGates();
  const sockets = new Set<Socket>();
  let accepted = 0;

  const serve = async (exchange: Exchange, socket: Socket, gone: Promise<void>): Promise<boolean> => {
    const sent = (bytes: number): void => {
      exchange.bytes += bytes;
    };
    try {
      const reply = script.replyTo(exchange.request);
      const steps = isFunction(reply) ? await reply(exchange.request) : reply;
      const ended = await play(steps, { socket, gates, gone, sent });
      exchange.end(ended);
      return ended === 'complete';
    } catch (error) {
      // A script that throws breaks the connection off; a gate that shuts down does so while the tier stops.
      exchange.fail(error instanceof Error ? error : new Error(String(error)));
      socket.destroy();
      return false;
    }
  };

  const server = createServer({ noDelay: true }, (socket) => {
    const connection = accepted++;
    sockets.add(socket);
    attend(socket, {
      arrive: (parsed) => log.arrive(parsed, connection),
      serve: (exchange, gone) => serve(exchange, socket, gone),
      closed: () => sockets.delete(socket),
    });
  });
  const port = await listen(server, options.port ?? 0);

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    const reason = new Error('the fake tier was stopped');
    stopped ??= new Promise((resolve) => {
      log.shutDown(reason);
      gates.shutDown(reason);
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
    return stopped;
  };

  return assemble({ log, script, gates, sockets, port, accepted: () => accepted, stop });
};

interface TierParts {
  readonly log: ReturnType<typeof createExchangeLog>;
  readonly script: ReturnType<typeof createScript>;
  readonly gates: ReturnType<typeof createGates>;
  readonly sockets: ReadonlySet<Socket>;
  readonly port: number;
  readonly accepted: () => number;
  readonly stop: () => Promise<void>;
}

const assemble = (parts: TierParts): FakeTier => {
  const { log, script, gates } = parts;
  const tier: FakeTier = {
    url: `http://127.0.0.1:${parts.port}`,
    port: parts.port,
    requests: log.requests,
    get open() {
      return parts.sockets.size;
    },
    get accepted() {
      return parts.accepted();
    },
    reply: (reply, match) => {
      script.queue.push({ reply, match });
      return tier;
    },
    always: (reply, match) => {
      script.fallbacks.push({ reply, match });
      return tier;
    },
    models: (models) =>
      tier.always(
        isModelList(models) ? modelList(models) : models,
        (request) => request.method === 'GET' && request.path === '/v1/models',
      ),
    nextRequest: log.next,
    callerClosed: async (index) => {
      const ended = await log.at(index).ended;
      if (ended !== 'caller-gone') throw new Error(`fake tier: the reply to request ${index} ended first (${ended})`);
    },
    replied: (index) => log.at(index).ended,
    bytesSent: (index) => log.at(index).bytes,
    release: gates.release,
    stop: parts.stop,
    [Symbol.asyncDispose]: parts.stop,
  };
  return tier;
};
