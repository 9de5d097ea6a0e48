/** What has been swapped for what, why, and how often? The newest notes and the counts. */
import type { SlotsStatus, SwapNote } from '#core/slots-status';
import type { SwapReason } from '#core/swap';
import type { Clock } from '#platform/effects';

export interface Vacated {
  readonly model: string;
  readonly why: SwapReason;
  readonly drainedMs: number;
  readonly cut: number;
}

export interface History {
  /** A model has left; with `room` its note is written when that model has been loaded, or could not be. */
  vacated(vacated: Vacated, room: string | undefined): void;
  /** Answers were cut although nothing was vacated: the server could not be removed, or runs on. */
  cutOnly(count: number): void;
  /** A model has come up. */
  loaded(model: string, why: SwapReason): void;
  /** The model for which room was made did not come. Returns who had made it. */
  missed(model: string): readonly string[];
  status(): SlotsStatus['swaps'];
  /** Of one model since the start. */
  loadsOf(model: string): number;
  crashed(model: string): void;
  crashesOf(model: string): number;
}

const NOTES_MAX = 50;

export const createHistory = (clock: Clock): History => {
  let notes: readonly SwapNote[] = [];
  let total = 0;
  let cut = 0;
  const byReason = new Map<SwapReason, number>();
  const loads = new Map<string, number>();
  const crashes = new Map<string, number>();
  /** Vacated for a model that has not come yet. */
  const pending = new Map<string, readonly Vacated[]>();

  const note = (out: readonly Vacated[], into: string | null, why: SwapReason): void => {
    total += 1;
    byReason.set(why, (byReason.get(why) ?? 0) + 1);
    const next: SwapNote = {
      at: clock.wall(),
      out: out.length === 0 ? null : out.map(({ model }) => model).join(', '),
      in: into,
      why,
      drained_ms: Math.round(Math.max(0, ...out.map(({ drainedMs }) => drainedMs))),
      cut: out.reduce((sum, vacated) => sum + vacated.cut, 0),
    };
    notes = [next, ...notes].slice(0, NOTES_MAX);
  };
  const take = (model: string): readonly Vacated[] => {
    const out = pending.get(model) ?? [];
    pending.delete(model);
    return out;
  };

  return {
    vacated(vacated, room) {
      cut += vacated.cut;
      if (room === undefined) note([vacated], null, vacated.why);
      else pending.set(room, [...(pending.get(room) ?? []).filter(({ model }) => model !== vacated.model), vacated]);
    },
    cutOnly(count) {
      cut += count;
    },
    loaded(model, why) {
      loads.set(model, (loads.get(model) ?? 0) + 1);
      const out = take(model);
      note(out, model, out[0]?.why ?? why);
    },
    missed(model) {
      const out = take(model);
      if (out.length > 0) note(out, null, out[0]?.why ?? 'demand');
      return out.map((vacated) => vacated.model);
    },
    status: () => ({ total, by_reason: Object.fromEntries(byReason), cut, last: notes }),
    loadsOf: (model) => loads.get(model) ?? 0,
    crashed(model) {
      crashes.set(model, (crashes.get(model) ?? 0) + 1);
    },
    crashesOf: (model) => crashes.get(model) ?? 0,
  };
};
