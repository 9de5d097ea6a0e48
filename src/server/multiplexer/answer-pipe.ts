/** How does the answer of a model's server reach the caller: pulled, byte for byte, and ended truthfully whatever happens? */
import type { Dialect } from '#core/dialect';
import type { Clock, TimerHandle } from '#platform/effects';
import { createOutbox } from '#router/outbox';
import type { FrontLimits } from '#server/multiplexer/front';
import { type Trouble, trouble, troubleEvent } from '#server/multiplexer/trouble';
import type { Visit } from '#server/multiplexer/visit';
import { createWholeFrames } from '#server/multiplexer/whole-frames';
import { createWatchdog } from '#upstream/deadline';
import { isFailure, type UpstreamReply } from '#upstream/relay';

export interface PipeOptions {
  readonly clock: Clock;
  readonly visit: Visit;
  readonly dialect: Dialect;
  readonly limits: Pick<FrontLimits, 'keepaliveEveryMs' | 'stalledMs'>;
  /** An event stream: it can be told of a failure, and must end between two events. */
  readonly events: boolean;
}

export interface AnswerPipe {
  readonly body: ReadableStream<Uint8Array>;
  /** Keepalives at once, which lets the head leave, and from now on until the answer begins. */
  keepAlive(): void;
  /** The answer, from its first byte on. */
  attach(reply: UpstreamReply): void;
  /** Ends it with an error event; without events, by breaking the connection off. */
  break(why: Trouble): void;
}

const encoder = new TextEncoder();

const brokenOff = (detail: string): Trouble =>
  trouble('backend_unavailable', `the answer broke off: ${detail}; ask again`, { code: 'broken' });

/** A caller that takes nothing for `stalledMs` is treated as one that has gone: it holds a model that others wait for. */
export const createAnswerPipe = ({ clock, visit, dialect, limits, events }: PipeOptions): AnswerPipe => {
  const attached = Promise.withResolvers<UpstreamReply>();
  const frames = createWholeFrames();
  let keepaliveTimer: TimerHandle | undefined;
  let over = false;

  const close = (): void => {
    over = true;
    if (keepaliveTimer !== undefined) clock.clearTimeout(keepaliveTimer);
    stalled.stop();
    visit.end();
  };
  const breakOff = (why: Trouble): void => {
    if (over) return;
    close();
    if (events && frames.clean) {
      outbox.push([encoder.encode(troubleEvent(why, dialect, visit.id))]);
      outbox.end();
    } else outbox.fail();
  };
  const stalled = createWatchdog(clock, Number.POSITIVE_INFINITY, () => breakOff(brokenOff('nobody read it')));
  const send = (bytes: Uint8Array): void => {
    if (bytes.length > 0) outbox.push([bytes]);
    stalled.phase('idle', limits.stalledMs);
  };

  /** Reads on until something can leave, or the answer is over. */
  const step = async (): Promise<void> => {
    stalled.pause();
    const reply = await attached.promise;
    while (!over) {
      const chunk = await reply.read();
      if (over) return;
      if (chunk === undefined) {
        send(frames.rest());
        close();
        outbox.end();
      } else if (isFailure(chunk)) breakOff(visit.cut ?? brokenOff(chunk.detail));
      else {
        const ready = events ? frames.feed(chunk) : chunk;
        if (ready.length === 0) continue;
        if (keepaliveTimer !== undefined) clock.clearTimeout(keepaliveTimer);
        keepaliveTimer = undefined;
        send(ready);
        return;
      }
    }
  };
  const outbox = createOutbox(clock, { pump: step, gone: close });

  const beat = (): void => {
    outbox.push([encoder.encode(dialect.keepalive)]);
    keepaliveTimer = clock.setTimeout(beat, limits.keepaliveEveryMs);
  };
  visit.onOver(breakOff);
  return {
    body: outbox.body,
    keepAlive: beat,
    attach: (reply) => attached.resolve(reply),
    break: breakOff,
  };
};
