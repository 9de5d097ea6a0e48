/** Do waits for models on shared GPUs have series of their own, and stay out of what routing is said to add? */
import { expect, test } from 'bun:test';
import type { AttemptRecord, SlotRecord } from '#core/decision';
import { createMetrics } from '#router/metrics';
import { sampleAttempt, sampleRecord } from '#tests/store/sample-record';

/** Series of requests with these attempts, without the prefix of their names. */
const seriesAfter = async (...requests: readonly (readonly AttemptRecord[])[]) => {
  const metrics = createMetrics();
  for (const attempts of requests) metrics.observe(sampleRecord({ attempts }));
  const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const series = new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
  return (name: string): number | undefined => series.get(`anvil_${name}`);
};

const swapped: SlotRecord = { model: 'm', needed: 'swap', waitedMs: 38_000 };

test('a wait is observed by tier and by what had to happen', async () => {
  const value = await seriesAfter(
    [sampleAttempt({ slot: swapped, startedMs: 38_002 })],
    [sampleAttempt({ slot: { ...swapped, needed: 'nothing', waitedMs: 0 } })],
  );
  const label = (needed: string) => `{tier="fast-local",needed="${needed}"}`;
  expect(value(`slot_wait_seconds_sum${label('swap')}`)).toBeCloseTo(38);
  expect(value(`slot_wait_seconds_count${label('nothing')}`)).toBe(1);
  expect(value('slot_wait_seconds_bucket{le="20",tier="fast-local",needed="swap"}')).toBe(0);
  expect(value('slot_wait_seconds_bucket{le="40",tier="fast-local",needed="swap"}')).toBe(1);
});

test('a tier that shares nothing has none of these series', async () => {
  const value = await seriesAfter([sampleAttempt()]);
  expect(value('slot_wait_seconds_count{tier="fast-local",needed="nothing"}')).toBeUndefined();
});

test('refusals and cuts are counted', async () => {
  const value = await seriesAfter([
    sampleAttempt({
      outcome: 'skipped-busy',
      startedMs: 120_003,
      slot: { model: 'm', waitedMs: 120_000, refused: 'wait-limit' },
    }),
    sampleAttempt({ tier: 'heavy-local', outcome: 'broken', slot: { ...swapped, cut: true } }),
  ]);
  expect(value('slot_refusals_total{tier="fast-local",kind="wait-limit"}')).toBe(1);
  expect(value('slot_wait_seconds_sum{tier="fast-local",needed="refused"}')).toBeCloseTo(120);
  expect(value('slot_cuts_total{tier="heavy-local"}')).toBe(1);
});

test('a wait that the record cannot mean moves nothing by more than nothing', async () => {
  const value = await seriesAfter([sampleAttempt({ slot: { ...swapped, waitedMs: Number.NaN } })]);
  expect(value('slot_wait_seconds_sum{tier="fast-local",needed="swap"}')).toBe(0);
  expect(value('added_latency_seconds_sum{part="decide"}')).toBeCloseTo(0.0032);
});

test('neither deciding nor escalating is charged with waiting for a model', async () => {
  const value = await seriesAfter([
    sampleAttempt({
      outcome: 'skipped-busy',
      startedMs: 10_001,
      slot: { model: 'm', waitedMs: 10_000, refused: 'load-failed' },
    }),
    sampleAttempt({ tier: 'two', outcome: 'rejected', startedMs: 48_002, slot: swapped }),
    sampleAttempt({ tier: 'three', startedMs: 50_002, slot: { ...swapped, waitedMs: 1_500 } }),
  ]);
  expect(value('added_latency_seconds_sum{part="decide"}')).toBeCloseTo(0.002);
  expect(value('added_latency_seconds_sum{part="escalate"}')).toBeCloseTo(0.5);
});
