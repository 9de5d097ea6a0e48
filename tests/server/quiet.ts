/** When has a server nothing left to do? Callers that leave are noticed a few turns of the event loop later. */
import type { TestServer } from '#tests/support/test-server';

/** Longest wait in milliseconds; a lease that is still held then has leaked. */
const WAIT_MS_MAX = 10_000;

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Looks at a condition once per turn of the event loop. Throws when it does not come true. */
export const until = async (what: string, isTrue: () => boolean): Promise<void> => {
  const end = performance.now() + WAIT_MS_MAX;
  while (performance.now() < end) {
    if (isTrue()) return;
    await turn();
  }
  throw new Error(`it never came true: ${what}`);
};

/** Resolves once no request is in flight and no place of any tier is taken. Throws when one never ends. */
export const quiet = async ({ assembly }: TestServer): Promise<void> => {
  const { admission, generation } = assembly.router;
  await until('nothing in flight', () => {
    const loads = generation.settings.tiers.map(({ id }) => admission.loadOf(id));
    return admission.inFlight() === 0 && loads.every(({ inFlight, waiting }) => inFlight === 0 && waiting === 0);
  });
};
