/** Puts one server together from a configuration: router, evidence, guard and app. Holds no logic of its own. */
import type { DecisionRecord } from '#core/decision';
import { VERSION } from '#core/version';
import { dialects } from '#dialects/dialect';
import type { Effects } from '#platform/effects';
import { type Log, requestLine } from '#platform/log';
import { createFeed } from '#router/events';
import { createMetrics } from '#router/metrics';
import { Router } from '#router/router';
import { createApp } from '#server/app';
import type { Configured } from '#server/configuration';
import type { ServerContext } from '#server/context';
import { createGuard, type Guard } from '#server/guard';
import { type Decisions, openDecisions } from '#store/decisions';
import { createSchemaCompiler } from '#verifiers/schema';

export interface Assembly {
  readonly router: Router;
  readonly decisions: Decisions;
  readonly app: (noIdleLimit: (request: Request) => void) => ReturnType<typeof createApp>;
  /** Puts a new configuration in force, tokens included. */
  replace(configured: Configured): void;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** What metered tiers cost since midnight UTC, so that a restart does not reopen the day's budget. */
const spentToday = (decisions: Decisions, effects: Effects) => {
  const midnight = Math.floor(effects.clock.wall() / DAY_MS) * DAY_MS;
  const { costUsd, meteredTokens } = decisions.summary(midnight);
  return { usd: costUsd, tokens: meteredTokens };
};

export const assemble = (configured: Configured, effects: Effects, log: Log): Assembly => {
  const { generation } = configured;
  const onBug = (where: string, error: unknown): void => log.bug(where, error);
  const feed = createFeed(() => effects.clock.wall());
  const decisions = openDecisions({
    ...generation.settings.store,
    clock: effects.clock,
    onError: (problem) => log.warn('decision store', problem),
  });
  const onRecord = (record: DecisionRecord): void => {
    decisions.append(record);
    metrics.observe(record);
    log.request(requestLine(record));
    feed.publish('decision', record as unknown as Record<string, unknown>);
  };
  const router = new Router({
    effects,
    generation,
    dialects: dialects.byName,
    compileSchema: createSchemaCompiler(),
    feed,
    spentToday: spentToday(decisions, effects),
    onRecord,
    onUnauthorized: (tierId) => log.alarm('a tier refused its key', { tier: tierId }),
    onBug,
  });
  const metrics = createMetrics();
  let guard: Guard = createGuard(configured.tokens);
  const context: ServerContext = {
    effects,
    router,
    feed,
    decisions,
    decisionStats: decisions.stats,
    metrics,
    guard: () => guard,
    version: VERSION,
    onBug,
  };
  return {
    router,
    decisions,
    app: (noIdleLimit) => createApp(context, { all: dialects.all, plain: dialects.byName['openai-chat'] }, noIdleLimit),
    replace(next) {
      guard = createGuard(next.tokens);
      router.replace(next.generation);
    },
  };
};
