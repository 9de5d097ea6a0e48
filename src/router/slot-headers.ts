/** How did a tier behind a multiplexer elsewhere come by its model, or why was it refused? As the headers of its reply tell. */
import type { SlotRecord } from '#core/decision';
import type { AttemptFailure } from '#core/failure';
import { NEEDS, type Need, type SlotRefusalKind } from '#core/slot-lease';
import type { Tier } from '#core/tier';

const isNeeded = (word: string): word is Need => Object.hasOwn(NEEDS, word);

/** A day: no multiplexer lets anybody wait longer. */
const WAITED_MS_MAX = 86_400_000;

/** Undefined for a tier without a swap group, and where the head had left before there was a model. */
export const slotInHeaders = ({ swapGroup, model, id }: Tier, headers: Headers): SlotRecord | undefined => {
  if (swapGroup === undefined) return undefined;
  const needed = headers.get('x-anvil-slot-needed') ?? '';
  const waitedMs = Number(headers.get('x-anvil-slot-waited-ms') ?? Number.NaN);
  if (!isNeeded(needed) || !(waitedMs >= 0 && waitedMs <= WAITED_MS_MAX)) return undefined;
  return { model: model ?? id, needed, waitedMs, elsewhere: true };
};

/** Those that say nothing against the tier, in words for the operator; an unknown model is a mistake in the configuration. */
const REFUSED: Readonly<Record<Exclude<SlotRefusalKind, 'aborted' | 'unknown-model'>, string>> = {
  'queue-full': 'as many requests wait at its multiplexer as may',
  'wait-limit': 'its model cannot be had within the wait bound of its multiplexer',
  'load-failed': 'its model could not be loaded; see the log of its multiplexer',
  'no-memory': 'its multiplexer has too little host memory to load its model',
  unavailable: 'its multiplexer leaves or has just begun',
};

const isRefused = (word: string): word is keyof typeof REFUSED => Object.hasOwn(REFUSED, word);

export interface RefusedElsewhere {
  readonly slot: SlotRecord;
  readonly failure: Pick<AttemptFailure, 'kind' | 'detail'>;
}

/** @param waitedMs from asking to the reply; undefined where the reply is no refusal of a model */
export const refusalInHeaders = (
  { swapGroup, model, id }: Tier,
  headers: Headers,
  waitedMs: number,
): RefusedElsewhere | undefined => {
  if (swapGroup === undefined) return undefined;
  const refused = headers.get('x-anvil-slot-refused') ?? '';
  if (!isRefused(refused)) return undefined;
  return {
    slot: { model: model ?? id, refused, waitedMs, elsewhere: true },
    failure: { kind: 'busy', detail: REFUSED[refused] },
  };
};
