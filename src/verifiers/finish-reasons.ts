/** Which finish reasons explain by themselves that an answer breaks off in the middle of something? */
import type { FinishReason } from '#core/message';

const BROKEN_OFF: ReadonlySet<FinishReason> = new Set([
  'length',
  'context-overflow',
  'content-filter',
  'refusal',
  'pause',
  'stop-sequence',
]);

/** True when an unfinished block says nothing about quality: `not_truncated` judges length, the caller wanted the rest.
 *  An absent or unknown reason is an ordinary end. */
export const breaksOff = (reason: FinishReason | undefined): boolean => reason !== undefined && BROKEN_OFF.has(reason);
