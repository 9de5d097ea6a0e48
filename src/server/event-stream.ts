/** The operator's feed of decisions and machine events over SSE: low rate, bounded, never model traffic. */
import { Stream } from '@elysiajs/stream';
import { type Failure, failure } from '#core/failure';
import type { TimerHandle } from '#platform/effects';
import type { FeedEvent } from '#router/events';
import type { ServerContext } from '#server/context';

/** Events that may wait for a slow reader; one more ends its feed, and it reconnects with what it saw last. */
const UNREAD_MAX = 5_000;
/** Gap between comments on a quiet feed: shorter than the server's limit on silent connections, and it finds dead readers. */
const HEARTBEAT_MS = 15_000;

const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

const line = ({ seq, kind, at, data }: FeedEvent): string =>
  `id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify({ seq, at, ...data })}\n\n`;

/** Number of the last event the reader saw; 0 when it says nothing usable. */
const seenBefore = (headers: Headers): number => {
  const seen = Number(headers.get('last-event-id') ?? 0);
  return Number.isFinite(seen) ? seen : 0;
};

/** One reader: text goes in at once, bytes come out as they are read, and whoever falls behind is cut. */
const createReader = (onStop: () => void) => {
  const stream = new Stream<string>();
  // Bytes go in as they are, so bytes come out, whatever the class declares.
  const source = (stream.value as unknown as ReadableStream<Uint8Array>).getReader();
  const encoder = new TextEncoder();
  let unread = 0;
  let open = true;
  const stop = (): void => {
    if (!open) return;
    open = false;
    onStop();
    stream.close();
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await source.read();
      unread--;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: stop,
  });
  const send = (text: string): void => {
    if (!open) return;
    unread++;
    if (unread > UNREAD_MAX) stop();
    else stream.send(encoder.encode(text));
  };
  return { body, send, stop };
};

/**
 * Streams the feed from behind `Last-Event-ID`. The stream class applies no back-pressure, so a reader that falls
 * behind is cut after a bounded number of unread events.
 */
export const eventStream = ({ feed, ending, effects }: ServerContext, request: Request): Response | Failure => {
  if (request.method === 'HEAD') return new Response(null, { headers: HEADERS });
  const { clock } = effects;
  let heartbeat: TimerHandle | undefined;
  let unsubscribe = (): void => undefined;
  const reader = createReader(() => {
    unsubscribe();
    if (heartbeat !== undefined) clock.clearTimeout(heartbeat);
    ending.removeEventListener('abort', reader.stop);
  });
  const beatLater = (): void => {
    heartbeat = clock.setTimeout(() => {
      reader.send(': quiet\n\n');
      beatLater();
    }, HEARTBEAT_MS);
  };
  reader.send(': anvil events\n\n');
  try {
    unsubscribe = feed.subscribe(seenBefore(request.headers), (event) => reader.send(line(event)));
  } catch {
    return failure('overloaded', 'too many readers of the event feed');
  }
  beatLater();
  ending.addEventListener('abort', reader.stop, { once: true });
  request.signal.addEventListener('abort', reader.stop, { once: true });
  return new Response(reader.body, { headers: HEADERS });
};
