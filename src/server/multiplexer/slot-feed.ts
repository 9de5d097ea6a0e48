/** How do people and routers watch the slots? Server-sent events, each the whole state, never more often than they can matter. */
import type { SlotsStatus } from '#core/slots-status';
import type { Clock, TimerHandle } from '#platform/effects';
import type { FrontLimits } from '#server/multiplexer/front';
import { type Trouble, trouble } from '#server/multiplexer/trouble';

export interface SlotFeed {
  /** A stream of its own for one reader, or why there is none. */
  open(request: Request): Response | Trouble;
  /** Ends all streams, after a last event. */
  close(): void;
}

export interface FeedSource {
  status(): SlotsStatus;
  onChange(listener: () => void): () => void;
  /** True once nothing can change any more: the next heartbeat ends the streams instead. Absent: never. */
  ended?(): boolean;
}

type FeedLimits = Pick<FrontLimits, 'feedGapMs' | 'heartbeatMs' | 'feedReadersMax'>;

const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
/** Heartbeats that a reader may leave unread before it is cut: it has gone, or cannot keep up with one event in a minute. */
const UNREAD_BEATS_MAX = 4;

const encoder = new TextEncoder();

interface Reader {
  readonly body: ReadableStream<Uint8Array>;
  /** An event takes the place of one that has not been read: the newest state is the only one of interest. */
  offer(event: Uint8Array): void;
  /** A sign of life where nothing waits; false for a reader that takes nothing any more. */
  beat(comment: Uint8Array): boolean;
  close(): void;
}

const createReader = (onGone: () => void): Reader => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let waiting: Uint8Array | undefined;
  let unreadBeats = 0;
  const hasRoom = (): boolean => (controller?.desiredSize ?? 0) > 0;
  const body = new ReadableStream<Uint8Array>({
    start(created) {
      controller = created;
    },
    pull() {
      unreadBeats = 0;
      if (waiting) controller?.enqueue(waiting);
      waiting = undefined;
    },
    cancel() {
      controller = undefined;
      onGone();
    },
  });
  return {
    body,
    offer(event) {
      if (hasRoom()) controller?.enqueue(event);
      else waiting = event;
    },
    beat(comment) {
      if (hasRoom()) controller?.enqueue(comment);
      else unreadBeats++;
      return unreadBeats < UNREAD_BEATS_MAX;
    },
    close() {
      controller?.close();
      controller = undefined;
    },
  };
};

/** One timer for all readers, and none while nobody watches. */
export const createSlotFeed = (source: FeedSource, clock: Clock, limits: FeedLimits): SlotFeed => {
  const readers = new Set<Reader>();
  let unsubscribe: (() => void) | undefined;
  let tellTimer: TimerHandle | undefined;
  let beatTimer: TimerHandle | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  const event = (): Uint8Array => encoder.encode(`event: slots\ndata: ${JSON.stringify(source.status())}\n\n`);
  const tell = (): void => {
    tellTimer = undefined;
    toldAt = clock.now();
    const bytes = event();
    for (const reader of readers) reader.offer(bytes);
  };
  const changed = (): void => {
    tellTimer ??= clock.setTimeout(tell, Math.max(0, toldAt + limits.feedGapMs - clock.now()));
  };
  const beat = (): void => {
    if (source.ended?.() === true) {
      close();
      return;
    }
    const comment = encoder.encode(': quiet\n\n');
    for (const reader of readers) if (!reader.beat(comment)) forget(reader);
    beatTimer = readers.size === 0 ? undefined : clock.setTimeout(beat, limits.heartbeatMs);
  };
  const rest = (): void => {
    unsubscribe?.();
    unsubscribe = undefined;
    for (const timer of [tellTimer, beatTimer]) if (timer !== undefined) clock.clearTimeout(timer);
    tellTimer = undefined;
    beatTimer = undefined;
  };
  const forget = (reader: Reader): void => {
    if (!readers.delete(reader)) return;
    reader.close();
    if (readers.size === 0) rest();
  };
  const close = (): void => {
    closed = true;
    if (readers.size > 0) tell();
    for (const reader of [...readers]) forget(reader);
  };
  return {
    open(request) {
      if (request.method === 'HEAD') return new Response(null, { headers: HEADERS });
      if (closed || readers.size >= limits.feedReadersMax)
        return trouble('backend_unavailable', 'too many readers of the slot feed, or it has ended', {
          code: 'too_many_readers',
          retryAfterMs: 5_000,
        });
      const reader = createReader(() => forget(reader));
      readers.add(reader);
      unsubscribe ??= source.onChange(changed);
      beatTimer ??= clock.setTimeout(beat, limits.heartbeatMs);
      reader.offer(event());
      request.signal.addEventListener('abort', () => forget(reader), { once: true });
      return new Response(reader.body, { headers: HEADERS });
    },
    close,
  };
};
