/** How a small HTTP server on loopback is started: for the demo tiers, never for callers of the router. */

export interface Listener {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Closes the port and every connection at once. */
  stop(): Promise<void>;
}

export type RequestHandler = (request: Request) => Response | Promise<Response>;

/** Starts a server on 127.0.0.1. Port 0 lets the system choose. Throws when the port is taken. */
export type Listen = (handler: RequestHandler, port?: number) => Listener;

/** Bytes of one request body the server takes; above, it answers 413 by itself. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

export const listenOnLoopback: Listen = (handler, port = 0) => {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    // A scripted tier may stay silent on purpose; its caller has the deadlines.
    idleTimeout: 0,
    maxRequestBodySize: BODY_BYTES_MAX,
    // Otherwise an error page shows the source.
    development: false,
    fetch: handler,
    error: () => new Response('internal error', { status: 500 }),
  });
  const chosen = server.port ?? port;
  return { port: chosen, url: `http://127.0.0.1:${chosen}`, stop: () => server.stop(true) };
};
