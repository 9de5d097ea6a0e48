/** How are finished requests counted for Prometheus, without loading its client before anybody asks? */
import type { DecisionRecord } from '#core/decision';
import type { MetricSet } from '#router/metric-set';

/** Who counted: the engine that would serve the prompt, or our estimate of it. */
export interface TokenCounts {
  engine: number;
  estimate: number;
}

/** Where gauges get their values at a scrape; a source that is absent has no series. */
export interface MetricSources {
  readonly build?: { readonly version: string; readonly bun: string };
  /** Requests in the router. */
  readonly inFlight?: () => number;
  readonly queues?: () => Iterable<{ readonly tier: string; readonly waiting: number }>;
  readonly breakers?: () => Iterable<{
    readonly kind: 'availability' | 'quality';
    readonly tier: string;
    readonly workClass?: string;
    readonly state: 'closed' | 'half-open' | 'open';
  }>;
  /** Declared swap groups, and whether anything fresh is known of their models. */
  readonly swapGroups?: () => Iterable<{ readonly group: string; readonly known: boolean }>;
  readonly config?: () => {
    readonly digest: string;
    readonly mapping: string;
    readonly mode?: string;
    /** False while a changed configuration is refused and the old one serves on. */
    readonly upToDate: boolean;
  };
  /** Prompts counted for callers without being served. */
  readonly tokenCounts?: () => TokenCounts;
  readonly decisions?: () => { readonly dropped: number; readonly queued: number };
}

export interface Metrics {
  /** Counts one finished request. Never throws. */
  observe(record: DecisionRecord): void;
  /** Prometheus text format 0.0.4. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** Records counted together: the code that counts runs far cheaper in a row than once between two requests. */
const COUNTED_TOGETHER = 64;
/** Records kept until the client is loaded: by the first scrape, or when there are this many. */
const WAITING_LOAD = 256;
/** Loading takes a few milliseconds; a queue beyond this means that it never ends. */
const WAITING_MAX = 10_000;

/**
 * Counts in memory only, at the latest at the scrape that asks. The client library is loaded at the first scrape, not at
 * the start: it would be a fifth of the time to the first answer.
 */
export const createMetrics = (sources: MetricSources = {}): Metrics => {
  let set: MetricSet | undefined;
  let loading: Promise<MetricSet> | undefined;
  let waiting: DecisionRecord[] = [];

  const count = (into: MetricSet): MetricSet => {
    const records = waiting;
    waiting = [];
    for (const record of records) into.observe(record);
    return into;
  };

  const load = (): Promise<MetricSet> => {
    loading ??= import('#router/metric-set').then(({ createMetricSet }) => {
      set = createMetricSet(sources);
      return count(set);
    });
    return loading;
  };

  return {
    observe(record) {
      if (waiting.length < WAITING_MAX) waiting.push(record);
      if (set) {
        if (waiting.length >= COUNTED_TOGETHER) count(set);
        return;
      }
      // A failure to load shows in `render`, where somebody is there to see it.
      if (waiting.length === WAITING_LOAD) load().catch(() => undefined);
    },
    render: async () => count(await load()).render(),
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
  };
};
