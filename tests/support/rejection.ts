/** How to assert a rejection without `expect(…).rejects`, which can block the event loop for up to a second. */

/** The error a promise rejects with. Throws when it resolves. */
export const rejectionOf = async (promise: Promise<unknown>): Promise<Error & { readonly code?: string }> => {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error: error instanceof Error ? error : new Error(String(error)) }),
  );
  if (outcome === undefined) throw new Error('the promise resolved instead of rejecting');
  return outcome.error;
};
