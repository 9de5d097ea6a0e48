/** How a test gets a port that surely refuses connections, and keeps refusing while the rest of the suite runs. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface RefusedPort extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

const HOST = '127.0.0.1';

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

const connectFrom = (localPort: number, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: HOST, port, localAddress: HOST, localPort });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });

/**
 * A loopback port nobody listens on. It is held as the explicitly bound *local* end of an open connection: the system
 * gives such a port to nobody who asks for any free one, and refuses who connects to it.
 */
export const refusedPort = async (): Promise<RefusedPort> => {
  const anchor = createServer();
  const anchorPort = await listen(anchor, 0);
  const probe = createServer();
  const port = await listen(probe, 0);
  await close(probe);
  const held = await connectFrom(port, anchorPort);
  return {
    port,
    url: `http://${HOST}:${port}`,
    [Symbol.asyncDispose]: async () => {
      held.destroy();
      await close(anchor);
    },
  };
};
