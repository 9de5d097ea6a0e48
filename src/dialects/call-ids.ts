/** Under which ids do the tool calls of a history go to a tier? Legal ones, each once, and the same for a call's result. */

export interface CallIds {
  /** The model speaks again: results from here on belong to its new calls, and what was never answered stays so. */
  turn(): void;
  /** The id of a call, which is new however often the caller used it before. */
  call(id: string): string;
  /** The id of a result: that of the turn's oldest call under the caller's id that has none yet. */
  result(id: string): string;
}

/** For dialects that put no alphabet on ids; blank ones are none. */
export const visibleId = (id: string): string => (id.trim() === '' ? '' : id);

/** Stands in for an id that is blank, or of which nothing legal is left. */
const NO_ID = 'call';

/**
 * Ids of one request. Some servers number the calls of every answer alike, and services refuse an id that comes twice.
 * The numbering follows from the order alone, so that a conversation begins the same in every turn.
 * @param legal the part of an id that the dialect allows
 * @param lengthMax in characters; a longer id keeps its end, which is where ids differ
 */
export const createCallIds = (legal: (id: string) => string, lengthMax: number): CallIds => {
  const taken = new Set<string>();
  /** The last number given to an id that came again. */
  const numbered = new Map<string, number>();
  const unanswered = new Map<string, string[]>();
  const latest = new Map<string, string>();
  const fresh = (id: string): string => {
    const base = (legal(id) || NO_ID).slice(-lengthMax);
    let number = numbered.get(base) ?? 1;
    let fitting = base;
    // Ends: every round tries another id, and only so many are taken.
    while (taken.has(fitting)) {
      const suffix = `_${++number}`;
      fitting = base.slice(-(lengthMax - suffix.length)) + suffix;
    }
    numbered.set(base, number);
    taken.add(fitting);
    latest.set(id, fitting);
    return fitting;
  };
  return {
    turn: () => unanswered.clear(),
    call(id) {
      const given = fresh(id);
      const waiting = unanswered.get(id);
      if (waiting) waiting.push(given);
      else unanswered.set(id, [given]);
      return given;
    },
    result: (id) => unanswered.get(id)?.shift() ?? latest.get(id) ?? fresh(id),
  };
};
