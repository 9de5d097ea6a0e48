/** What does the machine of one request have to know of its plan and of the settings? */
import type { Plan } from '#core/plan';
import type { Settings } from '#core/settings';
import type { RequestInput, RequestPort } from '#machines/request.machine';

/** @param streams whether the caller wants a stream: only then can anything be said before the answer */
export const machineInput = (
  { candidates, hinted = 0 }: Plan,
  { attempts, repair, hold }: Settings,
  streams: boolean,
  port: RequestPort,
): RequestInput => ({
  port,
  candidates: candidates.length,
  hinted,
  attemptsMax: attempts.max,
  reserveLast: attempts.reserveLast,
  askAgainMax: repair.askAgainMax,
  totalMs: attempts.totalMs,
  keepaliveAfterMs: streams ? hold.keepaliveAfterMs : undefined,
});
