/** Which Prometheus series do models, their loads and those who wait for them move? */
import type { SlotStatus, SlotsStatus } from '#core/slots-status';
import type { SlotState } from '#core/swap';
import type { MultiplexerEvent } from '#multiplexer/multiplexer';
import { Counter, Gauge, Histogram, Registry } from '#platform/prom-client-parts';

export interface MetricSet {
  observe(event: MultiplexerEvent): void;
  render(): Promise<string>;
}

const STATES = {
  empty: 0,
  loading: 1,
  ready: 2,
  draining: 3,
  unloading: 4,
  asleep: 5,
  failed: 6,
} as const satisfies Record<SlotState, number>;

/** Seconds. A turn is had at once, a big model loads for minutes. */
const WAIT_BUCKETS = [0.005, 0.05, 0.25, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640];
const CHANGE_BUCKETS = [0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640];

const PREFIX = 'anvil_multiplexer_';

const seconds = (ms: number): number => (Number.isFinite(ms) && ms > 0 ? ms / 1_000 : 0);

type Read = (status: SlotsStatus) => readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];

const perSlot =
  (value: (slot: SlotStatus) => number): Read =>
  ({ slots }) =>
    slots.map((slot) => [{ model: slot.model }, value(slot)]);

interface Reading {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: Read;
}

const GAUGES: readonly Reading[] = [
  {
    name: 'slot_state',
    help: `State of a model's place: ${Object.entries(STATES)
      .map(([state, value]) => `${value} ${state}`)
      .join(', ')}.`,
    labels: ['model'],
    read: perSlot(({ state }) => STATES[state]),
  },
  { name: 'leases', help: 'Requests being served.', labels: ['model'], read: perSlot(({ leases }) => leases) },
  {
    name: 'waiting',
    help: 'Requests that wait for a model.',
    labels: ['model'],
    read: perSlot(({ waiting }) => waiting),
  },
  {
    name: 'oldest_wait_seconds',
    help: 'How long the oldest of them has waited.',
    labels: ['model'],
    read: perSlot(({ oldest_wait_ms: ms }) => seconds(ms)),
  },
  {
    name: 'ready_in_seconds',
    help: 'Until a request that came now would be served, as far as times were measured.',
    labels: ['model'],
    read: perSlot(({ ready_in_ms: ms }) => seconds(ms)),
  },
  {
    name: 'gpu_taken_bytes',
    help: 'Memory of a GPU that loaded and sleeping models are declared to take.',
    labels: ['gpu'],
    read: ({ gpus }) => gpus.map(({ id, taken_mib: mib }) => [{ gpu: id }, mib * 1024 * 1024]),
  },
];

/** Counted by the multiplexer itself. */
const COUNTERS: readonly Reading[] = [
  {
    name: 'swaps_total',
    help: 'Slots vacated or filled by the scheduler, by reason.',
    labels: ['reason'],
    read: ({ swaps }) => Object.entries(swaps.by_reason).map(([reason, count]) => [{ reason }, count ?? 0]),
  },
  {
    name: 'cut_total',
    help: 'Answers cut by a drain that lasted too long.',
    labels: [],
    read: ({ swaps }) => [[{}, swaps.cut]],
  },
];

/** The head of a metric. */
const named = (registry: Registry, name: string, help: string, labelNames: readonly string[]) => ({
  name: PREFIX + name,
  help,
  labelNames: [...labelNames],
  registers: [registry],
});

const registerReadings = (registry: Registry, status: () => SlotsStatus | undefined): void => {
  const readWith = (read: Reading['read']) => {
    const now = status();
    return now === undefined ? [] : read(now);
  };
  for (const { name, help, labels, read } of GAUGES)
    new Gauge({
      ...named(registry, name, help, labels),
      collect() {
        this.reset();
        for (const [label, value] of readWith(read)) this.set({ ...label }, value);
      },
    });
  for (const { name, help, labels, read } of COUNTERS)
    new Counter({
      ...named(registry, name, help, labels),
      collect() {
        this.reset();
        for (const [label, value] of readWith(read)) this.inc({ ...label }, value);
      },
    });
};

const counter = (registry: Registry, name: string, help: string, labelNames: readonly string[]) =>
  new Counter(named(registry, name, help, labelNames));

const histogram = (
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  buckets: readonly number[],
) => new Histogram({ ...named(registry, name, help, labelNames), buckets: [...buckets] });

/** What events move. Labels are names of the registry and words of ours, so their number is bounded. */
const registerEvents = (registry: Registry): ((event: MultiplexerEvent) => void) => {
  const waits = histogram(registry, 'wait_seconds', 'From asking to getting a lease.', ['model'], WAIT_BUCKETS);
  const loads = histogram(
    registry,
    'load_seconds',
    'Until a model was ready: load from nothing, wake from sleep, adopt one that ran already.',
    ['model', 'how'],
    CHANGE_BUCKETS,
  );
  const drains = histogram(
    registry,
    'drain_seconds',
    'Wait for running answers before a model was vacated.',
    ['model'],
    CHANGE_BUCKETS,
  );
  const refusals = counter(registry, 'refusals_total', 'Requests that got no lease, by kind.', ['model', 'kind']);
  const loadFailures = counter(registry, 'load_failures_total', 'Loads that failed.', ['model']);
  const crashes = counter(registry, 'crashes_total', 'Servers that ended by themselves after they were ready.', [
    'model',
  ]);
  const stuck = counter(registry, 'stuck_total', 'Servers that could not be removed.', ['model']);

  return (event) => {
    const { model } = event;
    switch (event.kind) {
      case 'granted':
        waits.observe({ model }, seconds(event.waitedMs));
        return;
      case 'loaded':
        loads.observe({ model, how: event.adopted ? 'adopt' : event.woken ? 'wake' : 'load' }, seconds(event.ms));
        return;
      case 'vacated':
        drains.observe({ model }, seconds(event.drainedMs));
        return;
      case 'load-failed':
        loadFailures.inc({ model });
        return;
      case 'crashed':
        crashes.inc({ model });
        return;
      case 'stuck':
        stuck.inc({ model });
        return;
      case 'refused':
        // The name of an unknown model is the caller's own text.
        refusals.inc({ model: event.refused === 'unknown-model' ? 'other' : model, kind: event.refused });
        return;
      default:
        event satisfies never;
    }
  };
};

/** Series in a registry of their own. */
export const createMetricSet = (status: () => SlotsStatus | undefined): MetricSet => {
  const registry = new Registry();
  registerReadings(registry, status);
  return { observe: registerEvents(registry), render: () => registry.metrics() };
};
