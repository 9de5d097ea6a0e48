/** The caller's response body: pulled by the caller, fed by whatever attempt holds the floor. */
import type { Clock } from '#platform/effects';

export interface OutboxSource {
  /** Reads on upstream until something was pushed or ended; undefined while the answer is still held. */
  pump(): Promise<void> | undefined;
  /** The caller stopped reading. */
  gone(): void;
}

export interface Outbox {
  readonly body: ReadableStream<Uint8Array>;
  /** Queues pieces; their sum is bounded by the hold limit of the attempt that releases them. */
  push(pieces: readonly Uint8Array[]): void;
  /** Nothing follows: the body closes behind what is queued. */
  end(): void;
  /** Breaks the connection off behind what has left, so that the caller does not take half an answer for a whole one. */
  fail(): void;
  /** True when nothing was pushed for `ms`. */
  quietFor(ms: number): boolean;
}

/** Creates a body. A pull that finds the answer held ends at once; the next push makes the stream pull again. */
export const createOutbox = (clock: Pick<Clock, 'now'>, source: OutboxSource): Outbox => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let open = true;
  let pushedAt = 0;
  const body = new ReadableStream<Uint8Array>({
    start(created) {
      controller = created;
    },
    pull: () => source.pump(),
    cancel() {
      open = false;
      source.gone();
    },
  });
  return {
    body,
    push(pieces) {
      if (!open) return;
      pushedAt = clock.now();
      for (const piece of pieces) controller?.enqueue(piece);
    },
    end() {
      if (!open) return;
      open = false;
      controller?.close();
    },
    fail() {
      if (!open) return;
      open = false;
      controller?.error(new Error('the answer broke off'));
    },
    quietFor: (ms) => clock.now() - pushedAt >= ms,
  };
};
