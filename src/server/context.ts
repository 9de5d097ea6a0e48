/** What every handler of the server may use. */
import type { Multiplexer } from '#multiplexer/multiplexer';
import type { Effects } from '#platform/effects';
import type { Feed } from '#router/events';
import type { TokenCounts } from '#router/metrics';
import type { Router } from '#router/router';
import type { Guard } from '#server/guard';
import type { DecisionReader } from '#store/decision-reader';
import type { DecisionStats } from '#store/decisions';
import type { TokenCounter } from '#upstream/token-count';

export interface ServerContext {
  readonly effects: Effects;
  readonly router: Router;
  readonly feed: Feed;
  /** Fires when the server leaves, to end what would never end by itself. */
  readonly ending: AbortSignal;
  readonly decisions: DecisionReader;
  readonly decisionStats: () => DecisionStats;
  /** Prometheus text and its content type. */
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  /** The guard of the configuration in force. */
  readonly guard: () => Guard;
  readonly tokenCounter: TokenCounter;
  /** Counts of counting; moved by the handler, read by the metrics. */
  readonly tokenCounts: TokenCounts;
  readonly version: string;
  /** The multiplexer in this process, if there is one. */
  readonly multiplexer: () => Multiplexer | undefined;
  readonly onBug: (where: string, error: unknown) => void;
}
