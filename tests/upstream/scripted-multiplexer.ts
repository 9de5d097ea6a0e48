/** How does a test play the multiplexer that is followed? A real server whose every answer the test gives by hand. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SlotsStatus } from '#core/slots-status';

export interface Visit {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Resolves when the other side has hung up. */
  readonly gone: Promise<void>;
  /** Answers in one piece. */
  answer(status: number, type: string, body: string): void;
  /** Begins an event stream. */
  begin(): void;
  send(text: string): void;
  end(): void;
  /** Breaks the connection off. */
  destroy(): void;
}

export interface ScriptedMultiplexer extends AsyncDisposable {
  readonly url: string;
  /** The next request, in the order of arrival. */
  visit(): Promise<Visit>;
  /** Requests so far. */
  readonly visits: number;
}

export const eventOf = (status: SlotsStatus): string => `event: slots\ndata: ${JSON.stringify(status)}\n\n`;

const visitOf = (request: IncomingMessage, response: ServerResponse): Visit => ({
  path: request.url ?? '',
  headers: request.headers,
  gone: new Promise((resolve) => response.once('close', () => resolve())),
  answer(status, type, body) {
    response.writeHead(status, { 'content-type': type });
    response.end(body);
  },
  begin() {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
  },
  send: (text) => void response.write(text),
  end: () => void response.end(),
  destroy: () => void response.destroy(),
});

export const startScriptedMultiplexer = async (): Promise<ScriptedMultiplexer> => {
  const arrived: Visit[] = [];
  const wanted: ((visit: Visit) => void)[] = [];
  let visits = 0;
  const server = createServer((request, response) => {
    visits++;
    const visit = visitOf(request, response);
    const want = wanted.shift();
    if (want) want(visit);
    else arrived.push(visit);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    visit() {
      const visit = arrived.shift();
      return visit ? Promise.resolve(visit) : new Promise((resolve) => wanted.push(resolve));
    },
    get visits() {
      return visits;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
