/** When does each event of many streams arrive, in how many reads? And: streams that are only held open. */
import { machineMicros } from './clock';
import type { EventsCommand, EventsResult, HoldCommand, ProbeCommand } from './commands';
import { postBytes, ResponseReader } from './http-reader';
import { mean, spreadOf } from './numbers';
import { cpuMicros } from './process-stats';
import { PATH, STAMP_DIGITS, STAMP_MARK } from './wire';

const LF = 10;
const MARK = Buffer.from(STAMP_MARK);

interface Conversation {
  /** Before the bytes of one read are taken apart. */
  onRead?(): void;
  onBody(bytes: Buffer): void;
  /** Once: the response is complete, or the connection ended without it. */
  onEnd(complete: boolean, status: number): void;
}

/** One request on a connection of its own. Resolves with the socket once connected, undefined if it cannot be. */
const converse = async (
  { port, body }: ProbeCommand | EventsCommand | HoldCommand,
  { onRead, onBody, onEnd }: Conversation,
): Promise<Bun.Socket | undefined> => {
  const request = postBytes(PATH, port, body);
  const reader = new ResponseReader(onBody);
  let over = false;
  const end = (complete: boolean): void => {
    if (over) return;
    over = true;
    onEnd(complete, reader.status);
  };
  try {
    return await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => {
          socket.setNoDelay(true);
          socket.write(request);
        },
        data(socket, bytes) {
          onRead?.();
          if (reader.push(bytes)) {
            end(true);
            socket.end();
          } else if (reader.broken) socket.terminate();
        },
        close: () => end(false),
        error: () => end(false),
        connectError: () => end(false),
      },
    });
  } catch {
    end(false);
    return undefined;
  }
};

/** One request and its answer as text. */
export const probe = async (command: ProbeCommand): Promise<{ status: number; text: string }> => {
  const done = Promise.withResolvers<{ status: number; text: string }>();
  const pieces: string[] = [];
  await converse(command, {
    onBody: (bytes) => pieces.push(bytes.toString('utf8')),
    onEnd: (complete, status) => done.resolve({ status: complete ? status : 0, text: pieces.join('') }),
  });
  return done.promise;
};

const stampAt = (bytes: Buffer, at: number): number => {
  let value = 0;
  for (let index = at; index < at + STAMP_DIGITS; index++) value = value * 10 + (bytes[index] ?? 48) - 48;
  return value;
};

/** A moment, in milliseconds, and the CPU time used until then, in microseconds. */
interface Mark {
  readonly at: number;
  readonly cpu: number;
}

/** What all streams of one measurement saw while every one of them was running. */
class Arrivals {
  readonly delays: number[] = [];
  readonly steps: number[] = [];
  reads = 0;
  failed = 0;
  /** Events seen at all, counted or not. */
  seen = 0;
  #begun = 0;
  #ended = false;
  readonly #streams: number;
  readonly #cpu: () => Promise<number>;
  readonly #start: Promise<Mark>;
  #from: Promise<Mark> | undefined;
  #to: Promise<Mark> | undefined;

  constructor(streams: number, pid: number | undefined) {
    this.#streams = streams;
    this.#cpu = async () => (pid === undefined ? Number.NaN : cpuMicros(pid));
    this.#start = this.#mark();
  }

  get counting(): boolean {
    return this.#begun === this.#streams && !this.#ended;
  }

  streamBegan(): void {
    this.#begun++;
    if (this.#begun === this.#streams) this.#from = this.#mark();
  }

  streamEnded(): void {
    this.#ended = true;
    this.#to ??= this.#mark();
  }

  /** Where every stream was held to its end, nothing was counted; then CPU and rate are those of the whole time. */
  async result(): Promise<EventsResult> {
    const counted = this.delays.length;
    const start = await this.#start;
    const from = counted === 0 ? start : ((await this.#from) ?? start);
    const to = counted === 0 ? await this.#mark() : ((await this.#to) ?? start);
    const events = counted === 0 ? this.seen : counted;
    return {
      delay: spreadOf(this.delays),
      jitter: mean(this.steps),
      events: counted,
      perSecond: events / ((to.at - from.at) / 1000),
      cpu: (to.cpu - from.cpu) / events,
      reads: this.reads,
      failed: this.failed,
    };
  }

  async #mark(): Promise<Mark> {
    const at = performance.now();
    return { at, cpu: await this.#cpu() };
  }
}

/** Follows one stream to its end. */
const follow = async (command: EventsCommand, arrivals: Arrivals): Promise<void> => {
  const done = Promise.withResolvers<void>();
  let readAt = 0;
  let readCounted = true;
  let events = 0;
  let lastDelay: number | undefined;
  /** Bytes behind the last whole event, when an event is torn between two reads. */
  let torn: Buffer | undefined;
  const take = (bytes: Buffer, at: number): void => {
    events++;
    arrivals.seen++;
    if (events === 1) arrivals.streamBegan();
    if (!arrivals.counting) return;
    const delay = readAt - stampAt(bytes, at);
    arrivals.delays.push(delay);
    if (lastDelay !== undefined) arrivals.steps.push(Math.abs(delay - lastDelay));
    lastDelay = delay;
    if (readCounted) return;
    readCounted = true;
    arrivals.reads++;
  };
  await converse(command, {
    onRead() {
      readAt = machineMicros();
      readCounted = false;
    },
    onBody(received) {
      const bytes: Buffer = torn ? Buffer.concat([torn, received]) : received;
      const end = bytes.lastIndexOf(LF) + 1;
      torn = end < bytes.length ? Buffer.from(bytes.subarray(end)) : undefined;
      let at = bytes.indexOf(MARK);
      while (at >= 0 && at < end) {
        take(bytes, at + MARK.length);
        at = bytes.indexOf(MARK, at + MARK.length + STAMP_DIGITS);
      }
    },
    onEnd(complete, status) {
      arrivals.streamEnded();
      if (!complete || status !== 200 || events !== command.eventsPerStream) arrivals.failed++;
      done.resolve();
    },
  });
  await done.promise;
};

/** Follows all streams at once. */
export const runEvents = async (command: EventsCommand): Promise<EventsResult> => {
  const arrivals = new Arrivals(command.streams, command.pid);
  await Promise.all(Array.from({ length: command.streams }, () => follow(command, arrivals)));
  return arrivals.result();
};

/** Streams opened at a time, so that no backlog of the listener overflows. */
const OPENED_AT_ONCE = 50;

let held: Bun.Socket[] = [];

/** Opens streams; resolves when each has sent its first bytes. Counts those that did. */
export const holdOpen = async (command: HoldCommand): Promise<{ open: number }> => {
  let open = 0;
  for (let from = 0; from < command.streams; from += OPENED_AT_ONCE) {
    const count = Math.min(OPENED_AT_ONCE, command.streams - from);
    await Promise.all(
      Array.from({ length: count }, async () => {
        const begun = Promise.withResolvers<boolean>();
        const socket = await converse(command, {
          onBody: () => begun.resolve(true),
          onEnd: () => begun.resolve(false),
        });
        if (socket) held.push(socket);
        if (await begun.promise) open++;
      }),
    );
  }
  return { open };
};

/** Closes what `holdOpen` opened. */
export const releaseAll = (): { closed: number } => {
  const closed = held.length;
  for (const socket of held) socket.end();
  held = [];
  return { closed };
};
