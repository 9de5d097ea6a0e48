/** What stands between a place on a tier and asking it: its model has to be loaded, and somebody has to answer there. */
import type { SlotRecord } from '#core/decision';
import type { AttemptFailure } from '#core/failure';
import type { Settings } from '#core/settings';
import { isSlotRefusal, type SlotLease, type SlotRefusal } from '#core/slot-lease';
import type { Tier } from '#core/tier';
import type { Clock } from '#platform/effects';
import type { Lease, Refusal } from '#router/admission';
import type { Runtime } from '#router/exchange';

/** Why there was no place, in words for the record. */
export const NO_PLACE: Record<Refusal, string> = {
  full: 'its queue is full',
  timeout: 'no place came free in time',
  aborted: 'the caller went away',
};

/** A tier that may be asked now. Its lease gives back the place and the model, both once. */
export interface Seat {
  readonly lease: Lease;
  /** How it came by its model; absent where the tier shares no GPU, or its multiplexer is elsewhere. */
  readonly slot?: SlotRecord;
  /** Aborted when its model has to go although the answer has not ended. */
  readonly cut?: AbortSignal;
}

/** A tier that cannot be asked now. Everything has been given back. */
export interface Unseated {
  readonly unseated: 'skipped-busy' | 'skipped-unavailable';
  readonly failure: AttemptFailure;
  readonly slot?: SlotRecord;
}

/** A seat that has to be waited for. */
export interface Seating {
  /** Never rejects. */
  readonly done: Promise<Seat | Unseated>;
  /** Ends the wait; what was held is given back. Idempotent. */
  giveUp(): void;
}

export const isUnseated = (seat: Seat | Unseated): seat is Unseated => 'unseated' in seat;

/** Aborted, so that a model given in the same moment is not kept. */
const GONE: Unseated = {
  unseated: 'skipped-busy',
  failure: { kind: 'busy', detail: 'the wait for its model was given up' },
};

const refusedText = ({ message, position }: SlotRefusal): string =>
  position === undefined ? message : `${message} (position ${position + 1} in its queue)`;

/** Microseconds are enough for a record. */
const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;

const unseatedBy = (tier: Tier, refusal: SlotRefusal, waitedMs: number): Unseated => ({
  unseated: 'skipped-busy',
  failure: {
    kind: 'busy',
    detail: refusedText(refusal),
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
  },
  slot: { model: tier.model ?? tier.id, waitedMs: rounded(waitedMs), refused: refusal.refused },
});

const both = (place: Lease, slot: SlotLease): Lease => ({
  release() {
    slot.release();
    place.release();
  },
});

/** Whom a seat is for. */
export interface Sitter {
  readonly id: string;
  readonly request: { readonly stream: boolean };
  readonly swapGroups: Settings['swapGroups'];
  /** A model has been waited for so long that a caller who streams has to be told that somebody is there. */
  readonly onLongWait: () => void;
}

/** Starts the wait for that moment; returns how to end it. */
const remindLater = (tier: Tier, clock: Clock, { request, swapGroups, onLongWait }: Sitter): (() => void) => {
  const afterMs = swapGroups.find(({ name }) => name === tier.swapGroup)?.keepaliveAfterMs;
  if (afterMs === undefined || !request.stream) return () => {};
  const timer = clock.setTimeout(onLongWait, afterMs);
  return () => clock.clearTimeout(timer);
};

const waitForModel = (
  tier: Tier,
  place: Lease,
  { slots, clock }: Pick<Runtime, 'slots' | 'clock'>,
  sitter: Sitter,
): Seating | undefined => {
  const stop = new AbortController();
  const since = clock.now();
  const asked = slots?.acquire(tier, { requestId: sitter.id, signal: stop.signal });
  if (!asked) return undefined;
  const stopReminding = remindLater(tier, clock, sitter);
  const done = asked.then((got): Seat | Unseated => {
    stopReminding();
    if (isSlotRefusal(got)) {
      place.release();
      return unseatedBy(tier, got, clock.now() - since);
    }
    if (stop.signal.aborted) {
      got.release();
      return GONE;
    }
    const { model, needed, waitedMs, cut } = got;
    return { lease: both(place, got), slot: { model, needed, waitedMs: rounded(waitedMs) }, cut };
  });
  return {
    done,
    giveUp() {
      stopReminding();
      stop.abort();
      place.release();
    },
  };
};

/** Where the multiplexer is elsewhere the attempt itself waits for the model: until it is given back, or the model is there. */
const reminding = (
  tier: Tier,
  place: Lease,
  { slots, clock }: Pick<Runtime, 'slots' | 'clock'>,
  sitter: Sitter,
): Lease => {
  const stop = remindLater(tier, clock, {
    ...sitter,
    onLongWait: () => {
      if (slots?.residency(tier)?.needs !== 'nothing') sitter.onLongWait();
    },
  });
  return {
    release() {
      stop();
      place.release();
    },
  };
};

const lookForIt = (tier: Tier, place: Lease, { presence }: Pick<Runtime, 'presence'>): Seating | undefined => {
  const looking = presence.check(tier);
  if (!looking) return undefined;
  return {
    done: looking.then((failure): Seat | Unseated => {
      if (!failure) return { lease: place };
      place.release();
      return { unseated: 'skipped-unavailable', failure };
    }),
    giveUp: () => place.release(),
  };
};

/**
 * The seat itself when the tier may be asked at once. A model that shares a GPU of this process is waited for, and whoever
 * lends it has seen it answer; any other tier is looked for unless it answered lately.
 * @param sitter built only for a tier that shares its GPU
 */
export const takeSeat = (
  tier: Tier,
  place: Lease,
  runtime: Pick<Runtime, 'slots' | 'clock' | 'presence'>,
  sitter: () => Sitter,
): Seating | Seat => {
  if (tier.swapGroup === undefined) return lookForIt(tier, place, runtime) ?? { lease: place };
  const whom = sitter();
  const waiting = waitForModel(tier, place, runtime, whom);
  if (waiting) return waiting;
  const lease = reminding(tier, place, runtime, whom);
  return lookForIt(tier, lease, runtime) ?? { lease };
};
