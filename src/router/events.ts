/** What just happened, for people who watch: a bounded feed of decisions, breaker changes and machine events. */

/** One event of the feed; content-free like the decision record. */
export interface FeedEvent {
  /** Grows by one per event; a reader that reconnects asks for what came after the last it saw. */
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: 'decision' | 'breaker' | 'slot' | 'machine' | 'config' | 'lifecycle';
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Feed {
  publish(kind: FeedEvent['kind'], data: FeedEvent['data']): void;
  /** Events after `seq` that are still remembered, then live ones, until the returned function is called. */
  subscribe(after: number, onEvent: (event: FeedEvent) => void): () => void;
  /** True while somebody watches; machine events are produced only then. */
  readonly watched: boolean;
}

/** Events remembered for readers that come late. */
const REMEMBERED = 2_000;
/** Readers at once; one more is refused. */
export const READERS_MAX = 32;

/** Creates an empty feed. A reader that throws is dropped. */
export const createFeed = (wall: () => number): Feed => {
  const ring: FeedEvent[] = [];
  const readers = new Set<(event: FeedEvent) => void>();
  let seq = 0;
  const tell = (reader: (event: FeedEvent) => void, event: FeedEvent): void => {
    try {
      reader(event);
    } catch {
      readers.delete(reader);
    }
  };
  return {
    publish(kind, data) {
      const event: FeedEvent = { seq: ++seq, at: wall(), kind, data };
      ring.push(event);
      if (ring.length > REMEMBERED) ring.shift();
      for (const reader of readers) tell(reader, event);
    },
    subscribe(after, onEvent) {
      if (readers.size >= READERS_MAX) throw new Error(`more than ${READERS_MAX} readers of the event feed`);
      readers.add(onEvent);
      // A number from before a restart names nothing here: such a reader gets everything.
      const from = after > seq ? 0 : after;
      for (const event of ring) if (event.seq > from && readers.has(onEvent)) tell(onEvent, event);
      return () => readers.delete(onEvent);
    },
    get watched() {
      return readers.size > 0;
    },
  };
};

/** The part of an inspection event that tells of a transition. */
export interface Inspected {
  readonly type: string;
  readonly event?: { readonly type: string };
  readonly snapshot?: object;
}

/** Publishes where an actor has gone, and by which event. */
export const publishTransition = (feed: Feed, actorId: string, { type, event, snapshot }: Inspected): void => {
  if (type !== '@xstate.snapshot' || !snapshot || !('value' in snapshot)) return;
  feed.publish('machine', { actor: actorId, event: event?.type ?? '', state: snapshot.value });
};
