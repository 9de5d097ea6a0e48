/** The one place that opens a port for callers. */
import { messageOf } from '#core/thrown';
import type { IdleLimit } from '#server/generate';

/** What answers requests; never throws. */
export interface Answering {
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

export interface Listening {
  readonly url: string;
  /** Stops accepting; resolves when open answers have ended, or at once with `cut`. */
  stop(cut: boolean): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** A connection on which nothing moves for this long is dropped; 30 when absent. */
  readonly idleSeconds?: number;
}

const IDLE_SECONDS = 30;

/** Our own body limit answers in the caller's dialect, so the listener's is out of the way. */
const BODY_BYTES_UNLIMITED = Number.MAX_SAFE_INTEGER;

const isTaken = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';

/**
 * Listens. No port is shared with another process: a second router on the same port fails instead of taking turns.
 * @throws Error with a message for people when the address cannot be had
 */
export const listen = (
  { host, port, idleSeconds = IDLE_SECONDS }: ListenOptions,
  build: (idle: IdleLimit) => Answering,
): Listening => {
  let server: ReturnType<typeof Bun.serve> | undefined;
  const app = build({
    lift: (request) => server?.timeout(request, 0),
    restore: (request) => server?.timeout(request, idleSeconds),
  });
  try {
    server = Bun.serve({
      hostname: host,
      port,
      reusePort: false,
      idleTimeout: idleSeconds,
      development: false,
      maxRequestBodySize: BODY_BYTES_UNLIMITED,
      fetch: app.fetch,
    });
  } catch (error) {
    if (isTaken(error))
      throw new Error(`port ${port} on ${host} is in use: stop what listens there, or choose another port with --port`);
    throw new Error(`cannot listen on ${host}:${port}: ${messageOf(error)}`);
  }
  const listening = server;
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${listening.port}`,
    stop: (cut) => listening.stop(cut),
  };
};

/** True for addresses that only this machine can reach; names are not looked up, so `localhost` is the only one. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
