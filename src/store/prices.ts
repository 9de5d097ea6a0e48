/** What do cloud tiers without a price cost? Filled in from a public price table, cached for a day, never silently. */

import { joinBytes } from '#core/bytes';
import { messageOf } from '#core/thrown';
import type { Prices, Tier } from '#core/tier';
import type { Clock, FetchLike, Files } from '#platform/effects';
import { decodePriceTable, encodePriceTable, type PriceTable, readPublicTable } from '#store/price-table';

/** The price table that LiteLLM publishes under the MIT licence. */
export const PRICE_TABLE_URL =
  'https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json';

const DEADLINE_MS = 10_000;
const TTL_MS = 24 * 60 * 60 * 1000;
/** The published table has about 2 MiB. */
const TABLE_BYTES_MAX = 32 * 1024 * 1024;

export interface PriceSyncEffects {
  readonly fetch: FetchLike;
  readonly files: Pick<Files, 'read' | 'replace'>;
  readonly clock: Clock;
}

export interface PriceSync {
  /** The tiers as given, with unset prices of cloud tiers filled in. */
  readonly tiers: readonly Tier[];
  readonly source: 'cache' | 'fetched' | 'stale-cache' | 'none';
  /** Tier ids that got at least one price. */
  readonly filled: readonly string[];
  /** Cloud tiers that still have no price. */
  readonly missing: readonly string[];
  /** What went wrong, for the log; syncing never fails as a whole. */
  readonly problems: readonly string[];
}

const readBounded = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > TABLE_BYTES_MAX) throw new Error(`the table is larger than ${TABLE_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(joinBytes(chunks));
};

/** Fetches within the deadline; the deadline covers the body too. */
const fetchTable = async ({ fetch, clock }: PriceSyncEffects, url: string): Promise<PriceTable> => {
  const abort = new AbortController();
  const timer = clock.setTimeout(() => abort.abort(new Error(`no answer within ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
  try {
    const response = await fetch(url, { redirect: 'manual', signal: abort.signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const table = readPublicTable(JSON.parse(await readBounded(response)));
    if (table.size === 0) throw new Error('the table holds no prices');
    return table;
  } finally {
    clock.clearTimeout(timer);
  }
};

interface Found {
  readonly table: PriceTable | undefined;
  readonly source: PriceSync['source'];
  readonly problems: readonly string[];
}

const readCache = async (path: string, files: PriceSyncEffects['files']) => {
  try {
    const text = await files.read(path);
    return { cached: text === undefined ? undefined : decodePriceTable(text), problems: [] };
  } catch (error) {
    return { cached: undefined, problems: [`price cache ${path}: ${messageOf(error)}; fetching anew`] };
  }
};

const findTable = async (effects: PriceSyncEffects, cachePath: string, url: string): Promise<Found> => {
  const { cached, problems } = await readCache(cachePath, effects.files);
  const now = effects.clock.wall();
  const age = cached === undefined ? Number.POSITIVE_INFINITY : now - cached.fetchedAt;
  if (cached !== undefined && age >= 0 && age < TTL_MS) return { table: cached.table, source: 'cache', problems };
  let table: PriceTable;
  try {
    table = await fetchTable(effects, url);
  } catch (error) {
    const using = cached === undefined ? 'prices stay unset' : 'using the cached table';
    const failed = `price table ${url}: ${messageOf(error)}; ${using}`;
    const source = cached === undefined ? 'none' : 'stale-cache';
    return { table: cached?.table, source, problems: [...problems, failed] };
  }
  try {
    await effects.files.replace(cachePath, encodePriceTable({ fetchedAt: now, table }));
    return { table, source: 'fetched', problems };
  } catch (error) {
    return { table, source: 'fetched', problems: [...problems, `price cache ${cachePath}: ${messageOf(error)}`] };
  }
};

/** Exact key, then `anthropic/<id>`, then the first key that ends in `/<id>`. */
export const lookUpPrices = (table: PriceTable, model: string): Prices | undefined => {
  const direct = table.get(model) ?? table.get(`anthropic/${model}`);
  if (direct !== undefined) return direct;
  const ending = `/${model}`;
  for (const [key, prices] of table) {
    if (key.endsWith(ending)) return prices;
  }
  return undefined;
};

const isUnpriced = ({ prices }: Tier): boolean => prices.input === undefined || prices.output === undefined;

/**
 * Fills unset prices; prices of the configuration always win. Only cloud tiers are looked up: what a hosted service
 * charges for a model says nothing about running it locally, and would turn a free tier into a metered one.
 */
export const syncPrices = async (
  tiers: readonly Tier[],
  effects: PriceSyncEffects,
  options: { readonly cachePath: string; readonly url?: string },
): Promise<PriceSync> => {
  const wanting = new Set(tiers.filter((tier) => tier.privacy === 'cloud' && isUnpriced(tier)).map(({ id }) => id));
  if (wanting.size === 0) return { tiers, source: 'none', filled: [], missing: [], problems: [] };
  const { table, source, problems } = await findTable(effects, options.cachePath, options.url ?? PRICE_TABLE_URL);
  const filled: string[] = [];
  const result = tiers.map((tier) => {
    const found = wanting.has(tier.id) && table !== undefined ? lookUpPrices(table, tier.model ?? tier.id) : undefined;
    if (found === undefined) return tier;
    filled.push(tier.id);
    return { ...tier, prices: { ...found, ...tier.prices } };
  });
  const missing = [...wanting].filter((id) => !filled.includes(id));
  const unknown = missing.map(
    (id) => `tier ${id}: no price found; set cost_input_per_mtok and cost_output_per_mtok, else it counts as 0 USD`,
  );
  return { tiers: result, source, filled, missing, problems: [...problems, ...unknown] };
};
