/** Which decisions are in memory, oldest first, when there may only be so many? */
import type { DecisionRecord } from '#core/decision';

export interface DecisionQueue {
  readonly length: number;
  /** Adds the newest; false when the oldest had to go for it. */
  push(record: DecisionRecord): boolean;
  /** Up to `count` of the oldest, left in place. */
  oldest(count: number): DecisionRecord[];
  /** Removes `count` of the oldest. */
  discard(count: number): void;
  /** All, oldest first. */
  all(): DecisionRecord[];
  find(id: string): DecisionRecord | undefined;
}

/** A first-in-first-out queue of at most `max` records; every operation but `all` and `find` is O(1) amortised. */
export const createDecisionQueue = (max: number): DecisionQueue => {
  let records: DecisionRecord[] = [];
  let head = 0;
  const discard = (count: number): void => {
    head = Math.min(head + count, records.length);
    // Gone records are held until they are half of the array; then it is copied once.
    if (head >= 64 && head * 2 >= records.length) {
      records = records.slice(head);
      head = 0;
    }
  };
  return {
    get length() {
      return records.length - head;
    },
    push(record) {
      records.push(record);
      if (records.length - head <= max) return true;
      discard(1);
      return false;
    },
    oldest: (count) => records.slice(head, head + count),
    discard,
    all: () => records.slice(head),
    find: (id) => records.findLast((record, index) => index >= head && record.id === id),
  };
};
