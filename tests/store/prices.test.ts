// Filling unset prices from the public table: cache, deadline, lookup order, and that nothing fails in silence.
import { describe, expect, test } from 'bun:test';
import type { Tier } from '#core/tier';
import type { FetchLike } from '#platform/effects';
import { encodePriceTable, readPublicTable } from '#store/price-table';
import { lookUpPrices, syncPrices } from '#store/prices';
import { FAST, tierOf } from '#tests/core/decide-fixtures';
import { createSimulatedClock } from '#tests/support/clock';
import { diskFull, simulatedEffects } from '#tests/support/effects';

const CACHE = '/cache/prices.json';
const URL = 'http://localhost/table.json';
const HOUR = 3_600_000;

const PUBLIC = {
  sample_spec: { input_cost_per_token: 'USD' },
  'claude-x': {
    input_cost_per_token: 0.000003,
    output_cost_per_token: 0.000015,
    cache_read_input_token_cost: 3e-7,
    cache_creation_input_token_cost: 0.00000375,
  },
  'anthropic/claude-y': { input_cost_per_token: 0.000001, output_cost_per_token: 0.000002 },
  'vendor/claude-y': { input_cost_per_token: 9, output_cost_per_token: 9 },
  'b/z': { input_cost_per_token: 0.000004, output_cost_per_token: 0 },
  'c/z': { input_cost_per_token: 9, output_cost_per_token: 9 },
  embed: { input_cost_per_token: 0.000001 },
  negative: { input_cost_per_token: -1, output_cost_per_token: 1 },
};
const X = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };

const cloud = (id: string, fields: Partial<Tier> = {}) => tierOf(id, { privacy: 'cloud', ...fields });
const serving =
  (body: string, status = 200): FetchLike =>
  async () =>
    new Response(body, { status });
const TABLE = serving(JSON.stringify(PUBLIC));

const world = (fetch: FetchLike, cache?: string) => {
  const { clock, files } = simulatedEffects(cache === undefined ? {} : { files: { [CACHE]: cache } });
  return { fetch, clock, files };
};
const cached = (ageMs: number) =>
  encodePriceTable({
    fetchedAt: Date.UTC(2026, 0, 1) - ageMs,
    table: readPublicTable({ 'claude-x': PUBLIC['claude-x'] }),
  });
const sync = (tiers: readonly Tier[], effects: ReturnType<typeof world>) =>
  syncPrices(tiers, effects, { cachePath: CACHE, url: URL });

describe('looking up a model', () => {
  const table = readPublicTable(PUBLIC);
  test.each([
    ['claude-x', X],
    ['claude-y', { input: 1, output: 2 }],
    ['z', { input: 4, output: 0 }],
    ['embed', undefined],
    ['negative', undefined],
    ['sample_spec', undefined],
    ['ude-x', undefined],
  ])('%s', (model, prices) => expect(lookUpPrices(table, model)).toEqual(prices as never));
});

describe('which tiers are filled', () => {
  test('cloud tiers without a price, by model or else by id', async () => {
    const found = await sync([cloud('one', { model: 'claude-x' }), cloud('claude-y')], world(TABLE));
    expect(found.tiers.map(({ prices }) => prices)).toEqual([X, { input: 1, output: 2 }]);
    expect(found).toMatchObject({ source: 'fetched', filled: ['one', 'claude-y'], missing: [], problems: [] });
  });
  test('never a local tier, which a hosted price would turn into a metered one', async () => {
    const local = { ...FAST, model: 'claude-x' };
    const found = await sync(
      [local],
      world(async () => Promise.reject(new Error('must not be asked'))),
    );
    expect(found).toEqual({ tiers: [local], source: 'none', filled: [], missing: [], problems: [] });
  });
  test('prices of the configuration win, each for itself', async () => {
    const found = await sync([cloud('one', { model: 'claude-x', prices: { input: 1 } })], world(TABLE));
    expect(found.tiers[0]?.prices).toEqual({ ...X, input: 1 });
  });
  test('a model that the table does not know is reported', async () => {
    const found = await sync([cloud('unheard-of')], world(TABLE));
    expect(found.missing).toEqual(['unheard-of']);
    expect(found.problems).toEqual([
      'tier unheard-of: no price found; set cost_input_per_mtok and cost_output_per_mtok, else it counts as 0 USD',
    ]);
  });
});

describe('the cache', () => {
  const asked = () => {
    const urls: string[] = [];
    const fetch: FetchLike = async (url) => {
      urls.push(url);
      return new Response(JSON.stringify(PUBLIC));
    };
    return { urls, fetch };
  };
  test('is used for a day, then fetched anew and replaced', async () => {
    const { urls, fetch } = asked();
    const effects = world(fetch, cached(24 * HOUR - 1));
    expect((await sync([cloud('claude-x')], effects)).source).toBe('cache');
    expect(urls).toEqual([]);
    await effects.clock.advance(1);
    expect((await sync([cloud('claude-x')], effects)).source).toBe('fetched');
    expect((await sync([cloud('claude-y')], effects)).source).toBe('cache');
    expect(urls).toEqual([URL]);
  });
  test('from the future is not believed', async () => {
    expect((await sync([cloud('claude-x')], world(TABLE, cached(-HOUR)))).source).toBe('fetched');
  });
  test.each(['{', '{"schema":"other"}', '{"schema":"anvil-serving.prices/v1","prices":{}}'])(
    'that is broken (%s) is reported and replaced',
    async (text) => {
      const effects = world(TABLE, text);
      const found = await sync([cloud('claude-x')], effects);
      expect(found.source).toBe('fetched');
      expect(found.problems[0]).toStartWith(`price cache ${CACHE}: `);
      expect((await sync([cloud('claude-x')], effects)).source).toBe('cache');
    },
  );
  test('that cannot be written is reported, and the prices are used all the same', async () => {
    const effects = world(TABLE);
    const files = { ...effects.files, replace: () => Promise.reject(diskFull()) };
    const found = await sync([cloud('claude-x')], { ...effects, files });
    expect(found).toMatchObject({
      source: 'fetched',
      filled: ['claude-x'],
      problems: [`price cache ${CACHE}: no space left on device`],
    });
  });
});

describe('a table that cannot be had', () => {
  const failures: readonly (readonly [string, FetchLike, string])[] = [
    ['HTTP 500', serving('', 500), 'HTTP 500'],
    ['a redirect', serving('', 302), 'HTTP 302'],
    ['no connection', () => Promise.reject(new Error('connection refused')), 'connection refused'],
    ['an empty object', serving('{}'), 'the table holds no prices'],
  ];
  test.each(failures)('%s leaves the cached prices in use, and says so', async (_name, fetch, reason) => {
    const found = await sync([cloud('claude-x')], world(fetch, cached(48 * HOUR)));
    expect(found).toMatchObject({ source: 'stale-cache', filled: ['claude-x'] });
    expect(found.problems).toEqual([`price table ${URL}: ${reason}; using the cached table`]);
  });
  test.each(failures)('%s leaves prices unset without a cache, and says so', async (_name, fetch, reason) => {
    const found = await sync([cloud('claude-x')], world(fetch));
    expect(found).toMatchObject({ source: 'none', filled: [], missing: ['claude-x'] });
    expect(found.problems[0]).toBe(`price table ${URL}: ${reason}; prices stay unset`);
  });
  test('JSON that is none is a failure too', async () => {
    const found = await sync([cloud('claude-x')], world(serving('<html>')));
    expect(found.problems[0]).toStartWith(`price table ${URL}: JSON Parse error`);
  });
  test('an answer that does not come within ten seconds is given up', async () => {
    const clock = createSimulatedClock();
    const fetch: FetchLike = (_url, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const waiting = sync([cloud('claude-x')], { ...world(fetch), clock });
    await clock.advance(10_000);
    expect((await waiting).problems[0]).toBe(`price table ${URL}: no answer within 10 s; prices stay unset`);
    expect(clock.pending).toBe(0);
  });
  test('a table without end is given up at 32 MiB', async () => {
    const chunk = new Uint8Array(1024 * 1024).fill(32);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
    const found = await sync(
      [cloud('claude-x')],
      world(async () => new Response(endless)),
    );
    expect(found.problems[0]).toContain('the table is larger than 33554432 bytes');
  });
});

test('the request follows no redirect and carries no credentials', async () => {
  const inits: RequestInit[] = [];
  await sync(
    [cloud('claude-x')],
    world(async (_url, init) => {
      inits.push(init);
      return new Response(JSON.stringify(PUBLIC));
    }),
  );
  expect(inits).toMatchObject([{ redirect: 'manual' }]);
  expect(inits[0]).not.toHaveProperty('headers');
});
