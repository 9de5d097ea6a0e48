/** The fast upstream, a process of its own: an engine that has every answer ready, on raw sockets to cost little. */
import { machineMicros } from './clock';
import { tellParent } from './commands';
import { type Answer, answerOf, CLOSING, OPENING, stampedEvent, WHOLE } from './wire';

/** Between two looks at the paced streams, in milliseconds. */
const TICK_MS = 1;

interface Connection {
  /** Received and not yet answered. */
  text: string;
}

interface Paced {
  readonly socket: Bun.Socket<Connection>;
  readonly gapMs: number;
  left: number;
  dueAt: number;
}

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const LAST_CHUNK = '0\r\n\r\n';
const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n';
const WHOLE_REPLY = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${WHOLE.length}\r\n\r\n${WHOLE}`;
const UNKNOWN = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n';

const paced = new Set<Paced>();
let ticking: Timer | undefined;
let phases = 0;

/** A reader too slow for a few hundred bytes is a failed measurement; it sees the connection break. */
const write = (socket: Bun.Socket<Connection>, text: string): void => {
  if (socket.write(text) !== text.length) socket.terminate();
};

const tick = (): void => {
  const now = performance.now();
  for (const stream of paced) {
    if (stream.dueAt > now) continue;
    stream.dueAt += stream.gapMs;
    if (stream.left > 0) {
      stream.left--;
      write(stream.socket, chunk(stampedEvent(machineMicros())));
      continue;
    }
    paced.delete(stream);
    write(stream.socket, chunk(CLOSING) + LAST_CHUNK);
  }
  if (paced.size > 0 || ticking === undefined) return;
  clearInterval(ticking);
  ticking = undefined;
};

/** Streams take turns within their gap, so that they do not all write in the same millisecond. */
const startPaced = (socket: Bun.Socket<Connection>, events: number, gapMs: number): void => {
  write(socket, STREAM_HEAD + chunk(OPENING + stampedEvent(machineMicros())));
  phases = (phases + 1) % gapMs;
  paced.add({ socket, gapMs, left: events - 1, dueAt: performance.now() + gapMs + phases });
  ticking ??= setInterval(tick, TICK_MS);
};

const burst = (events: number): string => {
  let text = OPENING;
  for (let index = 0; index < events; index++) text += stampedEvent(machineMicros());
  return text + CLOSING;
};

const reply = (socket: Bun.Socket<Connection>, answer: Answer | undefined, streams: boolean): void => {
  if (!answer) write(socket, UNKNOWN);
  else if (answer.kind === 'json' && !streams) write(socket, WHOLE_REPLY);
  else if (answer.kind === 'json') write(socket, STREAM_HEAD + chunk(burst(1)) + LAST_CHUNK);
  else if (answer.kind === 'burst') write(socket, STREAM_HEAD + chunk(burst(answer.events)) + LAST_CHUNK);
  else if (answer.kind === 'idle') write(socket, STREAM_HEAD + chunk(OPENING + stampedEvent(machineMicros())));
  else startPaced(socket, answer.events, answer.gapMs);
};

/** Length of the request at the start of the text, head and body; undefined while it is not complete. */
const requestLength = (text: string): number | undefined => {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const length = headEnd + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  return text.length < length ? undefined : length;
};

const server = Bun.listen<Connection>({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) {
      socket.data = { text: '' };
      socket.setNoDelay(true);
    },
    data(socket, bytes) {
      // Bodies of the load are ASCII, so characters count as bytes.
      socket.data.text += bytes.toString('latin1');
      const length = requestLength(socket.data.text);
      if (length === undefined) return;
      const { text } = socket.data;
      const request = text.slice(0, length);
      socket.data.text = text.slice(length);
      // The presence check of the router connects and says nothing; everything else is a whole request.
      reply(socket, answerOf(request), /"stream": ?true/.test(request));
    },
    close(socket) {
      for (const stream of paced) if (stream.socket === socket) paced.delete(stream);
    },
    error() {},
  },
});

tellParent({ kind: 'ready', port: server.port });
