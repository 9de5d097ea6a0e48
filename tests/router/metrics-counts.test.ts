/** Does every finished request move the right series, by the right amount, before and after the client is loaded? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createMetrics, type MetricSources } from '#router/metrics';
import { sampleAttempt, sampleRecord } from '#tests/store/sample-record';

/** Series as `name{labels}` → value. */
const scrape = async (metrics: { render(): Promise<string> }): Promise<Map<string, number>> => {
  const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const cut = line.lastIndexOf(' ');
      return [line.slice(0, cut), Number(line.slice(cut + 1))];
    }),
  );
};

const escalated = sampleRecord({
  servedTier: 'cloud',
  costUsd: 0.5,
  attempts: [
    sampleAttempt({
      startedMs: 2,
      outcome: 'rejected',
      failure: 'rejected',
      usage: { input: 100, output: 10 },
      verifiers: [
        { verifier: 'non-empty', verdict: 'pass', score: 1, costMicros: 1, position: 1 },
        { verifier: 'tool-arguments', verdict: 'fail', code: 'unknown-tool', score: 0, costMicros: 1, position: 9 },
      ],
    }),
    sampleAttempt({
      tier: 'cloud',
      startedMs: 1_002,
      firstPartMs: 1_302,
      verifiers: [],
      usage: { input: 200, output: 20, cacheRead: 150, reasoning: 5 },
      costUsd: 0.5,
    }),
  ],
  stages: { decidedMs: 1.5, firstByteMs: 1_303, endedMs: 4_000 },
});

test('an escalated request: requests, attempts, findings, tokens, cost and latencies', async () => {
  const metrics = createMetrics();
  metrics.observe(escalated);
  const series = await scrape(metrics);
  const value = (name: string): number | undefined => series.get(`anvil_${name}`);
  const request = 'outcome="finished",work_class="planning",source="declared",dialect="anthropic-messages"';
  expect(value(`requests_total{${request}}`)).toBe(1);
  expect(value('attempts_total{tier="fast-local",work_class="planning",outcome="rejected"}')).toBe(1);
  expect(value('attempts_total{tier="cloud",work_class="planning",outcome="served"}')).toBe(1);
  expect(value('attempt_failures_total{tier="fast-local",kind="rejected"}')).toBe(1);
  const finding = 'verifier="tool-arguments",code="unknown-tool",tier="fast-local"';
  expect(value(`verifier_findings_total{${finding}}`)).toBe(1);
  expect([...series.keys()].filter((name) => name.startsWith('anvil_verifier_findings_total'))).toHaveLength(1);
  expect(value('tokens_total{tier="fast-local",kind="input"}')).toBe(100);
  expect(value('tokens_total{tier="cloud",kind="cache_read"}')).toBe(150);
  expect(value('tokens_total{tier="cloud",kind="reasoning"}')).toBe(5);
  expect(value('cost_usd_total{tier="cloud"}')).toBe(0.5);
  expect(value('added_latency_seconds_sum{part="decide"}')).toBeCloseTo(0.002);
  expect(value('added_latency_seconds_sum{part="escalate"}')).toBeCloseTo(1);
  expect(value('added_latency_seconds_sum{part="hold"}')).toBeCloseTo(0.001);
  expect(value('ttft_seconds_sum{tier="cloud"}')).toBeCloseTo(1.303);
  expect(value('request_seconds_sum{outcome="finished"}')).toBeCloseTo(4);
});

test('a refusal without intent, and an unproven answer', async () => {
  const metrics = createMetrics();
  const { intent: _intent, servedTier: _tier, ...bare } = sampleRecord();
  metrics.observe({
    ...bare,
    outcome: 'refused',
    status: 400,
    failure: 'bad-json',
    attempts: [],
    stages: { endedMs: 1 },
  });
  metrics.observe(sampleRecord({ unproven: true, stream: false }));
  const series = await scrape(metrics);
  expect(
    series.get('anvil_requests_total{outcome="refused",work_class="none",source="none",dialect="anthropic-messages"}'),
  ).toBe(1);
  expect(series.get('anvil_failures_total{kind="bad-json"}')).toBe(1);
  expect(series.get('anvil_unproven_requests_total')).toBe(1);
  expect([...series.keys()].some((name) => name.startsWith('anvil_ttft_seconds'))).toBe(false);
  expect([...series.keys()].some((name) => name.includes('part="hold"'))).toBe(false);
});

test('a tier that was passed over is counted as an attempt, but did not slow the decision', async () => {
  const metrics = createMetrics();
  const skipped = sampleAttempt({ tier: 'down', outcome: 'skipped-unavailable', startedMs: 1, verifiers: [] });
  metrics.observe(sampleRecord({ attempts: [skipped, sampleAttempt({ startedMs: 7 })] }));
  const series = await scrape(metrics);
  expect(series.get('anvil_attempts_total{tier="down",work_class="planning",outcome="skipped-unavailable"}')).toBe(1);
  expect(series.get('anvil_added_latency_seconds_sum{part="decide"}')).toBeCloseTo(0.007);
  expect(series.has('anvil_added_latency_seconds_sum{part="escalate"}')).toBe(false);
});

test('no request is lost whether it ended before, during or after the client was loaded', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(600), fc.nat(50), fc.nat(50), async (before, during, after) => {
      const metrics = createMetrics();
      for (let count = 0; count < before; count++) metrics.observe(sampleRecord());
      const first = metrics.render();
      for (let count = 0; count < during; count++) metrics.observe(sampleRecord());
      await first;
      for (let count = 0; count < after; count++) metrics.observe(sampleRecord());
      const series = await scrape(metrics);
      const total = series.get(
        'anvil_requests_total{outcome="finished",work_class="planning",source="declared",dialect="anthropic-messages"}',
      );
      expect(total ?? 0).toBe(before + during + after);
    }),
    { numRuns: 25 },
  );
});

test('two registries do not share series', async () => {
  const [one, two] = [createMetrics(), createMetrics()];
  one.observe(sampleRecord());
  expect((await scrape(two)).size).toBeLessThan((await scrape(one)).size);
});

test('series of open labels are bounded', async () => {
  const metrics = createMetrics();
  for (let number = 0; number < 5_000; number++) {
    const tier = number % 2 === 0 ? `tier-${number}` : `strange "tier"\n${number}`;
    const verifiers = [
      { verifier: `v${number}`, verdict: 'fail', code: `code-${number}`, score: 0, costMicros: 1, position: 1 },
    ] as const;
    metrics.observe(sampleRecord({ servedTier: tier, attempts: [sampleAttempt({ tier, verifiers })] }));
  }
  const series = await scrape(metrics);
  const attempts = [...series].filter(([name]) => name.startsWith('anvil_attempts_total'));
  expect(attempts).toHaveLength(129);
  expect(attempts.reduce((sum, [, count]) => sum + count, 0)).toBe(5_000);
  expect(series.size).toBeLessThan(5_000);
});

test('odd numbers in a record never throw and never spoil a series', async () => {
  const metrics = createMetrics();
  await metrics.render();
  const odd = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY, undefined));
  fc.assert(
    fc.property(odd, odd, odd, (first, second, third) => {
      const usage = { input: first, output: second, cacheRead: third } as never;
      const attempts = [sampleAttempt({ usage, costUsd: third as never, startedMs: first as never })];
      const stages = { decidedMs: first, firstByteMs: second, endedMs: third } as never;
      metrics.observe(sampleRecord({ attempts, stages, costUsd: third as never }));
    }),
  );
  for (const value of (await scrape(metrics)).values()) expect(value).not.toBeNaN();
});

test('gauges are read at the moment of the scrape', async () => {
  let inFlight = 3;
  let breakers = [{ kind: 'availability', tier: 'a', state: 'open' }] as const as ReturnType<
    NonNullable<MetricSources['breakers']>
  >;
  const metrics = createMetrics({
    build: { version: '1.0.0', bun: '1.4.5' },
    inFlight: () => inFlight,
    queues: () => [{ tier: 'a', waiting: 2 }],
    breakers: () => breakers,
    config: () => ({ digest: 'd1', mapping: 'm1', upToDate: false }),
    decisions: () => ({ dropped: 7, queued: 1 }),
  });
  const first = await scrape(metrics);
  expect(Object.fromEntries(first)).toMatchObject({
    'anvil_build_info{version="1.0.0",bun="1.4.5"}': 1,
    anvil_in_flight: 3,
    'anvil_queue_length{tier="a"}': 2,
    'anvil_breaker_state{kind="availability",tier="a",work_class=""}': 2,
    'anvil_config_info{digest="d1",mapping="m1",mode=""}': 1,
    anvil_config_up_to_date: 0,
    anvil_decisions_dropped_total: 7,
    anvil_decisions_queued: 1,
  });
  inFlight = 0;
  breakers = [{ kind: 'quality', tier: 'b', workClass: 'chat', state: 'half-open' }];
  const second = await scrape(metrics);
  expect(second.get('anvil_in_flight')).toBe(0);
  expect(second.get('anvil_breaker_state{kind="quality",tier="b",work_class="chat"}')).toBe(1);
  expect([...second.keys()].some((name) => name.includes('tier="a",work_class=""'))).toBe(false);
});

test('the text says what it is', async () => {
  const metrics = createMetrics();
  metrics.observe(sampleRecord());
  expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await metrics.render();
  for (const name of ['requests_total', 'attempts_total', 'added_latency_seconds', 'ttft_seconds']) {
    expect(text).toContain(`# HELP anvil_${name} `);
    expect(text).toContain(`# TYPE anvil_${name} `);
  }
});
