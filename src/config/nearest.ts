/** Which known name did the writer most likely mean? */

/** Longer words are not compared: nobody mistypes them, and the work grows with the square. */
const LENGTH_MAX = 64;
/** Names compared; those after them are not suggested. */
const NAMES_MAX = 500;

/**
 * The closest of `names` to `word`, or undefined when none is close: at most one edit per three characters
 * (an insertion, a deletion, a substitution, or a swap of neighbours), else one of which `word` is the first part
 * (`idle` of `idle_seconds`). Case does not count, nor does `-` for `_`.
 */
export const nearestName = (word: string, names: Iterable<string>): string | undefined => {
  const wanted = simplified(word);
  if (wanted.length > LENGTH_MAX) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  let continued: string | undefined;
  let compared = 0;
  for (const name of names) {
    if (++compared > NAMES_MAX) break;
    if (wanted !== '' && simplified(name).startsWith(`${wanted}_`)) continued ??= name;
    const distance = editDistance(wanted, simplified(name), bestDistance);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best ?? continued;
};

const simplified = (word: string): string => word.toLowerCase().replaceAll('-', '_');

/** Optimal string alignment distance; answers `limit` as soon as it is certain not to be less. */
const editDistance = (left: string, right: string, limit: number): number => {
  if (Math.abs(left.length - right.length) >= limit || right.length > LENGTH_MAX) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        (last[column] ?? limit) + 1,
        (current[column - 1] ?? limit) + 1,
        (last[column - 1] ?? limit) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? limit) + 1);
      current.push(cost);
    }
    if (Math.min(...current) >= limit) return limit;
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? limit;
};
