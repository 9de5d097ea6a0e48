/** Which Prometheus series are read at the moment of a scrape rather than counted? */

import { Counter, Gauge, type Registry } from '#platform/prom-client-parts';
import type { MetricSources, TokenCounts } from '#router/metrics';

const BREAKER_STATE = { closed: 0, 'half-open': 1, open: 2 } as const;

interface Definition {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

const gauge = (registry: Registry, { name, help, labels }: Definition, read: () => readonly Sample[]): void => {
  new Gauge({
    name: `anvil_${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      // What is gone (a tier of an older configuration) has no series any more.
      this.reset();
      for (const [label, value] of read()) this.set({ ...label }, value);
    },
  });
};

const IN_FLIGHT = { name: 'in_flight', help: 'Requests in the router.', labels: [] };
const QUEUE_LENGTH = { name: 'queue_length', help: 'Requests waiting for a tier.', labels: ['tier'] };
const BREAKERS = {
  name: 'breaker_state',
  help: 'Breakers: 0 closed, 1 half-open, 2 open. Without a work class: availability of the tier.',
  labels: ['kind', 'tier', 'work_class'],
};
const SWAP_GROUPS = {
  name: 'swap_group_known',
  help: '0 while nothing fresh is known of the models of a swap group: its multiplexer does not answer.',
  labels: ['group'],
};
const BUILD = { name: 'build_info', help: 'Version of the router and of Bun.', labels: ['version', 'bun'] };
const CONFIG = { name: 'config_info', help: 'The configuration in force.', labels: ['digest', 'mapping', 'mode'] };
const UP_TO_DATE = { name: 'config_up_to_date', help: '0 while a changed configuration is refused.', labels: [] };
const QUEUED = { name: 'decisions_queued', help: 'Decisions in memory, not written.', labels: [] };

const registerDropped = (registry: Registry, dropped: () => number): void => {
  new Counter({
    name: 'anvil_decisions_dropped_total',
    help: 'Decisions lost because they could not be written.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(dropped());
    },
  });
};

const registerTokenCounts = (registry: Registry, counts: () => TokenCounts): void => {
  new Counter({
    name: 'anvil_token_counts_total',
    help: 'Prompts counted for callers: by the engine that would serve them, or estimated.',
    labelNames: ['by'],
    registers: [registry],
    collect() {
      this.reset();
      const { engine, estimate } = counts();
      this.inc({ by: 'engine' }, engine);
      this.inc({ by: 'estimate' }, estimate);
    },
  });
};

/** Adds a series for every source there is. */
export const registerGauges = (registry: Registry, sources: MetricSources): void => {
  const { build, config, inFlight, queues, breakers, decisions, tokenCounts, swapGroups } = sources;
  if (tokenCounts) registerTokenCounts(registry, tokenCounts);
  if (build) gauge(registry, BUILD, () => [[{ ...build }, 1]]);
  if (inFlight) gauge(registry, IN_FLIGHT, () => [[{}, inFlight()]]);
  if (queues) gauge(registry, QUEUE_LENGTH, () => [...queues()].map(({ tier, waiting }) => [{ tier }, waiting]));
  if (swapGroups)
    gauge(registry, SWAP_GROUPS, () => [...swapGroups()].map(({ group, known }) => [{ group }, known ? 1 : 0]));
  if (breakers) {
    gauge(registry, BREAKERS, () =>
      [...breakers()].map(({ kind, tier, workClass = '', state }) => [
        { kind, tier, work_class: workClass },
        BREAKER_STATE[state],
      ]),
    );
  }
  if (config) {
    gauge(registry, CONFIG, () => {
      const { digest, mapping, mode = '' } = config();
      return [[{ digest, mapping, mode }, 1]];
    });
    gauge(registry, UP_TO_DATE, () => [[{}, config().upToDate ? 1 : 0]]);
  }
  if (decisions) {
    gauge(registry, QUEUED, () => [[{}, decisions().queued]]);
    registerDropped(registry, () => decisions().dropped);
  }
};
