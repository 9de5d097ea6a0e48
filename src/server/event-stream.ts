/** The operator's feed of decisions and machine events over SSE: low rate, bounded, never model traffic. */
import { Stream } from '@elysiajs/stream';
import { type Failure, failure } from '#core/failure';
import type { Feed, FeedEvent } from '#router/events';

/** Events that may wait for a slow reader; one more ends its feed, and it reconnects with what it saw last. */
const UNREAD_MAX = 5_000;

const line = ({ seq, kind, at, data }: FeedEvent): string =>
  `id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify({ seq, at, ...data })}\n\n`;

/**
 * Streams the feed from behind `Last-Event-ID`. The stream class applies no back-pressure, so a reader that falls
 * behind is cut after a bounded number of unread events.
 */
export const eventStream = (feed: Feed, request: Request): Response | Failure => {
  const stream = new Stream<string>();
  // Bytes go in as they are, so bytes come out, whatever the class declares.
  const sent = stream.value as unknown as ReadableStream<Uint8Array>;
  const after = Number(request.headers.get('last-event-id') ?? 0);
  const encoder = new TextEncoder();
  let waiting = 0;
  let unsubscribe: () => void = () => undefined;
  const stop = (): void => {
    unsubscribe();
    try {
      stream.close();
    } catch {
      // Closed already: the reader left first.
    }
  };
  const reader = sent.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) {
        controller.close();
        return;
      }
      waiting--;
      controller.enqueue(value);
    },
    cancel: stop,
  });
  const send = (text: string): void => {
    waiting++;
    if (waiting > UNREAD_MAX) stop();
    else stream.send(encoder.encode(text));
  };
  try {
    send(': anvil events\n\n');
    unsubscribe = feed.subscribe(Number.isFinite(after) ? after : 0, (event) => send(line(event)));
  } catch {
    return failure('overloaded', 'too many readers of the event feed');
  }
  request.signal.addEventListener('abort', stop, { once: true });
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } });
};
