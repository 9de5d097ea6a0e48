/** How does something wait a while, on the given clock, and no longer than somebody wants it to? */
import type { Clock } from '#platform/effects';

/** False when the signal came first, or had come already. */
export const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> => {
  if (signal.aborted) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onAbort = (): void => {
    clock.clearTimeout(timer);
    resolve(false);
  };
  const timer = clock.setTimeout(() => {
    signal.removeEventListener('abort', onAbort);
    resolve(true);
  }, ms);
  signal.addEventListener('abort', onAbort, { once: true });
  return promise;
};
