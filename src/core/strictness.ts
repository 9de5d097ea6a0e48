/** Which of two verdicts, hold modes or work classes is the stricter one. */
import type { HoldMode, Verdict } from '#core/tier';
import type { WorkClass } from '#core/work-class';

const VERDICT_RANK: Record<Verdict, number> = { allow: 0, 'allow-with-verify': 1, deny: 2 };

const HOLD_RANK: Record<HoldMode, number> = { none: 0, block: 1, all: 2 };

/** From the class that small models handle best to the one they fail most, as the seed verdicts order them. */
const CLASS_RANK: Record<WorkClass, number> = {
  chat: 0,
  'bounded-edit': 1,
  review: 2,
  'long-context': 3,
  'multi-file-refactor': 4,
  planning: 5,
};

/** 0 for `allow`, 1 for `allow-with-verify`, 2 for `deny`. */
export const verdictRank = (verdict: Verdict): number => VERDICT_RANK[verdict];

export const stricterVerdict = (left: Verdict, right: Verdict): Verdict =>
  VERDICT_RANK[right] > VERDICT_RANK[left] ? right : left;

export const stricterHold = (left: HoldMode, right: HoldMode): HoldMode =>
  HOLD_RANK[right] > HOLD_RANK[left] ? right : left;

export const isStricterClass = (candidate: WorkClass, than: WorkClass): boolean =>
  CLASS_RANK[candidate] > CLASS_RANK[than];
