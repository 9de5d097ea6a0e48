/** What went between a client and the router, byte by byte, and how many requests was it? A listener in between. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Kept of one connection in each direction; the rest is passed on but not kept. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

export interface Exchange {
  readonly sent: string;
  readonly received: string;
}

export interface Tap {
  /** Address to give to the client. */
  readonly url: string;
  /** Requests of a generation route begun so far. */
  readonly requests: number;
  /** Settles with the first of them. */
  readonly asked: Promise<void>;
  /** One entry per connection, in order of arrival. */
  exchanges(): readonly Exchange[];
  stop(): Promise<void>;
}

/** Request lines of generation routes; bodies are JSON, which never holds one at the start of a line. */
const GENERATION = /^POST \/v1\/(?:chat\/completions|messages|responses)(?:\?\S*)? HTTP\/1/gm;

class Keeper {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  keep(piece: Uint8Array): void {
    if (this.#bytes < KEPT_BYTES_MAX) this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  text(): string {
    return Buffer.concat(this.#pieces).toString('utf8');
  }
}

/** Starts a listener on loopback that passes everything to `target` and back. */
export const startTap = async (target: URL): Promise<Tap> => {
  const kept: { readonly sent: Keeper; readonly received: Keeper }[] = [];
  const sockets = new Set<Socket>();
  let requests = 0;
  const asked = Promise.withResolvers<void>();

  const join = (from: Socket, to: Socket, keeper: Keeper, seen?: (text: string) => void): void => {
    sockets.add(from);
    from.on('data', (piece: Uint8Array) => {
      keeper.keep(piece);
      seen?.(Buffer.from(piece).toString('latin1'));
      if (!to.write(piece)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroySoon();
    });
  };

  const server = createServer((client) => {
    const entry = { sent: new Keeper(), received: new Keeper() };
    kept.push(entry);
    const router = connect(Number(target.port), target.hostname);
    join(client, router, entry.sent, (text) => {
      requests += text.match(GENERATION)?.length ?? 0;
      if (requests > 0) asked.resolve();
    });
    join(router, client, entry.received);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    asked: asked.promise,
    exchanges: () => kept.map(({ sent, received }) => ({ sent: sent.text(), received: received.text() })),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
