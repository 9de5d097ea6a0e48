/** Puts one server together from a configuration: router, evidence, guard and app. Holds no logic of its own. */

import { type Amount, isMetered } from '#core/cost';
import type { DecisionRecord } from '#core/decision';
import type { Settings } from '#core/settings';
import { stackOf } from '#core/thrown';
import { VERSION } from '#core/version';
import { dialects } from '#dialects/dialect';
import type { Effects } from '#platform/effects';
import type { Log } from '#platform/log';
import { runtimeInfo } from '#platform/runtime';
import { createSyntax } from '#platform/syntax';
import { createFeed, type Feed } from '#router/events';
import { createMetrics, type MetricSources, type Metrics, type TokenCounts } from '#router/metrics';
import { Router } from '#router/router';
import { createApp } from '#server/app';
import type { Configured } from '#server/configuration';
import type { ServerContext } from '#server/context';
import type { IdleLimit } from '#server/generate';
import { createGuard, type Guard } from '#server/guard';
import type { Slots } from '#server/slots';
import { type Decisions, openDecisions } from '#store/decisions';
import { createTokenCounter } from '#upstream/token-count';
import { createSchemaCompiler } from '#verifiers/schema';

export interface Assembly {
  readonly router: Router;
  readonly decisions: Decisions;
  /** What operators watch. */
  readonly feed: Feed;
  readonly app: (idle: IdleLimit) => ReturnType<typeof createApp>;
  /** Puts a new configuration in force, tokens included. */
  replace(configured: Configured): void;
  /** Tells that a new configuration was refused; the one in force stays. */
  refuse(reason: string): void;
  /** Ends the event feeds, which never end by themselves. */
  endFeeds(): void;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** What metered tiers cost since midnight UTC, so that a restart does not reopen the day's budget. */
const spentToday = (decisions: Decisions, settings: Settings, effects: Effects): Amount => {
  const midnight = Math.floor(effects.clock.wall() / DAY_MS) * DAY_MS;
  const { costUsd, byTier } = decisions.summary(midnight);
  const metered = settings.tiers.filter(isMetered);
  return { usd: costUsd, tokens: metered.reduce((sum, { id }) => sum + (byTier[id]?.tokens ?? 0), 0) };
};

/** Everything secret in a configuration, for the log to mask wherever it turns up. */
const secretsOf = ({ tokens, generation }: Configured): readonly string[] => [
  ...tokens.map(({ secret }) => secret),
  ...generation.keys.values(),
];

const metricSources = (router: Router, decisions: Decisions, upToDate: () => boolean): MetricSources => ({
  build: { version: VERSION, bun: runtimeInfo().bun },
  inFlight: () => router.admission.inFlight(),
  queues: () =>
    router.generation.settings.tiers.map(({ id }) => ({ tier: id, waiting: router.admission.loadOf(id).waiting })),
  breakers: () => router.breakers.snapshot(),
  swapGroups: () =>
    Object.entries(router.slots?.groups() ?? {}).map(([group, status]) => ({ group, known: status !== undefined })),
  config: () => {
    const { digest, mappingVersion: mapping, mode } = router.generation.settings;
    return { digest, mapping, upToDate: upToDate(), ...(mode === undefined ? {} : { mode }) };
  },
  decisions: decisions.stats,
});

/** One page: the router's own, and that of the multiplexers in this process. */
const renderAll = async (metrics: Metrics, slots: Pick<Slots, 'metrics'> | undefined): Promise<string> =>
  (await metrics.render()) + ((await slots?.metrics()) ?? '');

/** @param slots lends models that share a GPU; absent: nothing is known of any */
export const assemble = (
  configured: Configured,
  effects: Effects,
  log: Log,
  slots?: Pick<Slots, 'source' | 'metrics'> & Partial<Pick<Slots, 'local'>>,
): Assembly => {
  const { generation } = configured;
  log.setSecrets(secretsOf(configured));
  const onBug = (where: string, error: unknown): void => log.error('bug', { where, stack: stackOf(error) });
  const feed = createFeed(() => effects.clock.wall());
  const decisions = openDecisions({
    ...generation.settings.store,
    clock: effects.clock,
    onError: (problem) => log.warn('decision store', { ...problem }),
  });
  const onRecord = (record: DecisionRecord): void => {
    decisions.append(record);
    metrics.observe(record);
    log.request(record);
    feed.publish('decision', record as unknown as Record<string, unknown>);
  };
  const router = new Router({
    effects,
    generation,
    dialects,
    slots: slots?.source,
    compileSchema: createSchemaCompiler(),
    syntax: createSyntax(undefined, (problem) => log.warn('code checks', { problem })),
    feed,
    spentToday: spentToday(decisions, generation.settings, effects),
    onRecord,
    onUnauthorized: (tierId) =>
      log.error('a tier refused its key: correct the variable named by its auth_env and reload', { tier: tierId }),
    onBug,
  });
  let upToDate = true;
  const tokenCounts: TokenCounts = { engine: 0, estimate: 0 };
  const metrics = createMetrics({
    ...metricSources(router, decisions, () => upToDate),
    tokenCounts: () => tokenCounts,
  });
  const ending = new AbortController();
  let guard: Guard = createGuard(configured.tokens);
  const context: ServerContext = {
    effects,
    router,
    feed,
    ending: ending.signal,
    decisions,
    decisionStats: decisions.stats,
    metrics: { contentType: metrics.contentType, render: () => renderAll(metrics, slots) },
    guard: () => guard,
    tokenCounter: createTokenCounter(effects.clock),
    tokenCounts,
    version: VERSION,
    multiplexer: () => slots?.local?.(),
    onBug,
  };
  return {
    router,
    decisions,
    feed,
    app: (idle) => createApp(context, { all: Object.values(dialects), plain: dialects['openai-chat'] }, idle),
    replace(next) {
      guard = createGuard(next.tokens);
      log.setSecrets(secretsOf(next));
      router.replace(next.generation);
      upToDate = true;
    },
    refuse(reason) {
      upToDate = false;
      router.refused(reason);
    },
    endFeeds: () => ending.abort(),
  };
};
