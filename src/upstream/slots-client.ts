/** What is loaded on GPUs that another multiplexer looks after? Follows its status, and forgets what grows old. */

import { joinBytes } from '#core/bytes';
import type { TierResidency } from '#core/residency';
import type { SlotsStatus } from '#core/slots-status';
import { pause } from '#platform/pause';
import { parseSlotsStatus } from '#upstream/slots-reading';
import { residencyIn } from '#upstream/slots-residency';
import { askWire, type Next, type Wire } from '#upstream/slots-wire';
import { createSseSplitter } from '#upstream/sse';

/** Its heartbeats come every 15 seconds; a line that is silent for longer is dead. */
const SILENCE_MS = 20_000;
/** Without a line to it, a status is believed for so long. */
const FRESH_MS = 10_000;
/** Between two pieces of a status that is asked for whole. */
const PIECE_MS = 10_000;
const POLL_MS = 2_000;
/** Wait before the next try: doubled per failure in a row, up to the maximum. */
const RETRY_MS = 500;
const RETRY_MS_MAX = 15_000;
/** Counted so far that the wait has long reached its maximum. */
const FAILURES_MAX = 16;
/** Bytes of one status. */
const STATUS_BYTES_MAX = 1024 * 1024;

const TOO_LARGE = `its status is larger than ${STATUS_BYTES_MAX} bytes`;

export interface SlotsClientOptions extends Wire {
  /** Told when the reason changes why nothing is known, and `undefined` when something is again. For the operator. */
  readonly onProblem: (problem: string | undefined) => void;
}

export interface SlotsClient {
  /** Undefined while nothing fresh is known. */
  status(): SlotsStatus | undefined;
  /** Undefined also for a model that it does not have. Times count down between two events where something is under way. */
  residency(model: string): TierResidency | undefined;
  /** Hangs up. Idempotent. */
  close(): void;
}

/** Who hears what the multiplexer says. */
interface Ears {
  /** @param live it came over a line that goes on telling */
  status(status: SlotsStatus, live: boolean): void;
  /** The line is alive, and what it said last still holds. */
  heartbeat(): void;
  /** Why nothing is learned. */
  trouble(problem: string): void;
  /** Nobody goes on telling. */
  lineEnded(): void;
}

/** Reads events until the stream ends; every one of them is a whole status. Returns what is wrong, if anything. */
const readEvents = async (next: Next, ears: Ears): Promise<string | undefined> => {
  const splitter = createSseSplitter(STATUS_BYTES_MAX);
  let learned = false;
  for (;;) {
    const chunk = await next(SILENCE_MS);
    if (chunk === undefined) return learned ? undefined : 'it hung up without a word';
    for (const { data } of splitter.push(chunk)) {
      const status = data === '' ? undefined : parseSlotsStatus(data);
      if (status !== undefined) {
        learned = true;
        ears.status(status, true);
      } else if (data !== '') ears.trouble('it sends events that are no status of slots');
      // A heartbeat confirms what this connection has said, nothing older.
      else if (learned) ears.heartbeat();
    }
    if (splitter.overflow) return TOO_LARGE;
  }
};

/** A status in one piece, or what is wrong. */
const readWhole = async (next: Next): Promise<SlotsStatus | string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = await next(PIECE_MS);
    if (chunk === undefined) break;
    size += chunk.length;
    if (size > STATUS_BYTES_MAX) return TOO_LARGE;
    chunks.push(chunk);
  }
  return parseSlotsStatus(new TextDecoder().decode(joinBytes(chunks))) ?? 'what answers there is no multiplexer';
};

/** A multiplexer without events is asked again and again, until it fails: what comes back may be another one. */
const pollUntilTrouble = async (wire: Wire, ending: AbortSignal, ears: Ears): Promise<string | undefined> => {
  while (!ending.aborted) {
    const ended = await askWire(wire, '/v1/slots', 'application/json', ending, async (next) => {
      const found = await readWhole(next);
      if (typeof found === 'string') return found;
      ears.status(found, false);
      return undefined;
    });
    if (ended === 'absent') return 'neither /v1/slots/events nor /v1/slots is there';
    if (ended.problem !== undefined) return ended.problem;
    await pause(wire.clock, POLL_MS, ending);
  }
  return undefined;
};

/** Keeps trying until `ending`. Never rejects. */
const follow = async (wire: Wire, ending: AbortSignal, told: Ears): Promise<void> => {
  let failures = 0;
  const ears: Ears = {
    ...told,
    status(status, live) {
      failures = 0;
      told.status(status, live);
    },
  };
  while (!ending.aborted) {
    const read = (next: Next): Promise<string | undefined> => readEvents(next, ears);
    const ended = await askWire(wire, '/v1/slots/events', 'text/event-stream', ending, read);
    ears.lineEnded();
    const problem = ended === 'absent' ? await pollUntilTrouble(wire, ending, ears) : ended.problem;
    if (ending.aborted) return;
    if (problem !== undefined) ears.trouble(problem);
    await pause(wire.clock, Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** failures), ending);
    failures = Math.min(failures + 1, FAILURES_MAX);
  }
};

/** The newest status, and since when it has been confirmed. */
interface Known {
  readonly status: SlotsStatus;
  /** Clock milliseconds. */
  readonly receivedAt: number;
  heardAt: number;
  /** How long after that it is believed. */
  believedMs: number;
}

/** Follows a multiplexer until `close`. Never throws; what is wrong is told. */
export const createSlotsClient = (options: SlotsClientOptions): SlotsClient => {
  const { clock, onProblem, url } = options;
  const ending = new AbortController();
  let known: Known | undefined;
  let told: string | undefined;

  const tell = (problem: string | undefined): void => {
    if (ending.signal.aborted || problem === told) return;
    told = problem;
    onProblem(problem && `multiplexer at ${url}: ${problem}`);
  };

  void follow(options, ending.signal, {
    status(status, live) {
      const now = clock.now();
      known = { status, receivedAt: now, heardAt: now, believedMs: live ? SILENCE_MS : FRESH_MS };
      tell(undefined);
    },
    heartbeat() {
      if (known) known.heardAt = clock.now();
    },
    trouble: tell,
    lineEnded() {
      if (known) known.believedMs = FRESH_MS;
    },
  });

  const fresh = (): Known | undefined =>
    known !== undefined && clock.now() - known.heardAt <= known.believedMs ? known : undefined;

  return {
    status: () => fresh()?.status,
    residency(model) {
      const found = fresh();
      return found && residencyIn(found.status, model, clock.now() - found.receivedAt);
    },
    close: () => ending.abort(),
  };
};
