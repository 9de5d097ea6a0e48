/** How is what happens to models counted for Prometheus, without loading its client before anybody asks? */
import type { SlotsStatus } from '#core/slots-status';
import type { MetricSet } from '#multiplexer/metrics-set';
import type { MultiplexerEvent } from '#multiplexer/multiplexer';

export interface MultiplexerMetrics {
  /** Counts one event. Never throws. */
  observe(event: MultiplexerEvent): void;
  /** Prometheus text format 0.0.4; every name begins with `anvil_multiplexer_`, so that it can follow a router's. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** Events kept until the client is loaded: by the first scrape, or when there are this many. */
const WAITING_LOAD = 256;
/** Loading takes a few milliseconds; a queue beyond this means that it never ends. */
const WAITING_MAX = 10_000;

/** @param status read at each scrape; undefined while there is no multiplexer yet */
export const createMultiplexerMetrics = (status: () => SlotsStatus | undefined): MultiplexerMetrics => {
  let set: MetricSet | undefined;
  let loading: Promise<MetricSet> | undefined;
  let waiting: MultiplexerEvent[] = [];
  /** Of the scrape under way, which reads it once for all its values. */
  let shot: SlotsStatus | undefined;

  const load = (): Promise<MetricSet> => {
    loading ??= import('#multiplexer/metrics-set').then(({ createMetricSet }) => {
      const made = createMetricSet(() => shot ?? status());
      for (const event of waiting) made.observe(event);
      waiting = [];
      set = made;
      return made;
    });
    return loading;
  };

  return {
    observe(event) {
      if (set) {
        set.observe(event);
        return;
      }
      if (waiting.length < WAITING_MAX) waiting.push(event);
      // A failure to load shows in `render`, where somebody is there to see it.
      if (waiting.length === WAITING_LOAD) load().catch(() => undefined);
    },
    async render() {
      const made = await load();
      shot = status();
      try {
        return await made.render();
      } finally {
        shot = undefined;
      }
    },
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
  };
};
