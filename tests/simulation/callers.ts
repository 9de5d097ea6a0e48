/** How simulated callers behave: patient, slow, gone at any moment, or silent while the answer waits for them. */
import type { SimulatedRequest } from '#tests/simulation/requests';
import type { Random } from '#tests/support/random';

export type Manner = 'reads' | 'slow reader' | 'leaves before the head' | 'leaves at an event' | 'never reads';

/** What one caller saw of one request. */
export interface Visit {
  readonly request: SimulatedRequest;
  readonly manner: Manner;
  /** Id of its decision; '' when the caller could not learn it. */
  readonly decision: string;
  /** Absent when the caller left before there was a response. */
  readonly status?: number;
  readonly headers: Headers;
  readonly body: string;
  /** `broken`: the body failed instead of ending, which no caller may ever see. */
  readonly ended: 'complete' | 'left' | 'broken';
}

export interface Posted {
  /** Known at once where the caller sits in the router's own process. */
  readonly decision?: string;
  readonly response: Promise<Response>;
}

export interface CallerWorld {
  readonly post: (request: SimulatedRequest, signal: AbortSignal) => Posted;
  /** Waits on the clock of the run. */
  readonly pause: (ms: number) => Promise<void>;
  /** Resolves when the decision is on record. */
  readonly recorded: (decision: string) => Promise<unknown>;
}

/** The manner of a request that is read to its end, three times in four. */
export const planManner = (random: Random): Manner =>
  random.chance(0.75)
    ? 'reads'
    : random.pick(['slow reader', 'leaves before the head', 'leaves at an event', 'leaves at an event', 'never reads']);

interface Reading {
  readonly body: string;
  readonly ended: Visit['ended'];
}

/** @param chunksMax chunks after which the caller has seen enough */
const readBody = async (
  response: Response,
  chunksMax: number,
  pause: () => Promise<void> | undefined,
  leave: () => void,
): Promise<Reading> => {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let body = '';
  if (!reader) return { body, ended: 'complete' };
  for (let chunks = 0; chunks < chunksMax; chunks++) {
    await pause();
    const step = await reader.read().catch(() => undefined);
    if (step === undefined) return { body, ended: 'broken' };
    if (step.done) return { body: body + decoder.decode(), ended: 'complete' };
    body += decoder.decode(step.value, { stream: true });
  }
  leave();
  await reader.cancel().catch(() => undefined);
  return { body, ended: 'left' };
};

/** Makes one request in the given manner. Resolves when the caller is done with it; never rejects. */
export const visit = async (
  request: SimulatedRequest,
  manner: Manner,
  random: Random,
  world: CallerWorld,
): Promise<Visit> => {
  const controller = new AbortController();
  const leave = (): void => controller.abort(new Error('the caller left'));
  const posted = world.post(request, controller.signal);
  const pending = posted.response.catch(() => undefined);
  const known = { request, manner, decision: posted.decision ?? '', headers: new Headers(), body: '' };
  if (manner === 'leaves before the head') {
    await Promise.race([world.pause(random.integer(0, 3_000)), pending]);
    leave();
    await (await pending)?.body?.cancel().catch(() => undefined);
    return { ...known, ended: 'left' };
  }
  const response = await pending;
  if (!response) return { ...known, ended: 'broken' };
  const { status, headers } = response;
  const decision = posted.decision ?? headers.get('x-anvil-decision') ?? '';
  if (manner === 'never reads') await world.recorded(decision);
  const chunksMax = manner === 'leaves at an event' ? random.integer(0, 12) : Number.POSITIVE_INFINITY;
  const slow = (): Promise<void> | undefined =>
    random.chance(0.4) ? world.pause(random.integer(0, 1_500)) : undefined;
  const read = await readBody(response, chunksMax, manner === 'slow reader' ? slow : () => undefined, leave);
  return { ...known, decision, status, headers, ...read };
};
