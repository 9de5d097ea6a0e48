/** The signals that steer a running server, and the errors that nobody caught. */

export interface SignalHandlers {
  /** SIGTERM or SIGINT; called again when it comes again. */
  readonly leave: (signal: string) => void;
  /** SIGHUP. */
  readonly reload: () => void;
  /** An exception or rejection that nobody caught: a bug. */
  readonly uncaught: (error: unknown) => void;
}

/** Installs the handlers for the life of the process; the returned function removes them. */
export const onSignals = (handlers: SignalHandlers): (() => void) => {
  const { reload, uncaught } = handlers;
  const terminate = (): void => handlers.leave('SIGTERM');
  const interrupt = (): void => handlers.leave('SIGINT');
  process.on('SIGTERM', terminate).on('SIGINT', interrupt).on('SIGHUP', reload);
  process.on('uncaughtException', uncaught).on('unhandledRejection', uncaught);
  return () => {
    process.off('SIGTERM', terminate).off('SIGINT', interrupt).off('SIGHUP', reload);
    process.off('uncaughtException', uncaught).off('unhandledRejection', uncaught);
  };
};

/**
 * The first SIGTERM or SIGINT, for a verb that has something to put in order; another one ends the process as it would any.
 * @returns stops listening
 */
export const onLeave = (leave: () => void): (() => void) => {
  const stopListening = (): void => void process.off('SIGTERM', once).off('SIGINT', once);
  const once = (): void => {
    stopListening();
    leave();
  };
  process.on('SIGTERM', once).on('SIGINT', once);
  return stopListening;
};
