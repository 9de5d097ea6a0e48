/** Which line of the log does each event of the multiplexer leave? */
import type { MultiplexerEvent } from '#multiplexer/multiplexer';
import type { Log } from '#platform/log';

/** Lines of a server's output in one line of ours. */
const LINES_LOGGED_MAX = 20;

const rounded = (ms: number): number => Math.round(ms);

/** Levels by what a person has to do: nothing (debug, info), look at it (warn), mend something (error). */
export const logEvent = (log: Log, event: MultiplexerEvent): void => {
  const { model } = event;
  switch (event.kind) {
    case 'granted':
      log.debug('lease granted', { model, waitedMs: rounded(event.waitedMs) });
      return;
    case 'loaded': {
      const { ms, woken, adopted, why } = event;
      log.info(adopted ? 'model taken over, it ran already' : woken ? 'model woken' : 'model loaded', {
        model,
        ms: rounded(ms),
        why,
      });
      return;
    }
    case 'vacated': {
      const { to, why, drainedMs, cut } = event;
      const fields = { model, to, why, for: event.for, drainedMs: rounded(drainedMs), cut };
      if (cut > 0) log.warn('model vacated; answers were cut, the drain lasted too long', fields);
      else log.info('model vacated', fields);
      return;
    }
    case 'load-failed':
      log.error('model could not be loaded', { model, detail: event.detail, lines: lastOf(event.lines) });
      return;
    case 'crashed':
      log.error('model server ended by itself', { model, detail: event.detail, lines: lastOf(event.lines) });
      return;
    case 'stuck':
      log.error('model server cannot be removed; its memory stays taken', { model, detail: event.detail });
      return;
    case 'refused':
      log.warn('request refused', { model, refused: event.refused });
      return;
    default:
      event satisfies never;
  }
};

const lastOf = (lines: readonly string[]): readonly string[] => lines.slice(-LINES_LOGGED_MAX);
