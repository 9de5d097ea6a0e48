/** Which series does each event of the multiplexer move, and can they stand beside those of a router? */
import { describe, expect, test } from 'bun:test';
import { createMultiplexerMetrics } from '#multiplexer/metrics';
import type { MultiplexerEvent } from '#multiplexer/multiplexer';
import { createMetrics } from '#router/metrics';
import { slotStatus } from '#tests/server/multiplexer-house';

const P = 'anvil_multiplexer_';
const gone = { detail: 'exited with 1', lines: ['boom'] };
const vacated = { kind: 'vacated', model: 'a', to: 'empty', for: 'b', why: 'worth', drainedMs: 3_000, cut: 2 } as const;

const MOVES: readonly (readonly [event: MultiplexerEvent, lines: readonly string[]])[] = [
  [
    { kind: 'granted', model: 'a', waitedMs: 12_000 },
    [`${P}wait_seconds_bucket{le="20",model="a"} 1`, `${P}wait_seconds_sum{model="a"} 12`],
  ],
  [
    { kind: 'loaded', model: 'a', ms: 40_000, woken: false, adopted: false, why: 'demand' },
    [`${P}load_seconds_sum{model="a",how="load"} 40`],
  ],
  [
    { kind: 'loaded', model: 'a', ms: 900, woken: true, adopted: false, why: 'demand' },
    [`${P}load_seconds_sum{model="a",how="wake"} 0.9`],
  ],
  [
    { kind: 'loaded', model: 'a', ms: 5, woken: false, adopted: true, why: 'wanted' },
    [`${P}load_seconds_count{model="a",how="adopt"} 1`],
  ],
  [vacated, [`${P}drain_seconds_sum{model="a"} 3`]],
  [{ kind: 'load-failed', model: 'a', ...gone }, [`${P}load_failures_total{model="a"} 1`]],
  [{ kind: 'crashed', model: 'a', ...gone }, [`${P}crashes_total{model="a"} 1`]],
  [{ kind: 'stuck', model: 'a', detail: 'still there' }, [`${P}stuck_total{model="a"} 1`]],
  [{ kind: 'refused', model: 'a', refused: 'queue-full' }, [`${P}refusals_total{model="a",kind="queue-full"} 1`]],
  [
    { kind: 'refused', model: 'what a caller wrote', refused: 'unknown-model' },
    [`${P}refusals_total{model="other",kind="unknown-model"} 1`],
  ],
];

describe('an event', () => {
  for (const [event, lines] of MOVES)
    test(`${event.kind} ${JSON.stringify(event).slice(0, 80)}`, async () => {
      for (const scrapedBefore of [false, true]) {
        const metrics = createMultiplexerMetrics(() => undefined);
        if (scrapedBefore) await metrics.render();
        metrics.observe(event);
        const text = await metrics.render();
        for (const line of lines) expect(text.split('\n')).toContain(line);
      }
    });
});

test('slots, the queue and swaps are read at the scrape', async () => {
  const slots = [
    slotStatus('a', { state: 'ready', leases: 3 }),
    slotStatus('b', { waiting: 2, oldest_wait_ms: 1_500 }),
  ];
  const metrics = createMultiplexerMetrics(() => ({
    object: 'slots',
    at: 0,
    state: 'serving',
    gpus: [{ id: '0', vram_mib: 8, taken_mib: 4 }],
    slots,
    queue: [],
    waiting: 2,
    swaps: { total: 9, by_reason: { worth: 8, bound: 1 }, cut: 4, last: [] },
  }));
  await metrics.render();
  const lines = (await metrics.render()).split('\n');
  for (const line of [
    `${P}slot_state{model="a"} 2`,
    `${P}slot_state{model="b"} 0`,
    `${P}leases{model="a"} 3`,
    `${P}waiting{model="b"} 2`,
    `${P}oldest_wait_seconds{model="b"} 1.5`,
    `${P}ready_in_seconds{model="b"} 20`,
    `${P}gpu_taken_bytes{gpu="0"} 4194304`,
    `${P}swaps_total{reason="worth"} 8`,
    `${P}swaps_total{reason="bound"} 1`,
    `${P}cut_total 4`,
  ])
    expect(lines).toContain(line);
});

test('no name is one of the router, so that both can be one page', async () => {
  const namesIn = (text: string): readonly string[] =>
    text.split('\n').flatMap((line) => (line.startsWith('# TYPE ') ? [line.split(' ')[2] ?? ''] : []));
  const own = namesIn(await createMultiplexerMetrics(() => undefined).render());
  const routers = namesIn(await createMetrics().render());
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter((name) => routers.includes(name))).toEqual([]);
  expect(new Set(own).size).toBe(own.length);
});
