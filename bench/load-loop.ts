/** How long does a small request take, and how many of them a second? A closed loop on kept-alive connections. */
import type { LoopCommand, LoopResult } from './commands';
import { postBytes, ResponseReader } from './http-reader';
import { spreadOf } from './numbers';
import { PATH } from './wire';

interface Tally {
  readonly latencies: number[];
  readonly firstBytes: number[];
  failed: number;
}

/** One connection: writes, waits for the whole answer, writes again until the time is over. Resolves when closed. */
const runConnection = (command: LoopCommand, request: Buffer, endAt: number, tally: Tally): Promise<void> => {
  const closed = Promise.withResolvers<void>();
  let startedAt = 0;
  let firstAt = 0;
  let over = false;
  const reader = new ResponseReader(() => {
    if (firstAt === 0) firstAt = performance.now();
  });
  const fail = (): void => {
    if (!over) tally.failed++;
    over = true;
    closed.resolve();
  };
  const send = (socket: Bun.Socket): void => {
    reader.reset();
    firstAt = 0;
    startedAt = performance.now();
    if (socket.write(request) !== request.length) socket.terminate();
  };
  const finish = (socket: Bun.Socket): void => {
    const now = performance.now();
    if (reader.status === 200 && reader.bodyBytes >= command.bodyBytesMin) {
      tally.latencies.push((now - startedAt) * 1000);
      tally.firstBytes.push((firstAt - startedAt) * 1000);
    } else tally.failed++;
    if (now < endAt) send(socket);
    else {
      over = true;
      socket.end();
    }
  };
  Bun.connect({
    hostname: '127.0.0.1',
    port: command.port,
    socket: {
      open: (socket) => {
        socket.setNoDelay(true);
        send(socket);
      },
      data(socket, bytes) {
        if (reader.push(bytes)) finish(socket);
        else if (reader.broken) socket.terminate();
      },
      close: () => (over ? closed.resolve() : fail()),
      error: fail,
      connectError: fail,
    },
  }).catch(fail);
  return closed.promise;
};

/** Runs the loop for its duration; the last request of each connection is waited for. */
export const runLoop = async (command: LoopCommand): Promise<LoopResult> => {
  const tally: Tally = { latencies: [], firstBytes: [], failed: 0 };
  const request = postBytes(PATH, command.port, command.body);
  const startedAt = performance.now();
  const endAt = startedAt + command.durationMs;
  const connections = Array.from({ length: command.connections }, () => runConnection(command, request, endAt, tally));
  await Promise.all(connections);
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    latency: spreadOf(tally.latencies),
    firstByte: spreadOf(tally.firstBytes),
    perSecond: tally.latencies.length / seconds,
    failed: tally.failed,
  };
};
